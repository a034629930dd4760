// The Release file of a suite: which index files there are, and what they must be.
import { parseDigests, parseStanza } from '../../apt/deb822.ts';

export interface IndexFile {
  size: number;
  sha256: string;
}

export interface Release {
  origin: string;
  /** Whether index files can also be asked for by digest, which a mirror in the middle of an update still answers. */
  byHash: boolean;
  /** Index files by their path below the suite, for example `main/binary-amd64/Packages.xz`. */
  indexes: Record<string, IndexFile>;
}

/** The index files that matter here; a Release file lists thousands. */
const WANTED = /^main\/(binary-(amd64|arm64)\/Packages|source\/Sources)\.(xz|gz)$/;

/**
 * Reads the text of a Release file. Whatever is missing or malformed is left out.
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
