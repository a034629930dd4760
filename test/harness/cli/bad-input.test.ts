// Tests of bad input: one line with the file and the cause, exit code 2, and no effect on other inputs.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sample } from '../run/real-run.ts';
import { corematrix, steady } from './command.ts';

const SOURCE = `__attribute__((section("kprobe/do_exit"), used)) int entry(void *context) { return 0; }
char gpl[] __attribute__((section("license"), used)) = "GPL";
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
  const path = (name: string) => join(folder, name);
  const good = await readFile(sample('exec_watch'));
  await writeFile(path('good.bpf.o'), good);
  await writeFile(path('text.bpf.o'), 'int main(void);\n');
  await copyFile('/bin/true', path('program.bpf.o'));
  await writeFile(path('truncated.bpf.o'), good.subarray(0, 1500));
  await writeFile(path('empty.bpf.o'), '');
  await mkdir(path('folder.bpf.o'));
  await writeFile(path('entry.c'), SOURCE);
  await execa('clang', ['-target', 'bpfeb', '-O2', '-g', '-c', path('entry.c'), '-o', path('bigendian.bpf.o')]);
  await writeFile(path('unknown-key.yaml'), 'objects: [good.bpf.o]\nkernels:\n  - debian:6.12\njosb: 3\n');
  await writeFile(path('long.yaml'), 'objects: [good.bpf.o]\nkernels: [debian:6.12]\ntimeout: 1e300\n');
  await writeFile(path('not.yaml'), 'objects: [good.bpf.o\nkernels:\n  - debian:6.12\n');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('objects that cannot be used', () => {
  it('unusable objects are reported one by one, and the others run', async () => {
    const bad = ['text', 'program', 'truncated', 'empty', 'folder', 'bigendian', 'missing'].map((name) => `${name}.bpf.o`);
    const { exitCode, stdout, stderr } = await corematrix(folder, ['run', ...bad, 'good.bpf.o', '*.nothing', '-k', 'debian:6.12']);
    expect(`${steady(stderr)}\n---\n${steady(stdout)}\nexit ${exitCode}`).toMatchInlineSnapshot(`
      "error: *.nothing: no file matches (in .)
      error: text.bpf.o: not an ELF file
      error: program.bpf.o: an ELF file for x86-64, not a BPF object (clang -target bpf)
      error: truncated.bpf.o: truncated: the section headers lie beyond the end of the file
      error: empty.bpf.o: the file is empty
      error: folder.bpf.o: is a folder; name an object file, or a pattern such as 'folder.bpf.o/*.bpf.o'
      error: bigendian.bpf.o: compiled for big-endian BPF, which no guest here can load (use clang -target bpfel)
      error: missing.bpf.o: no such file
      1 kernel × 1 object: 1 cell, N at a time
      report: corematrix-report/index.html
      ---

                   6.12
      good
        on_exec      ok
        on_exit      ok

      2 pass (1 kernel, 1 object, N s, ACCEL, libbpf N)
      exit 2"
    `);
  });

  it('a run with only unusable objects ends before any guest boots', async () => {
    expect(await corematrix(folder, ['run', 'text.bpf.o', '-k', 'debian:6.12'])).toMatchInlineSnapshot(`
      {
        "exitCode": 2,
        "stderr": "error: text.bpf.o: not an ELF file
      error: no object can be used",
        "stdout": "",
      }
    `);
  });

  it('an object without BTF, which only the guest can detect, gets a failed cell', async () => {
    await execa('llvm-objcopy', ['--remove-section=.BTF', '--remove-section=.BTF.ext', 'good.bpf.o', 'no-btf.bpf.o'], { cwd: folder });
    const { exitCode, stdout } = await corematrix(folder, ['run', 'no-btf.bpf.o', 'good.bpf.o', '-k', 'debian:6.12']);
    expect(`${steady(stdout)}\nexit ${exitCode}`).toMatchInlineSnapshot(`
      "
                   6.12
      no-btf
        on_exec    FAIL
        on_exit    FAIL
      good
        on_exec      ok
        on_exit      ok

      fail object-invalid: libbpf cannot open the object: BTF is required, but is missing or corrupted. [757fb5c4c873]
           no-btf/on_exec, no-btf/on_exit on 6.12

      2 pass, 2 fail (1 kernel, 2 objects, N s, ACCEL, libbpf N)
      exit 1"
    `);
  });
});

describe('the longest time limit', () => {
  it('a run with the longest possible time limits ends as any other', async () => {
    const limits = ['--timeout', '2147483', '--boot-timeout', '2147483', '--isolation', 'boot'];
    expect(await corematrix(folder, ['run', 'good.bpf.o', '-k', 'debian:6.12', ...limits])).toMatchObject({ exitCode: 0 });
  });
});

describe('a command line or configuration that cannot be used', () => {
  const CASES = [
    ['run'],
    ['run', 'good.bpf.o'],
    ['run', 'good.bpf.o', '-k', 'debain:6.12'],
    ['run', 'good.bpf.o', '-k', 'debian:9.9'],
    ['run', 'good.bpf.o', '-k', 'file:nowhere'],
    ['run', 'good.bpf.o', '-k', 'file:text.bpf.o'],
    ['run', 'good.bpf.o', '-k', 'debian:6.12', '--jobs', 'many'],
    ['run', 'good.bpf.o', '-k', 'debian:6.12', '--timeout', '-1'],
    ['run', 'good.bpf.o', '-k', 'debian:6.12', '--timeout', '2147484'],
    ['run', 'good.bpf.o', '-k', 'debian:6.12', '--boot-timeout', '1e300'],
    ['run', '-c', 'long.yaml'],
    ['run', 'good.bpf.o', '-k', 'debian:6.12', '--acel', 'tcg'],
    ['run', '-c', 'unknown-key.yaml'],
    ['run', '-c', 'not.yaml'],
    ['run', '-c', 'nowhere.yaml'],
    ['rnu'],
  ];

  it.each(CASES.map((args) => [args.join(' '), args] as const))('unusable input is refused in one line: corematrix %s', async (_, args) => {
    const { exitCode, stdout, stderr } = await corematrix(folder, args);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
    expect(steady(stderr)).toMatchSnapshot();
  });
});
