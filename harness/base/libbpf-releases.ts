// The releases of libbpf that this version of corematrix knows: a prediction follows their rules, and a mirror may have more.
import { namedLoader } from './loader-name.ts';
import { didYouMean } from './similar.ts';

/** The newest minor releases of each major one. @see https://github.com/libbpf/libbpf/releases */
const NEWEST_MINOR = [8, 7] as const;

const KNOWN = NEWEST_MINOR.flatMap((newest, major) => Array.from({ length: newest + 1 }, (_, minor) => `libbpf@${major}.${minor}`));

/** Why no prediction can follow a loader: a release of libbpf that this version does not know; null for any other loader. */
export function unknownRelease(loader: string): string | null {
  const { family, release } = namedLoader(loader);
  if (family !== 'libbpf' || release === null) return null;
  const minor = `libbpf@${release.split('.').slice(0, 2).join('.')}`;
  if (KNOWN.includes(minor)) return null;
  return `no release ${loader} is known${didYouMean(minor, KNOWN)}; known are libbpf@0.0 to libbpf@0.8 and libbpf@1.0 to ${KNOWN.at(-1) ?? ''}`;
}
