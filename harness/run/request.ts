// What a guest is asked to do: the object of a cell and its settings, as frames.
import type { RequestFrame } from '../guest/frames.ts';
import type { GivenBtf } from './custom-btf.ts';
import type { RunObject } from './inputs.ts';
import { loadFrames } from './load-request.ts';
import { trialFrames } from './trial-request.ts';

/** As libbpf derives an object's name from its file: the part of the base name before the first dot. */
function objectName(file: string): string {
  return file.split('/').at(-1)?.split('.')[0] ?? file;
}

/** The frames that ask for one object, settings first. */
export function requestFrames(
  { file, bytes, settings, plan }: Pick<RunObject, 'file' | 'bytes' | 'settings' | 'plan'>,
  given: GivenBtf | null,
): RequestFrame[] {
  const btf = given ? [{ type: 'btf', bytes: given.bytes } as const] : [];
  return [...loadFrames(settings, plan), ...trialFrames(settings), ...btf, { type: 'object', name: objectName(file), elf: bytes }];
}
