// Tests of building the sample programs: only after a change of a source or header, and without a trace of the machine in the objects.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readBpfObject } from '../../harness/bpf/object/object.ts';
import { toObjectResult } from '../../harness/results/object-result.ts';
import { ensureLibbpf } from '../../harness/setup/libbpf.ts';
import { cacheRoot } from '../../harness/base/files.ts';
import { buildPrograms } from '../../programs/build.ts';

const PROGRAM = `#include "shape.h"
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("raw_tp/sched_switch")
int read_it(void *context)
{
	struct task_struct *task = context;

	return task->pid;
}

char LICENSE[] SEC("license") = "GPL";
`;
const SHAPE = 'struct task_struct {\n\tint pid;\n} __attribute__((preserve_access_index));\n';

async function makeSources(): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'corematrix-programs-')), 'programs');
  await mkdir(folder);
  await writeFile(join(folder, 'one.bpf.c'), PROGRAM);
  await writeFile(join(folder, 'shape.h'), SHAPE);
  return folder;
}

let sources = '';
beforeEach(async () => {
  sources = await makeSources();
});
afterEach(async () => rm(dirname(sources), { recursive: true }));

async function build() {
  const { includeDir } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
  const notes: string[] = [];
  const objects = await buildPrograms({ includeDir, sources, onNote: (text) => notes.push(text.replace(/: [\d.]+ s$/, '')) });
  return { objects: objects.map((path) => basename(path)), notes };
}

const object = async (name: string) => readFile(join(sources, 'build', name));

describe('sample programs', () => {
  it('sample programs are built once', async () => {
    expect(await build()).toEqual({ objects: ['one.bpf.o'], notes: ['1 sample programs'] });
    const { mtimeMs } = await stat(join(sources, 'build/one.bpf.o'));
    expect(await build()).toEqual({ objects: ['one.bpf.o'], notes: [] });
    expect((await stat(join(sources, 'build/one.bpf.o'))).mtimeMs).toBe(mtimeMs);
  });

  it('sample programs are built again if a header changed or an object is missing', async () => {
    await build();
    const before = await object('one.bpf.o');
    await writeFile(join(sources, 'shape.h'), SHAPE.replace('pid', 'pid, tgid'));
    expect((await build()).notes).toEqual(['1 sample programs']);
    expect(await object('one.bpf.o')).not.toEqual(before);
    await rm(join(sources, 'build/one.bpf.o'));
    expect((await build()).notes).toEqual(['1 sample programs']);
  });

  it('the object of a removed sample program is removed', async () => {
    await writeFile(join(sources, 'two.bpf.c'), PROGRAM);
    expect((await build()).objects).toEqual(['one.bpf.o', 'two.bpf.o']);
    await rm(join(sources, 'one.bpf.c'));
    expect((await build()).objects).toEqual(['two.bpf.o']);
    expect(await readdir(join(sources, 'build'))).toEqual(['digest', 'two.bpf.o']);
  });

  it('sample objects are byte-equal in every folder, and name their source relative to the repository', async () => {
    await build();
    const first = await object('one.bpf.o');
    const elsewhere = await makeSources();
    const { includeDir } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
    const [path = ''] = await buildPrograms({ includeDir, sources: elsewhere, onNote: () => {} });
    expect(await readFile(path)).toEqual(first);
    await rm(dirname(elsewhere), { recursive: true });
    const result = toObjectResult(readBpfObject(first, 'one.bpf.o'), { id: 'one', path: 'one.bpf.o', sha256: '', size: first.length });
    expect(result.relocations.map(({ program, kind, spec, source }) => ({ program, kind, spec, source }))).toMatchInlineSnapshot(`
      [
        {
          "kind": "byte_off",
          "program": "read_it",
          "source": {
            "exact": true,
            "file": "programs/one.bpf.c",
            "line": 10,
            "text": "return task->pid;",
          },
          "spec": "struct task_struct.pid (0:0 @ offset 0)",
        },
      ]
    `);
  });

  it("a sample program that does not compile is named with clang's message, and older objects stay", async () => {
    await build();
    const before = await object('one.bpf.o');
    await writeFile(join(sources, 'two.bpf.c'), 'int wrong(void) { return missing; }\n');
    await expect(build()).rejects.toThrow(
      /^two\.bpf\.c does not compile:[^]*two\.bpf\.c:1:\d+: error: use of undeclared identifier 'missing'/,
    );
    expect(await readdir(sources)).toEqual(['build', 'one.bpf.c', 'shape.h', 'two.bpf.c']);
    expect(await object('one.bpf.o')).toEqual(before);
  });

  it('sample programs without clang are an error', async () => {
    const { includeDir } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
    vi.stubEnv('PATH', sources);
    try {
      await expect(buildPrograms({ includeDir, sources, onNote: () => {} })).rejects.toThrow(
        'clang is not installed; run "npm run setup", or on Debian: apt-get install clang',
      );
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
