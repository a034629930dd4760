// The Release file of a suite: its index files, with their sizes and digests.
import { parseDigests, parseStanza } from '../../apt/deb822.ts';

export interface IndexFile {
  size: number;
  sha256: string;
}

export interface Release {
  origin: string;
  /** Whether index files are also available by digest, which works even while a mirror is being updated. */
  byHash: boolean;
  /** Index files by their path in the suite, for example `main/binary-amd64/Packages.xz`. */
  indexes: Record<string, IndexFile>;
}

/** The index files that this program reads; a Release file lists thousands. */
const WANTED = /^main\/(binary-(amd64|arm64)\/Packages|source\/Sources)\.(xz|gz)$/;

/**
 * Reads the text of a Release file. Missing and malformed entries are left out.
 * @see the repository format in the Debian wiki (DebianRepository/Format), "Release" files
 */
export function parseRelease(text: string): Release {
  const fields = parseStanza(text);
  const wanted = parseDigests(fields['sha256']).filter((file) => WANTED.test(file.name));
  return {
    origin: fields['origin'] ?? '',
    byHash: fields['acquire-by-hash'] === 'yes',
    indexes: Object.fromEntries(wanted.map(({ name, size, sha256 }) => [name, { size, sha256 }])),
  };
}
