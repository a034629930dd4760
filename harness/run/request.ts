// What a guest is asked to do: the object of a cell and its settings, as frames.
import type { RequestFrame } from '../guest/frames.ts';
import type { GivenBtf } from '../kernel-btf/custom-btf.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { loadFrames } from './load-request.ts';
import type { LoadedModule } from './modules.ts';
import { trialFrames } from './run-check-request.ts';

/** As libbpf derives an object's name from its file: the part of the base name before the first dot. */
function objectName(file: string): string {
  return file.split('/').at(-1)?.split('.')[0] ?? file;
}

type Requested = Pick<RunObject, 'file' | 'bytes' | 'settings' | 'plan' | 'trial' | 'triggerCommands' | 'ownLoader'>;

/** The frames that ask for one object, modules and settings first. */
export function requestFrames(
  { file, bytes, settings, plan, trial, triggerCommands, ownLoader }: Requested,
  given: GivenBtf | null,
  modules: readonly LoadedModule[] = [],
): RequestFrame[] {
  const loaded = modules.map(({ name, ko }): RequestFrame => ({ type: 'module', name, ko }));
  const btf = given ? [{ type: 'btf', bytes: given.bytes } as const] : [];
  const object = { type: 'object', name: objectName(file), elf: bytes } as const;
  const before: RequestFrame[] = [...loaded, ...loadFrames(settings, plan), ...trialFrames(settings, trial, triggerCommands), ...btf];
  if (!ownLoader) return [...before, object];
  return [...before, { type: 'archive', tar: ownLoader.tar }, { type: 'command', ...ownLoader }, object];
}
