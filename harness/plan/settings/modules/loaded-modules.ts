// The modules that a guest loads before the object, read from the kernel's own package.
import { basename, join } from 'node:path';
import { modulesInCache } from '../../../../kernels/cache/modules.ts';
import { BUILT_IN_LIST } from '../../../../kernels/image/paths.ts';
import type { KernelImage } from '../../../../kernels/pull.ts';
import type { KernelOptions } from '../../../../kernels/sources/options.ts';
import { readElf, sectionNamed } from '../../../bpf/elf/elf.ts';
import { readCachedText } from '../../../base/cached-file.ts';
import { InfraError, messageOf } from '../../../base/errors.ts';
import type { KernelTypes } from '../../../core-relo/candidates.ts';
import type { CachedImage } from '../../../kernel-btf/kernels.ts';
import { type ModuleFile, modulesIn, readModules, readPlain } from '../../../kernel-btf/modules.ts';
import { mostSimilar } from '../../../base/similar.ts';

/** A module with its bytes, uncompressed. */
export interface LoadedModule extends ModuleFile {
  ko: Uint8Array;
}

/** Reads modules and the modules that they need, in the order in which the guest must load them. Modules of the image need no loading. */
export type ModuleLoader = (names: readonly string[]) => Promise<LoadedModule[]>;

const MAX_MODULES = 256;
/** The mailbox also holds the object and the response. */
const MAX_BYTES = 40 << 20;
const NEAREST = 3;

/** `-` and `_` mean the same in names of modules. */
export const plainName = (name: string) => name.replaceAll('-', '_');

/**
 * The modules that a module needs, from its own .modinfo section. depmod makes modules.dep from the same data.
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

/** The modules of a kernel: those in files, and the names of those in its image. */
interface KnownModules {
  files: ReadonlyMap<string, ModuleFile>;
  builtIn: ReadonlySet<string>;
}

async function inOrder(names: readonly string[], { files, builtIn }: KnownModules, kernel: string): Promise<LoadedModule[]> {
  const loaded = new Map<string, LoadedModule | null>();
  const add = async (name: string): Promise<void> => {
    if (loaded.has(name) || builtIn.has(name)) return;
    const file = files.get(name);
    if (!file) throw notThere(name, files.keys(), kernel);
    if (loaded.size >= MAX_MODULES) throw new InfraError(`${kernel}: more than ${MAX_MODULES} modules`);
    // Marked before its dependencies are read, so that modules which need each other do not loop.
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

/** Names from lines such as `kernel/lib/crc/crc32.ko`. None in a folder that an older corematrix has unpacked. */
async function builtInOf(folder: string): Promise<ReadonlySet<string>> {
  const text = (await readCachedText(join(folder, BUILT_IN_LIST))) ?? '';
  return new Set(text.split('\n').flatMap((line) => (line.endsWith('.ko') ? [plainName(basename(line, '.ko'))] : [])));
}

async function modulesOf(folder: string): Promise<KnownModules> {
  const files = await modulesIn(folder, '');
  return { files: new Map(files.map((file) => [file.name, file])), builtIn: await builtInOf(folder) };
}

/**
 * The names of all modules of a kernel, with `_` in place of `-`: those in its folder, and those that are part of its image.
 * @throws a system error if the folder cannot be read
 */
export async function moduleNames(folder: string): Promise<string[]> {
  const { files, builtIn } = await modulesOf(folder);
  return [...files.keys(), ...builtIn];
}

/** A loader for the modules of one kernel. It lists them at the first call that names any. */
export function moduleLoader(image: Pick<KernelImage, 'id' | 'modules'>, options: KernelOptions): ModuleLoader {
  let known: Promise<KnownModules> | null = null;
  const list = async () => modulesOf(await image.modules.folder(options));
  return async (names) => (names.length === 0 ? [] : inOrder(names, await (known ??= list()), image.id));
}

/** The types of a kernel and of its loaded modules. A module without readable BTF adds none. */
export async function typesWith(kernel: KernelTypes, modules: readonly LoadedModule[]): Promise<KernelTypes> {
  if (modules.length === 0) return kernel;
  const known = (await readModules(modules, kernel.vmlinux)).modules;
  const named = new Set(known.map(({ name }) => name));
  const withoutBtf = modules.flatMap(({ name }) => (named.has(name) ? [] : [name]));
  return { ...kernel, modules: known, ...(withoutBtf.length > 0 && { withoutBtf }) };
}

/**
 * The types of a kernel and of modules that the plan loads, if an earlier run or `kernels pull --modules` unpacked them into the cache.
 * Otherwise the types alone. Downloads nothing.
 */
export async function typesWithCached(
  kernel: KernelTypes,
  image: CachedImage | null | undefined,
  names: readonly string[],
): Promise<KernelTypes> {
  const folder = image && names.length > 0 ? await modulesInCache(image.cache, image.sha256) : null;
  if (!image || folder === null || kernel.modules.length > 0) return kernel;
  try {
    return await typesWith(kernel, await inOrder(names, await modulesOf(folder), image.sha256));
  } catch (error) {
    // Only a run says that a module is missing.
    if (error instanceof InfraError) return kernel;
    throw error;
  }
}
