// The request for a guest: the settings of an object and the object itself, as frames.
import type { RequestFrame } from '../guest/protocol/frames.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { settingFrames } from '../plan/object-settings/setting-frames.ts';
import type { OnKernel } from '../plan/settings/definition.ts';

/** The name that libbpf gives an object: the part of its file name before the first dot. */
function objectName(file: string): string {
  return file.split('/').at(-1)?.split('.')[0] ?? file;
}

/** The frames of a request for one object, its settings first. */
export function requestFrames(
  { file, bytes, prepared, executable }: Pick<RunObject, 'file' | 'bytes' | 'prepared' | 'executable'>,
  onKernel: OnKernel,
): RequestFrame[] {
  const path = executable?.results ?? null;
  const collect: RequestFrame[] = path === null ? [] : [{ type: 'collect', path }];
  return [...settingFrames(prepared, onKernel), ...collect, { type: 'object', name: objectName(file), elf: bytes }];
}
