// Bytes as text: `hex:45 00 00 28` or `base64:RQAAKA==`.
import { Buffer } from 'node:buffer';
import { z } from 'zod';

const BYTES = /^(?:hex:(?:\s*[\da-fA-F]{2})*\s*|base64:[A-Za-z\d+/]*={0,2})$/;

export const bytesSchema = z
  .string()
  .regex(BYTES, 'expected hex:... (pairs of digits) or base64:...')
  .describe('Bytes: `hex:45 00 00 28` or `base64:RQAAKA==`.');

/** Decodes `hex:...` or `base64:...`; null for any other text. */
export function bytesOf(text: string): Uint8Array | null {
  if (!BYTES.test(text)) return null;
  return text.startsWith('hex:') ? Buffer.from(text.slice(4).replaceAll(/\s/g, ''), 'hex') : Buffer.from(text.slice(7), 'base64');
}
