// Tests of custom loaders in a real guest: a dynamically linked one that loads an object, and every kind of failure.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePlacedConfig } from '../../../../../harness/plan/config/load.ts';
import { logText } from '../../../../../harness/results/logs.ts';
import type { Results } from '../../../../../harness/results/schema.ts';
import { readInputs } from '../../../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../../../harness/plan/inputs/object-sources.ts';
import { ensureLibbpf } from '../../../../../harness/setup/libbpf.ts';
import { cacheRoot } from '../../../../../harness/base/files.ts';
import { realRun, sample } from '../../../run/real-run.ts';

const SOURCE = join(import.meta.dirname, 'loader.c');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'own-loader-'));
  const { includeDir, staticLib } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
  // libbpf is linked statically; libelf and the C library are those of this machine.
  await execa('gcc', ['-O1', '-isystem', includeDir, SOURCE, staticLib, '-lelf', '-lz', '-o', join(folder, 'loader')]);
  const within = ['-lelf', '-lz', '-lzstd'];
  await execa('gcc', ['-O1', '-static', '-isystem', includeDir, SOURCE, staticLib, ...within, '-o', join(folder, 'static-loader')]);
  await writeFile(join(folder, 'word.txt'), 'beside');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function inputsOf(entries: readonly object[]) {
  const placed = parsePlacedConfig(JSON.stringify({ objects: entries }), 'corematrix.yaml');
  const inputs = await readInputs(objectSources(placed, folder));
  return { ...inputs, problems: inputs.problems.map((problem) => problem.replaceAll(folder, '<folder>')) };
}

const command = (name: string, object: string, argv: readonly string[], more: object = {}) => ({
  path: sample(object),
  name,
  command: { argv: ['./loader', ...argv], files: ['word.txt'], env: { WORD: 'beside' }, timeout: 20, ...more },
});
const says = (name: string, text: string, status = 1) => command(name, 'exec_watch', ['say', text, String(status)]);

function verdicts({ cells }: Results) {
  return Object.fromEntries(cells.map((cell) => [cell.object, `${cell.status} ${cell.class ?? ''}: ${cell.reason ?? ''}`]));
}

test('a custom loader loads an object or fails with the reason of libbpf, and its output contains the relocations', async () => {
  const { objects, problems } = await inputsOf([
    command('good', 'exec_watch', ['load', '{object}']),
    command('bad', 'task_state', ['load', '{object}']),
    command('static', 'exec_watch', ['load', '{object}'], { argv: ['./static-loader', 'load', '{object}'] }),
  ]);
  expect(problems).toEqual([]);
  const results = await realRun([], ['debian:6.1'], { objects });
  const [good, bad] = results.cells;
  expect(verdicts(results)).toMatchInlineSnapshot(`
    {
      "bad": "fail core-field-missing: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)",
      "good": "pass : ",
      "static": "pass : ",
    }
  `);
  expect([logText(results.logs, good?.logs.stdout), logText(results.logs, bad?.logs.stdout)]).toEqual(['loaded', 'could not load']);
  const plain = await realRun([sample('exec_watch'), sample('task_state')], ['debian:6.1']);
  const ledger = ({ cells }: Results, index: number) => cells[index]?.relocations.map(({ outcome, target }) => `${outcome} ${target}`);
  expect(ledger(results, 0)).toEqual(ledger(plain, 0));
  expect(logText(results.logs, good?.logs.stderr)).toContain('libbpf: CO-RE relocating');
});

test('the words of libbpf in the output of a custom loader name the failure, and its words of success never do', async () => {
  const attach = "libbpf: prog 'handle_exit': failed to create kprobe 'no_such_function+0x0' perf event: No such file or directory";
  const { objects, problems } = await inputsOf([
    says('attach', `${attach}\nlibbpf: prog 'handle_exit': failed to auto-attach: -2\nfailed to attach: -2`),
    says('busy', "libbpf: prog 'handle_exit': failed to create kprobe 'blk_account_io_start+0x0' perf event: Device or resource busy"),
    says('kconfig', `libbpf: extern (kcfg) 'LINUX_KERNEL_VERSION': set to 0x60c76\n${attach}\nfailed to attach: -2`),
    says('terminal', 'Error opening terminal: unknown.'),
    says('file', 'failed to open /sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq: No such file or directory'),
    says('counter', 'failed to init perf sampling: No such file or directory'),
    says('of-bpf', "open('/sys/kernel/tracing/events/nvme/id'): No such file or directory"),
    says('success', "libbpf: extern (kcfg) 'LINUX_KERNEL_VERSION': set to 0x60c76\nlibbpf: map 'm': found max_entries = 1.\nout of luck"),
    says('relocated', "libbpf: prog 'handle_exit': insn #3 relocated, imm 2 points to subprog 'f' (now at 7 offset)\nno terminal"),
  ]);
  expect(problems).toEqual([]);
  expect(verdicts(await realRun([], ['debian:6.1'], { objects }))).toMatchInlineSnapshot(`
    {
      "attach": "fail attach-target-missing: attach target no_such_function (kprobe) is not a function of vmlinux or of a loaded module",
      "busy": "fail attach-target-missing: attach target blk_account_io_start (kprobe) is not a function of vmlinux or of a loaded module",
      "counter": "fail loader-environment: failed to init perf sampling: No such file or directory",
      "file": "fail loader-environment: failed to open /sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq: No such file or directory",
      "kconfig": "fail attach-target-missing: attach target no_such_function (kprobe) is not a function of vmlinux or of a loaded module",
      "of-bpf": "fail unknown: the loader exits with status 1: open('/sys/kernel/tracing/events/nvme/id'): No such file or directory",
      "relocated": "fail unknown: the loader exits with status 1: no terminal",
      "success": "fail unknown: the loader exits with status 1: out of luck",
      "terminal": "fail loader-environment: Error opening terminal: unknown.",
    }
  `);
});

test('programs that the object switches off share the verdict of the custom loader that decides about them', async () => {
  const off = (name: string, text: string, status: number) => ({ ...says(name, text, status), path: sample('choices') });
  const { objects, problems } = await inputsOf([off('fails', 'failed to load BPF object: -22', 1), off('works', 'fine', 0)]);
  expect(problems).toEqual([]);
  const { cells } = await realRun([], ['debian:6.1'], { objects });
  expect(
    cells.map(({ object, status, programs }) => [object, status, programs.find(({ name }) => name === 'oldest_helper')?.status]),
  ).toEqual([
    ['fails', 'fail', 'fail'],
    ['works', 'pass', 'pass'],
  ]);
});

test('a custom loader can fail with a status, a signal, a timeout or an error of another library; if it cannot start there is no verdict', async () => {
  const { objects, problems } = await inputsOf([
    says('fine', 'nothing to say', 0),
    says('status', 'no such interface', 3),
    command('signal', 'exec_watch', ['crash']),
    command('time', 'exec_watch', ['hang'], { timeout: 1 }),
    says('missing', 'loader: error while loading shared libraries: libfoo.so.1: cannot open shared object file', 127),
    command('folder', 'exec_watch', ['load'], { folder: '/nowhere' }),
    says('cilium', 'field Old: program old_name: load program: bad CO-RE relocation: invalid func unknown#195896080 (19 line(s) omitted)'),
    says('cilium-verifier', "program handle_exec: load program: permission denied: R1 invalid mem access 'scalar' (5 line(s) omitted)"),
    says('cilium-helper', 'program handle_exec: load program: invalid argument: invalid func unknown#9999 (5 line(s) omitted)'),
    says('cilium-btf', "program on_exec: apply CO-RE relocations: can't read types: type id 11993: unknown kind: Unknown (19)"),
    says('cilium-memlock', 'map events: map create: operation not permitted (MEMLOCK may be too low, consider rlimit.RemoveMemlock)'),
    says('aya', 'Error: error relocating T, multiple candidate target types found with different memory layouts: [1, 2]'),
  ]);
  expect(problems).toEqual([]);
  expect(verdicts(await realRun([], ['debian:6.1'], { objects }))).toMatchInlineSnapshot(`
    {
      "aya": "fail core-ambiguous: Error: error relocating T, multiple candidate target types found with different memory layouts: [1, 2]",
      "cilium": "fail core-other: field Old: program old_name: load program: bad CO-RE relocation: invalid func unknown#195896080 (19 line(s) omitted)",
      "cilium-btf": "fail core-other: program on_exec: apply CO-RE relocations: can't read types: type id 11993: unknown kind: Unknown (19)",
      "cilium-helper": "fail helper-unknown: helper #9999 is unknown to this kernel",
      "cilium-memlock": "fail resource-limit: map events: map create: operation not permitted (MEMLOCK may be too low, consider rlimit.RemoveMemlock)",
      "cilium-verifier": "fail verifier-rejected: verifier: R1 invalid mem access 'scalar'",
      "fine": "pass : ",
      "folder": "infra infra-transport: the loader cannot be started in the guest: ENOENT",
      "missing": "infra infra-transport: the loader cannot run in the guest (exit status 127): loader: error while loading shared libraries: libfoo.so.1: cannot open shared object file",
      "signal": "fail unknown: the loader is killed by signal 11",
      "status": "fail unknown: the loader exits with status 3: no such interface",
      "time": "infra infra-timeout: the loader did not end within 1 s; a loader must end after it has loaded the object; command.timeout changes the limit",
    }
  `);
});

test('a custom loader that cannot be packed is an error with its place', async () => {
  await writeFile(join(folder, 'script'), '#!/bin/sh\n');
  await writeFile(join(folder, 'text'), 'text\n');
  await writeFile(join(folder, 'large'), '');
  await execa('truncate', ['-s', '50M', join(folder, 'large')]);
  await execa('gcc', ['-shared', '-x', 'c', '/dev/null', '-o', join(folder, 'libgone.so')]);
  await execa('gcc', ['-O1', '-x', 'c', '-', '-Wl,--no-as-needed', '-L', folder, '-lgone', '-o', join(folder, 'orphan')], {
    input: 'int main(void) { return 0; }',
  });
  await rm(join(folder, 'libgone.so'));
  const entry = (name: string, argv: readonly string[], more: object = {}) => ({
    path: sample('exec_watch'),
    name,
    command: { argv, ...more },
  });
  const { objects, problems } = await inputsOf([
    entry('nothing', ['./nothing']),
    entry('unknown', ['no-such-program']),
    entry('script', ['./script']),
    entry('text', ['./text']),
    entry('bpf', [sample('exec_watch')]),
    entry('orphan', ['./orphan']),
    entry('large', ['./loader'], { files: ['large'] }),
    entry('absent', ['./loader'], { files: ['word.txt', 'absent.txt'] }),
    entry('twice', ['./loader'], { files: ['word.txt', { path: 'text', to: 'word.txt' }] }),
  ]);
  expect(objects).toEqual([]);
  const steady = (problem: string) =>
    problem
      .replace(/looked for in .*/, 'looked for in …')
      .replaceAll(sample('exec_watch'), 'EXEC_WATCH')
      .replace(/^(\S+:1):\d+:/, '$1:COLUMN:');
  expect(problems.map(steady)).toMatchInlineSnapshot(`
    [
      "corematrix.yaml:1:COLUMN: ./nothing: no such file",
      "corematrix.yaml:1:COLUMN: no-such-program: no such program in PATH; a path such as ./no-such-program names one beside this file",
      "corematrix.yaml:1:COLUMN: ./script: a script; guests have no interpreter for it: name an executable, or give the interpreter with its files",
      "corematrix.yaml:1:COLUMN: ./text: not an executable: not an ELF file",
      "corematrix.yaml:1:COLUMN: EXEC_WATCH: an executable for BPF, but guests are x86-64",
      "corematrix.yaml:1:COLUMN: ./orphan: the shared library libgone.so, which orphan needs, is not on this machine; looked for in …",
      "corematrix.yaml:1:COLUMN: the command and its files have 54.0 MiB; a guest has room for 40 MiB; the largest: /loader/large (50.0 MiB), /loader/lib/libc.so.6 (1.8 MiB), /loader/loader (1.8 MiB); "strip" makes executables smaller",
      "corematrix.yaml:1:COLUMN: absent.txt: no such file",
      "corematrix.yaml:1:COLUMN: two files would be /loader/word.txt in the guest; give one another name with "to:"",
    ]
  `);
});
