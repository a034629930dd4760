// Compiles a BPF source from text, for tests of one construct of C.
import { createHash } from 'node:crypto';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureLibbpf } from '../../../../harness/setup/libbpf.ts';
import { cacheRoot } from '../../../../harness/base/files.ts';
import { populateDirectory } from '../../../../harness/base/populate.ts';

const PRELUDE = `#define __always_inline inline __attribute__((always_inline))
#define __noinline __attribute__((noinline))
#define SEC(name) __attribute__((section(name), used))
#define access_index __attribute__((preserve_access_index))
typedef unsigned char u8; typedef unsigned short u16; typedef unsigned int u32; typedef unsigned long long u64;
typedef signed char s8; typedef short s16; typedef int s32; typedef long long s64;
typedef u8 __u8; typedef u16 __u16; typedef u32 __u32; typedef u64 __u64; typedef s32 __s32; typedef s64 __s64;
typedef u16 __be16; typedef u32 __be32; typedef u32 __wsum;
#include <bpf/bpf_core_read.h>
char LICENSE[] SEC("license") = "GPL";
`;

const FLAGS = ['-mcpu=v3', '-O2', '-g', '-Wall', '-Wno-unused', '-Wno-visibility'] as const;

let clang: Promise<string> | null = null;

/** The version of clang, which decides what it makes of a source. */
async function clangVersion(): Promise<string> {
  clang ??= execa('clang', ['--version']).then(({ stdout }) => stdout);
  return clang;
}

/**
 * Compiles C with clang for BPF and returns the path of the object. An object that was compiled before comes from the cache.
 * @param target `bpfel` or `bpfeb`
 */
export async function compileBpf(folder: string, name: string, source: string, target = 'bpfel'): Promise<string> {
  const { includeDir } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
  const path = join(folder, `${name}.bpf.c`);
  const object = join(folder, `${name}.${target}.o`);
  await writeFile(join(folder, 'prelude.h'), PRELUDE);
  await writeFile(path, source);
  const flags = ['-target', target, ...FLAGS, '-isystem', includeDir, '-include', 'prelude.h'];
  const key = createHash('sha256').update(JSON.stringify([await clangVersion(), name, PRELUDE, source, flags]));
  const kept = join(cacheRoot(), 'test', 'objects', key.digest('hex').slice(0, 32));
  await populateDirectory(kept, async (building) => {
    const compiled = join(building, 'object.o');
    // Relative, or clang finds no text for the lines.
    await execa('clang', [...flags, '-c', `${name}.bpf.c`, '-o', compiled], { cwd: folder });
    await execa('llvm-strip', ['-g', compiled]);
  });
  await copyFile(join(kept, 'object.o'), object);
  return object;
}
