// The Release file of a suite: its index files, with their sizes and digests.
import { parseDigests, parseStanza } from '../../apt/deb822.ts';

export interface IndexFile {
  size: number;
  sha256: string;
}

export interface Release {
  origin: string;
  /** The names of the suite: its role (`stable`) and its codename (`trixie`); empty if it has none. */
  suite: string;
  codename: string;
  /** When it was made, and when it stops being valid, as milliseconds of `Date`. Null if missing, NaN if malformed. */
  date: number | null;
  validUntil: number | null;
  /** Whether index files are also available by digest, which works even while a mirror is being updated. */
  byHash: boolean;
  /** Index files by their path in the suite, for example `main/binary-amd64/Packages.xz`. */
  indexes: Record<string, IndexFile>;
}

/** The index files that this program reads; a Release file lists thousands. */
const WANTED = /^main\/(binary-(amd64|arm64)\/Packages|source\/Sources)\.(xz|gz)$/;

function timeOf(value: string | undefined): number | null {
  return value === undefined ? null : Date.parse(value);
}

/**
 * Reads the text of a Release file. Missing and malformed entries are left out.
 * @see the repository format in the Debian wiki (DebianRepository/Format), "Release" files
 */
export function parseRelease(text: string): Release {
  const fields = parseStanza(text);
  const wanted = parseDigests(fields['sha256']).filter((file) => WANTED.test(file.name));
  return {
    origin: fields['origin'] ?? '',
    suite: fields['suite'] ?? '',
    codename: fields['codename'] ?? '',
    date: timeOf(fields['date']),
    validUntil: timeOf(fields['valid-until']),
    byHash: fields['acquire-by-hash'] === 'yes',
    indexes: Object.fromEntries(wanted.map(({ name, size, sha256 }) => [name, { size, sha256 }])),
  };
}
