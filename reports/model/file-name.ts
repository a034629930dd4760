// File names for untrusted names.
import { createHash } from 'node:crypto';

/** A name, its mark and the kind of a log make one file name; file systems allow 255 bytes. */
const NAME_LENGTH = 100;
/** 128 bits: nobody finds two names with equal digests. */
const DIGEST_LENGTH = 32;
/** Begins the mark behind a name. No name that is kept has it. */
const MARK = '@';

/** The places of the capital letters of a name as a hexadecimal number; '' without capital letters. */
function capitals(name: string): string {
  const bits = Array.from(name, (character) => (/[A-Z]/.test(character) ? '1' : '0')).join('');
  return bits.includes('1') ? BigInt(`0b${bits}`).toString(16) : '';
}

/**
 * An untrusted name as one component of a path: no separator, no leading dot, bounded length. Different names give different components,
 * also where a file system ignores the case of letters: a name with capital letters gets a mark with their places, and a name that has to be
 * changed gets a mark with its digest.
 */
export function fileName(text: string): string {
  const plain = text
    .slice(0, NAME_LENGTH)
    .replaceAll(/[^\w.+~-]/g, '_')
    .replace(/^[.-]+/, '_');
  if (plain !== text || text === '') {
    const digest = createHash('sha256').update(text, 'utf16le').digest('hex').slice(0, DIGEST_LENGTH);
    return `${plain || '_'}${MARK}sha-${digest}`;
  }
  const mark = capitals(text);
  return mark === '' ? text : `${text}${MARK}${mark}`;
}
