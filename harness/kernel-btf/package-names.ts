// Names in all modules of a kernel's package, which need not be loaded: one index for each kernel, beside its modules in the cache.
import { join } from 'node:path';
import pLimit from 'p-limit';
import { readCachedText } from '../base/cached-file.ts';
import { modulesInCache } from '../../kernels/cache/modules.ts';
import { isElf } from '../../kernels/image/elf-section.ts';
import { decompressXzFiles } from '../../kernels/archive/decompress.ts';
import { InfraError } from '../base/errors.ts';
import { errorCode, writeFileAtomic } from '../base/files.ts';
import { type Btf, kindOf, nameOf } from '../bpf/btf/btf.ts';
import type { NameIndex } from '../bpf/btf/names.ts';
import { readElf, readSymbols, STT_FUNC } from '../bpf/elf/elf.ts';
import type { FindInPackage, KernelTypes } from '../core-relo/candidates.ts';
import type { CachedImage } from './kernels.ts';
import { findIn } from './kernel-names.ts';
import { type ModuleFile, moduleBtf, modulesIn, readPlain } from './modules.ts';

/** It has a dot, so that it does not count as BTF of a module. */
const FILE = 'names.txt';
const HEAD = 'corematrix: names in modules, format 1\n';
/** Modules that are read together, and how many such batches at a time. */
const BATCH = 32;
const AT_A_TIME = 2;
const MAX_BATCH_BYTES = 256 << 20;
const IN_BTF = 'btf';
const SYMBOL = 'symbol';

/** Functions, and the types that stand for tracepoints. */
function namesInBtf(btf: Btf): Set<string> {
  const names = new Set<string>();
  for (let id = btf.startId; id < btf.endId; id++) {
    const kind = kindOf(btf, id);
    const name = kind === 'func' || kind === 'typedef' ? nameOf(btf, id) : '';
    if (kind === 'func' || name.startsWith('btf_trace_')) names.add(name);
  }
  return names;
}

/** Names of defined functions, without the labels that the compiler puts before them. */
function functionSymbols(bytes: Buffer): string[] {
  const read = isElf(bytes) ? readElf(bytes) : null;
  if (read?.ok !== true) return [];
  return readSymbols(read.elf).flatMap(({ name, type, section }) =>
    type === STT_FUNC && section !== 0 && /^\w+$/.test(name) && !name.startsWith('__pfx_') ? [name] : [],
  );
}

/** The lines of a module in the index. */
function linesOf(module: string, bytes: Buffer, vmlinux: NameIndex): string[] {
  const btf = moduleBtf(bytes, vmlinux);
  const types = btf !== null && typeof btf !== 'string' ? namesInBtf(btf) : new Set<string>();
  const symbols = new Set(functionSymbols(bytes).filter((name) => !types.has(name)));
  return [...[...types].map((name) => `${name}\t${module}\t${IN_BTF}`), ...[...symbols].map((name) => `${name}\t${module}\t${SYMBOL}`)];
}

/** @throws InfraError for files that cannot be decompressed */
async function readBatch(files: readonly ModuleFile[]): Promise<Buffer[]> {
  const paths = files.map(({ path }) => path);
  if (paths.every((path) => path.endsWith('.xz'))) return decompressXzFiles(paths, MAX_BATCH_BYTES);
  const read = await Promise.all(paths.map(readPlain));
  return read.map((bytes) => {
    if (typeof bytes === 'string') throw new InfraError(bytes);
    return bytes;
  });
}

/**
 * Makes the index.
 * @throws InfraError or a system error if a module cannot be read, because the index would then hide its names
 */
async function makeIndex(folder: string, vmlinux: NameIndex): Promise<string> {
  const limit = pLimit(AT_A_TIME);
  const files = await modulesIn(folder, '');
  const batches = Array.from({ length: Math.ceil(files.length / BATCH) }, (_, at) => files.slice(at * BATCH, (at + 1) * BATCH));
  const linesOfBatch = async (batch: readonly ModuleFile[]) =>
    (await readBatch(batch)).flatMap((bytes, at) => linesOf(batch[at]?.name ?? '', bytes, vmlinux));
  const lines = await Promise.all(batches.map(async (batch) => limit(async () => linesOfBatch(batch))));
  return `${HEAD}${lines.flat().toSorted().join('\n')}\n`;
}

/** The index from its file, or made and kept. Null if there is none, or if it cannot be made. */
async function indexOf(folder: string, vmlinux: NameIndex, make: boolean): Promise<string | null> {
  const path = join(folder, FILE);
  const kept = await readCachedText(path);
  if (kept?.startsWith(HEAD) === true) return kept;
  if (!make) return null;
  try {
    const made = await makeIndex(folder, vmlinux);
    // A read-only cache only costs time.
    await writeFileAtomic(path, made).catch(() => undefined);
    return made;
  } catch (error) {
    if (error instanceof InfraError || errorCode(error) !== null) return null;
    throw error;
  }
}

/** Finds the lines that begin with a name. A search in the text is faster than parsing it. */
function finderIn(index: string): FindInPackage {
  return (name) => {
    const found: { module: string; inBtf: boolean }[] = [];
    const start = `\n${name}\t`;
    for (let at = index.indexOf(start, HEAD.length - 1); at >= 0 && index.startsWith(start, at);) {
      const end = index.indexOf('\n', at + 1);
      const [, module = '', kind] = index.slice(at + 1, end).split('\t');
      found.push({ module, inBtf: kind === IN_BTF });
      at = end;
    }
    return found;
  };
}

/**
 * Adds the modules of the kernel's package to its types if vmlinux lacks one of the names. It reads only modules that an earlier run or
 * `kernels pull --modules` unpacked into the cache, and downloads nothing.
 * @param image null or absent for a kernel that is not in the cache
 * @param names of functions, and of types that stand for tracepoints (`btf_trace_sched_switch`)
 * @param make whether to make the index if there is none, in some seconds
 */
export async function withPackage(
  types: KernelTypes,
  image: CachedImage | null | undefined,
  { names, make }: { names: readonly string[]; make: boolean },
): Promise<KernelTypes> {
  const lacks = (name: string) => findIn(types, 'func', name) === null && findIn(types, 'typedef', name) === null;
  if (!image || types.onlyCustom === true || types.inPackage || !names.some(lacks)) return types;
  const folder = await modulesInCache(image.cache, image.sha256);
  const index = folder === null ? null : await indexOf(folder, types.vmlinux, make);
  return index === null ? types : { ...types, inPackage: finderIn(index) };
}

/** Makes the index for the modules in a folder, unless there is one. */
export async function indexModules(folder: string, vmlinux: NameIndex): Promise<void> {
  await indexOf(folder, vmlinux, true);
}
