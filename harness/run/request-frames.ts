// What a guest is asked to do: the settings of an object and the object itself, as frames.
import type { RequestFrame } from '../guest/protocol/frames.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { settingFrames } from '../plan/object-settings/setting-frames.ts';
import type { OnKernel } from '../plan/settings/definition.ts';

/** As libbpf derives an object's name from its file: the part of the base name before the first dot. */
function objectName(file: string): string {
  return file.split('/').at(-1)?.split('.')[0] ?? file;
}

/** The frames that ask for one object, its settings first. */
export function requestFrames(
  { file, bytes, prepared }: Pick<RunObject, 'file' | 'bytes' | 'prepared'>,
  onKernel: OnKernel,
): RequestFrame[] {
  return [...settingFrames(prepared, onKernel), { type: 'object', name: objectName(file), elf: bytes }];
}
