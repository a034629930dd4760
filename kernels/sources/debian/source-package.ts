// Finds source packages of a Debian archive by name, in all its suites.
import { compareDebianVersions } from '../../apt/debian-version.ts';
import { parseDigests, parseStanza } from '../../apt/deb822.ts';
import { overSuites } from './every-suite.ts';
import { readStanzas } from './index-file.ts';
import type { DebianOptions } from './options.ts';
import { POOL_PATH } from './packages.ts';
import type { Suite } from './suite.ts';
import type { Trust } from '../../trust/trust.ts';

export interface DebianSource {
  name: string;
  /** Version of the package, for example `1.7.0-1`. */
  version: string;
  suite: string;
  /** Address of the mirror; a file is at `base`/`path`. */
  base: string;
  files: { path: string; size: number; sha256: string }[];
  /** Who vouches for the digests. */
  trust: Trust;
}

/** Reads one stanza of a Sources index; null if a field is missing, or a path is not in the pool. */
export function parseSource(stanza: string, suite: Pick<Suite, 'name' | 'mirror' | 'trust'>): DebianSource | null {
  const { package: name, version, directory, 'checksums-sha256': digests } = parseStanza(stanza);
  if (name === undefined || version === undefined || directory === undefined) return null;
  const files = parseDigests(digests).map((file) => ({ path: `${directory}/${file.name}`, size: file.size, sha256: file.sha256 }));
  return files.length === 0 || !files.every(({ path }) => POOL_PATH.test(path))
    ? null
    : { name, version, suite: suite.name, base: suite.mirror.base, files, trust: suite.trust };
}

/**
 * Every version of a source package in the suites of the machine's Debian mirrors, the newest first.
 * @throws UserError if no mirror is configured; InfraError if the mirror cannot be read
 */
export async function findDebianSource(name: string, options: DebianOptions): Promise<DebianSource[]> {
  const line = `Package: ${name}`;
  const selection = {
    index: 'main/source/Sources',
    name: `source-${name.replaceAll(/[^\w.+-]/g, '_')}`,
    wanted: (stanza: string) => stanza.startsWith(`${line}\n`) || stanza.includes(`\n${line}\n`),
  };
  const found = await overSuites(options, async (suite) => {
    const stanzas = await readStanzas(suite, selection, options);
    return stanzas.flatMap((stanza) => parseSource(stanza, suite) ?? []);
  });
  const sources = found.toSorted((a, b) => compareDebianVersions(b.version, a.version));
  return sources.filter((source, index) => sources.findIndex((other) => other.version === source.version) === index);
}
