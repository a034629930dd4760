// The request for a guest: the settings of an object and the object itself, as frames.
import { type RequestFrame, WANTED } from '../guest/protocol/frames.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { settingFrames } from '../plan/object-settings/setting-frames.ts';
import type { OnKernel } from '../plan/settings/definition.ts';

/** The name that libbpf gives an object: the part of its file name before the first dot. */
function objectName(file: string): string {
  return file.split('/').at(-1)?.split('.')[0] ?? file;
}

/** Names of what is `if-supported` and the host leaves out, because the kernel lacks a part that the guest does not ask for. */
export interface LeftOutByHost {
  programs: ReadonlySet<string>;
  maps: ReadonlySet<string>;
}

/** A setting without the programs that are left out: they are not loaded, and no alternative to others. */
function leavingOut(frame: RequestFrame, { programs: leftOut, maps }: LeftOutByHost): RequestFrame[] {
  const isOfMap = frame.type === 'map-setting' && frame.attribute === 'autocreate' && maps.has(frame.map);
  if (isOfMap) return [{ ...frame, value: WANTED.words.indexOf('no') }];
  if (frame.type === 'autoload' && leftOut.has(frame.program)) return [{ ...frame, wanted: 'no' }];
  if (frame.type !== 'alternatives' || frame.kind !== 'programs') return [frame];
  const names = frame.names.filter((name) => !leftOut.has(name));
  return names.length === 0 ? [] : [{ ...frame, names }];
}

/**
 * The frames of a request for one object, its settings first.
 * @param leftOut what the host leaves out
 */
export function requestFrames(
  { file, bytes, prepared, executable }: Pick<RunObject, 'file' | 'bytes' | 'prepared' | 'executable'>,
  onKernel: OnKernel,
  leftOut: LeftOutByHost = { programs: new Set(), maps: new Set() },
): RequestFrame[] {
  const path = executable?.results ?? null;
  const collect: RequestFrame[] = path === null ? [] : [{ type: 'collect', path }];
  return [
    ...settingFrames(prepared, onKernel).flatMap((frame) => leavingOut(frame, leftOut)),
    ...collect,
    { type: 'object', name: objectName(file), elf: bytes },
  ];
}
