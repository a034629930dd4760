// Compiles a BPF source from text, for tests of one construct of C.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ensureLibbpf } from '../../../../harness/setup/libbpf.ts';
import { cacheRoot } from '../../../../harness/base/files.ts';

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

/**
 * Compiles C with clang for BPF and returns the path of the object.
 * @param target `bpfel` or `bpfeb`
 */
export async function compileBpf(folder: string, name: string, source: string, target = 'bpfel'): Promise<string> {
  const { includeDir } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
  const path = join(folder, `${name}.bpf.c`);
  const object = join(folder, `${name}.${target}.o`);
  await writeFile(join(folder, 'prelude.h'), PRELUDE);
  await writeFile(path, source);
  const flags = [
    '-target',
    target,
    '-mcpu=v3',
    '-O2',
    '-g',
    '-Wall',
    '-Wno-unused',
    '-Wno-visibility',
    '-isystem',
    includeDir,
    '-include',
    'prelude.h',
  ];
  // The path is relative, because clang otherwise finds no text for the lines.
  await execa('clang', [...flags, '-c', `${name}.bpf.c`, '-o', object], { cwd: folder });
  await execa('llvm-strip', ['-g', object]);
  return object;
}
