// The modules that an object wants loaded first, with those they need, read from their kernel's own.
import type { KernelImage } from '../../../../kernels/catalogue.ts';
import { modulesFolder } from '../../../../kernels/modules.ts';
import type { KernelOptions } from '../../../../kernels/sources/options.ts';
import { readElf, sectionNamed } from '../../../bpf/elf/elf.ts';
import { InfraError, messageOf } from '../../../base/errors.ts';
import type { KernelTypes } from '../../../core-relo/candidates.ts';
import { type ModuleFile, modulesIn, readModules, readPlain } from '../../../kernel-btf/modules.ts';
import { mostSimilar } from '../../../base/similar.ts';

/** A module as the kernel takes it. */
export interface LoadedModule extends ModuleFile {
  ko: Uint8Array;
}

/** Reads the modules a kernel needs to have loaded, in the order in which they are to be loaded. */
export type ModuleLoader = (names: readonly string[]) => Promise<LoadedModule[]>;

const MAX_MODULES = 256;
/** What fits a mailbox beside the object and what the guest answers. */
const MAX_BYTES = 40 << 20;
const NEAREST = 3;

/** Modules are called with `-` and with `_` alike. */
const plainName = (name: string) => name.replaceAll('-', '_');

/**
 * The modules that one needs, as its own information says: depmod makes modules.dep of it.
 * @see MODULE_INFO(depends) in scripts/mod/modpost.c of the kernel
 */
function dependenciesOf(ko: Uint8Array): string[] {
  const read = readElf(ko);
  const information = read.ok ? sectionNamed(read.elf, '.modinfo')?.bytes : undefined;
  const entries = new TextDecoder('latin1').decode(information ?? new Uint8Array()).split('\0');
  const depends = entries.find((entry) => entry.startsWith('depends='))?.slice('depends='.length) ?? '';
  return depends.split(',').flatMap((name) => (name === '' ? [] : [plainName(name)]));
}

async function readModule(file: ModuleFile, kernel: string): Promise<LoadedModule> {
  const ko = await readPlain(file.path).catch((error: unknown) => messageOf(error));
  if (typeof ko === 'string') throw new InfraError(`${kernel}: the module ${file.name} cannot be read: ${ko}`);
  return { ...file, ko };
}

function notThere(name: string, known: Iterable<string>, kernel: string): InfraError {
  const nearest = mostSimilar(name, known, NEAREST, 0.5);
  const hint = nearest.length === 0 ? '' : `; nearest: ${nearest.join(', ')}`;
  return new InfraError(`${kernel} has no module ${name}${hint}`, { failure: 'infra-kernel-unavailable' });
}

async function inOrder(names: readonly string[], files: ReadonlyMap<string, ModuleFile>, kernel: string): Promise<LoadedModule[]> {
  const loaded = new Map<string, LoadedModule | null>();
  const add = async (name: string): Promise<void> => {
    if (loaded.has(name)) return;
    const file = files.get(name);
    if (!file) throw notThere(name, files.keys(), kernel);
    if (loaded.size >= MAX_MODULES) throw new InfraError(`${kernel}: more than ${MAX_MODULES} modules`);
    // Marked before it is in place, so that modules which need each other end.
    loaded.set(name, null);
    const read = await readModule(file, kernel);
    for (const needed of dependenciesOf(read.ko)) await add(needed);
    loaded.delete(name);
    loaded.set(name, read);
  };
  for (const name of names) await add(plainName(name));
  const modules = [...loaded.values()].flatMap((each) => each ?? []);
  const size = modules.reduce((sum, { ko }) => sum + ko.length, 0);
  if (size > MAX_BYTES) throw new InfraError(`${kernel}: its modules have ${size} bytes, and ${MAX_BYTES} fit a guest`);
  return modules;
}

/** Reads modules of a kernel; which there are is found out when the first are asked for. */
export function moduleLoader(image: KernelImage, options: KernelOptions): ModuleLoader {
  let files: Promise<ReadonlyMap<string, ModuleFile>> | null = null;
  const list = async () => {
    const found = await modulesIn(await modulesFolder(image.modules, options), '');
    return new Map(found.map((file) => [file.name, file]));
  };
  return async (names) => (names.length === 0 ? [] : inOrder(names, await (files ??= list()), image.id));
}

/** A kernel's types with those of modules that are loaded; what has no BTF of its own, or none that can be read, adds none. */
export async function typesWith(kernel: KernelTypes, modules: readonly LoadedModule[]): Promise<KernelTypes> {
  if (modules.length === 0) return kernel;
  return { ...kernel, modules: (await readModules(modules, kernel.vmlinux)).modules };
}
