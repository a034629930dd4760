// Names in all modules of a kernel's package, which need not be loaded: one index for each kernel, beside its modules in the cache.
import { join } from 'node:path';
import pLimit from 'p-limit';
import { readCachedText } from '../base/cached-file.ts';
import { modulesInCache } from '../../kernels/cache/modules.ts';
import { isElf } from '../../kernels/image/elf-section.ts';
import { unpackXzFiles } from '../../kernels/archive/xz-files.ts';
import { InfraError } from '../base/errors.ts';
import { errorCode, writeFileAtomic } from '../base/files.ts';
import { type Btf, kindOf, nameOf } from '../bpf/btf/btf.ts';
import type { BtfKind } from '../bpf/btf/kinds.ts';
import type { NameIndex } from '../bpf/btf/names.ts';
import { readElf, readSymbols, STB_GLOBAL, STT_FUNC, STT_OBJECT } from '../bpf/elf/elf.ts';
import { STRUCT_OPS_VALUE } from '../bpf/object/struct-ops.ts';
import type { FindInPackage, KernelTypes, ModuleNameKind, ModuleWithName } from '../core-relo/candidates.ts';
import type { CachedImage } from './kernels.ts';
import { findIn, OF_EVERY_MODULE } from './kernel-names.ts';
import { type ModuleFile, moduleBtf, modulesIn, readPlain } from './modules.ts';

/** It has a dot, so that it does not count as BTF of a module. */
const FILE = 'names.txt';
const HEAD = 'corematrix: names in modules, format 4\n';
/** Modules that are read together, and how many such batches at a time. */
const BATCH = 32;
const AT_A_TIME = 2;
const MAX_BATCH_BYTES = 256 << 20;
const TRACEPOINT_TYPE = 'btf_trace_';
const TRACEPOINT_SYMBOL = /^__tracepoint_(?=\w)/;
const IN_BTF = 'btf';
const SYMBOL = 'symbol';

/** What the index calls types of a kind whose names begin so. */
const INDEXED: Readonly<Partial<Record<BtfKind, { start: string; kind: ModuleNameKind }>>> = {
  func: { start: '', kind: 'function' },
  var: { start: '', kind: 'variable' },
  typedef: { start: TRACEPOINT_TYPE, kind: 'function' },
  struct: { start: STRUCT_OPS_VALUE, kind: 'struct' },
};

/** Functions, variables, and the types of tracepoints and of struct_ops, each with its kind. */
function namesInBtf(btf: Btf): Map<string, ModuleNameKind> {
  const names = new Map<string, ModuleNameKind>();
  for (let id = btf.startId; id < btf.endId; id++) {
    const indexed = INDEXED[kindOf(btf, id)];
    if (indexed && nameOf(btf, id).startsWith(indexed.start)) names.set(nameOf(btf, id), indexed.kind);
  }
  return names;
}

/**
 * Names of defined functions, without the labels that the compiler puts before them and the names that every module has, and of global variables. The variable of a tracepoint
 * gives its name in BTF, too.
 * @see DEFINE_TRACE_FN in include/linux/tracepoint.h: `__tracepoint_NAME`
 */
function namesOfSymbols(bytes: Buffer): Map<string, ModuleNameKind> {
  const read = isElf(bytes) ? readElf(bytes) : null;
  const names = new Map<string, ModuleNameKind>();
  if (read?.ok !== true) return names;
  for (const { name, type, section, binding } of readSymbols(read.elf)) {
    if (section === 0 || !/^\w+$/.test(name) || name.startsWith('__pfx_') || OF_EVERY_MODULE.has(name)) continue;
    if (type === STT_FUNC) names.set(name, 'function');
    else if (type === STT_OBJECT && binding === STB_GLOBAL) {
      names.set(name, 'variable');
      if (TRACEPOINT_SYMBOL.test(name)) names.set(name.replace(TRACEPOINT_SYMBOL, TRACEPOINT_TYPE), 'function');
    }
  }
  return names;
}

/** The lines of a module in the index. */
function linesOf(module: string, bytes: Buffer, vmlinux: NameIndex): string[] {
  const btf = moduleBtf(bytes, vmlinux);
  const types = btf !== null && typeof btf !== 'string' ? namesInBtf(btf) : new Map<string, ModuleNameKind>();
  const symbols = [...namesOfSymbols(bytes)].filter(([name]) => !types.has(name));
  const lines = (names: Iterable<[string, ModuleNameKind]>, source: string) =>
    [...names].map(([name, kind]) => `${name}\t${module}\t${kind}\t${source}`);
  return [...lines(types, IN_BTF), ...lines(symbols, SYMBOL)];
}

const KINDS = ['function', 'variable', 'struct'] as const satisfies readonly ModuleNameKind[];

/** @throws InfraError for files that cannot be decompressed */
async function readBatch(files: readonly ModuleFile[]): Promise<Buffer[]> {
  const paths = files.map(({ path }) => path);
  if (paths.every((path) => path.endsWith('.xz'))) return unpackXzFiles(paths, MAX_BATCH_BYTES);
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
    const found: ModuleWithName[] = [];
    const start = `\n${name}\t`;
    for (let at = index.indexOf(start, HEAD.length - 1); at >= 0 && index.startsWith(start, at);) {
      const end = index.indexOf('\n', at + 1);
      const [, module = '', named, source] = index.slice(at + 1, end).split('\t');
      const kind = KINDS.find((each) => each === named);
      if (kind) found.push({ module, kind, inBtf: source === IN_BTF });
      at = end;
    }
    return found;
  };
}

/** The kinds of types that the index has. */
const NAMED_KINDS = ['func', 'typedef', 'var', 'struct'] as const satisfies readonly BtfKind[];

/**
 * Adds the modules of the kernel's package to its types if vmlinux lacks one of the names. It reads only modules that an earlier run or
 * `kernels pull --modules` unpacked into the cache, and downloads nothing.
 * @param image null or absent for a kernel that is not in the cache
 * @param names of functions, variables, and types that stand for tracepoints (`btf_trace_sched_switch`) or struct_ops types
 * @param make whether to make the index if there is none, in some seconds
 */
export async function withPackage(
  types: KernelTypes,
  image: CachedImage | null | undefined,
  { names, make }: { names: readonly string[]; make: boolean },
): Promise<KernelTypes> {
  const lacks = (name: string) => NAMED_KINDS.every((kind) => findIn(types, kind, name) === null);
  if (!image || types.onlyCustom === true || types.inPackage || !names.some(lacks)) return types;
  const folder = await modulesInCache(image.cache, image.sha256);
  const index = folder === null ? null : await indexOf(folder, types.vmlinux, make);
  return index === null ? types : { ...types, inPackage: finderIn(index) };
}

/** Makes the index for the modules in a folder, unless there is one. */
export async function indexModules(folder: string, vmlinux: NameIndex): Promise<void> {
  await indexOf(folder, vmlinux, true);
}
