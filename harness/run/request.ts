// What a guest is asked to do: the object of a cell and its settings, as frames.
import type { RequestFrame } from '../guest/frames.ts';
import type { ResolvedCustomBtf } from '../kernel-btf/custom-btf.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { loadFrames } from './load-request.ts';
import type { LoadedModule } from './modules.ts';
import { runCheckFrames } from './run-check-request.ts';

/** As libbpf derives an object's name from its file: the part of the base name before the first dot. */
function objectName(file: string): string {
  return file.split('/').at(-1)?.split('.')[0] ?? file;
}

type Requested = Pick<RunObject, 'file' | 'bytes' | 'settings' | 'plan' | 'runCheck' | 'triggerCommands' | 'customLoader'>;

/** The frames that ask for one object, modules and settings first. */
export function requestFrames(
  { file, bytes, settings, plan, runCheck, triggerCommands, customLoader }: Requested,
  customBtf: ResolvedCustomBtf | null,
  modules: readonly LoadedModule[] = [],
): RequestFrame[] {
  const loaded = modules.map(({ name, ko }): RequestFrame => ({ type: 'module', name, ko }));
  const btf = customBtf ? [{ type: 'btf', bytes: customBtf.bytes } as const] : [];
  const object = { type: 'object', name: objectName(file), elf: bytes } as const;
  const before: RequestFrame[] = [...loaded, ...loadFrames(settings, plan), ...runCheckFrames(settings, runCheck, triggerCommands), ...btf];
  if (!customLoader) return [...before, object];
  return [...before, { type: 'archive', tar: customLoader.tar }, { type: 'command', ...customLoader }, object];
}
