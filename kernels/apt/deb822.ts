// Reads the stanzas of Debian's control files: lines `Field: value`, continued by lines with a leading blank; an empty line ends a stanza.
import type { Readable } from 'node:stream';
import { InfraError } from '../../harness/base/errors.ts';

/** Values by field name in lower case; continuation lines are joined by newlines, without their blank. */
export type Stanza = Readonly<Record<string, string>>;

const MAX_STANZA = 4 << 20;
/** Debian's largest index unpacks to about 60 MiB, 6 times its size. A few KiB of compressed zeros could unpack to any size. */
const MAX_INDEX = 1 << 30;
const MAX_RATIO = 50;
const SMALL = 64 << 20;
const MAX_KEPT = 64 << 20;

/**
 * Reads one stanza. It ignores lines that are neither a field nor a continuation.
 * @see deb822(5)
 */
export function parseStanza(text: string): Stanza {
  const fields: Record<string, string> = Object.create(null);
  let field = '';
  for (const line of text.split('\n')) {
    const match = /^([!-,.-9;-~][!-9;-~]*):[ \t]*(.*)$/.exec(line);
    if (match) {
      field = (match[1] ?? '').toLowerCase();
      fields[field] = (match[2] ?? '').trimEnd();
    } else if (field !== '' && /^[ \t]/.test(line)) {
      fields[field] = `${fields[field] ?? ''}\n${line.slice(1).trimEnd()}`;
    }
  }
  return fields;
}

/** A table of `digest size name` lines, as in `SHA256:` and `Checksums-Sha256:`. Other lines are ignored. */
export function parseDigests(value: string | undefined): { sha256: string; size: number; name: string }[] {
  return (value ?? '').split('\n').flatMap((line) => {
    const match = /^\s*([0-9a-f]{64})\s+(\d{1,15})\s+(\S+)$/.exec(line);
    const [, sha256, size, name] = match ?? [];
    return sha256 === undefined || name === undefined ? [] : [{ sha256, size: Number(size), name }];
  });
}

/**
 * The texts of the stanzas in a stream that `wanted` accepts. Index files have tens of megabytes of which little matters, so stanzas are
 * not parsed here.
 * @param compressed size of the compressed index; without it, only the limit for all indexes applies
 * @throws InfraError for a stanza or an index that is too large, so that a few compressed bytes cannot fill the memory
 */
export async function collectStanzas(
  stream: Readable,
  wanted: (stanza: string) => boolean,
  compressed: number = MAX_INDEX,
): Promise<string[]> {
  const limit = Math.min(MAX_INDEX, SMALL + MAX_RATIO * compressed);
  const kept: string[] = [];
  let keptSize = 0;
  let size = 0;
  const take = (stanza: string) => {
    // A slice would keep the whole chunk in memory.
    if (!wanted(stanza)) return;
    keptSize += stanza.length;
    if (keptSize > MAX_KEPT) throw new InfraError('an index file has more than 64 MiB of wanted stanzas');
    kept.push(Buffer.from(stanza, 'latin1').toString('utf8'));
  };
  let rest = '';
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit) throw new InfraError(`an index file unpacks to more than ${limit} bytes`);
    const stanzas = (rest + Buffer.from(chunk).toString('latin1')).split('\n\n');
    rest = stanzas.pop() ?? '';
    if (rest.length > MAX_STANZA) throw new InfraError('an index file has a stanza of more than 4 MiB');
    for (const stanza of stanzas) take(stanza);
  }
  if (rest.trim() !== '') take(rest);
  return kept;
}
