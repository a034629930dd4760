// Tests of faults in a configuration: every command that reads it reports the same faults in the same words, each once.
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sample } from '../run/real-run.ts';
import { corematrix } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'configuration-faults-'));
  await copyFile(sample('fires'), join(folder, 'a.bpf.o'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The error that all of these commands print for a configuration; both texts if two commands differ. */
async function answer(text: string, commands: readonly (readonly string[])[]): Promise<string> {
  await writeFile(join(folder, 'corematrix.yaml'), text);
  const said: string[] = [];
  for (const command of commands) {
    const { exitCode, stderr } = await corematrix(folder, command);
    said.push(`${stderr}\nexit ${exitCode}`);
  }
  return [...new Set(said)].join('\n---\n');
}

const READING_OBJECTS = [['plan'], ['run'], ['predict']];

it('a fault of one setting of a run is one error, without another that only follows from it', async () => {
  const run = (more: string) => `kernels: [debian:6.12]\nobjects: [{ path: a.bpf.o, mode: run, ${more} }]\n`;
  const texts = [
    run('triger: exec'),
    run('trigger: excc, check: [{ program: on_opne, runs: 1 }]'),
    run('trigger: *mine'),
    run('trigger: !!binary aGVsbG8='),
    run('trigger: exec, memory: 1').replace('mode: run', 'mode: runs'),
    run('trigger: [exec, { test_run: { program: on_opne } }], maps: { none: {} }'),
  ];
  const answers: string[] = [];
  for (const text of texts) answers.push(`${text}${await answer(text, [['plan'], ['run']])}`);
  expect(answers.join('\n')).toMatchInlineSnapshot(`
    "kernels: [debian:6.12]
    objects: [{ path: a.bpf.o, mode: run, triger: exec }]
    error: corematrix.yaml:2:39: unknown key "triger" (did you mean trigger?); possible here: path, name, programs, maps, alternatives, variables, kconfig, btf, pins, mode, trigger, check, modules, loader, memory, command
    exit 2
    kernels: [debian:6.12]
    objects: [{ path: a.bpf.o, mode: run, trigger: excc, check: [{ program: on_opne, runs: 1 }] }]
    error: corematrix.yaml:2:48: objects.0.trigger: unknown value "excc" (did you mean exec?); expected open, exec, connect, write, spin, iterate, keys with values or a list
    exit 2
    kernels: [debian:6.12]
    objects: [{ path: a.bpf.o, mode: run, trigger: *mine }]
    error: corematrix.yaml:2:48: no anchor &mine before the alias *mine; a text that begins with * needs quotes: "*mine"
    exit 2
    kernels: [debian:6.12]
    objects: [{ path: a.bpf.o, mode: run, trigger: !!binary aGVsbG8= }]
    error: corematrix.yaml:2:48: the tag !!binary has no meaning in a configuration; remove it; a check or a trigger has bytes as text: "base64:..."
    exit 2
    kernels: [debian:6.12]
    objects: [{ path: a.bpf.o, mode: runs, trigger: exec, memory: 1 }]
    error: corematrix.yaml: 2 errors
    corematrix.yaml:2:34: objects.0.mode: unknown value "runs" (did you mean run?); expected load, attach or run
    corematrix.yaml:2:63: objects.0.memory: expected at least 256
    exit 2
    kernels: [debian:6.12]
    objects: [{ path: a.bpf.o, mode: run, trigger: [exec, { test_run: { program: on_opne } }], maps: { none: {} } }]
    error: corematrix.yaml:2:106: no map "none" in the object; it has: opens, seen, execs, connects, .bss
    error: corematrix.yaml:2:78: no program "on_opne" in the object (did you mean on_open?); it has: on_open, on_exec, on_connect, each_task, drop_all, on_restart
    error: no object can be used
    exit 2"
  `);
});

it('every command that reads a configuration has the same words for its faults', async () => {
  const commands = [...READING_OBJECTS, ['floor', 'a.bpf.o'], ['types', 'show', 'task_struct'], ['explain', 'a.bpf.o']];
  const texts = [
    'kernels: [cached, "debian:>=6.1,<5"]\nobjects: [*.bpf.o]\n',
    'objects:\n\t- a.bpf.o\n',
    'objects: [a.bpf.o]\n---\njobs: 1\n',
    'objects: !own [a.bpf.o]\njobs: 12345678901234567890\n',
  ];
  const answers: string[] = [];
  for (const text of texts) answers.push(`${text}${await answer(text, commands)}`);
  expect(answers.join('\n')).toMatchInlineSnapshot(`
    "kernels: [cached, "debian:>=6.1,<5"]
    objects: [*.bpf.o]
    error: corematrix.yaml: 3 errors
    corematrix.yaml:1:11: kernels.0: 'cached' names every kernel in the cache: only "predict -k" and "types -k" take it. Expected kernels, for example debian:6.12, deb:PATH, rpm:PATH, dir:PATH or file:PATH (all forms: corematrix kernels --help)
    corematrix.yaml:1:19: kernels.1: kernel selector 'debian:>=6.1,<5': '>=6.1,<5' is an empty range: no kernel version is >=6.1 and also <5; all conditions between commas must hold; debian:all means every series
    corematrix.yaml:2:11: no anchor &.bpf.o before the alias *.bpf.o; a text that begins with * needs quotes: "*.bpf.o"
    exit 2
    objects:
    	- a.bpf.o
    error: corematrix.yaml:2:1: not valid YAML: a tab as indentation; write spaces in its place
    exit 2
    objects: [a.bpf.o]
    ---
    jobs: 1
    error: corematrix.yaml:2:1: not valid YAML: a second document begins here; a configuration is one document: remove the line "---", or make two files
    exit 2
    objects: !own [a.bpf.o]
    jobs: 12345678901234567890
    error: corematrix.yaml: 2 errors
    corematrix.yaml:1:10: the tag !own has no meaning in a configuration; remove it
    corematrix.yaml:2:7: jobs: expected a number of at most 9007199254740991, not 12345678901234567890
    exit 2"
  `);
});

it('what a configuration names and is not there has its place in the configuration', async () => {
  const texts = [
    `objects: [b.bpf.o, 'd/*.o', { path: c.bpf.o, name: c }, { path: 'e/*.o', mode: attach }]\nkernels: [debian:6.12]\n`,
    'objects: [a.bpf.o]\nkernels: [debian:6.12]\nlock: locks/none.json\n',
    'objects: [a.bpf.o]\nkernels: [debian:6.12]\nlock: ""\nmirrors: [deb.debian.example, "ftp://127.0.0.1/debian"]\n',
  ];
  const answers: string[] = [];
  for (const text of texts) answers.push(`${text}${await answer(text, [['plan'], ['run']])}`);
  expect(answers.join('\n')).toMatchInlineSnapshot(`
    "objects: [b.bpf.o, 'd/*.o', { path: c.bpf.o, name: c }, { path: 'e/*.o', mode: attach }]
    kernels: [debian:6.12]
    error: corematrix.yaml:1:20: d/*.o: no file matches (in .)
    error: corematrix.yaml:1:65: e/*.o: no file matches (in .)
    error: corematrix.yaml:1:11: b.bpf.o: no such file
    error: corematrix.yaml:1:37: c.bpf.o: no such file
    error: no object can be used
    exit 2
    objects: [a.bpf.o]
    kernels: [debian:6.12]
    lock: locks/none.json
    error: corematrix.yaml:3:7: locks/none.json: no such lock file; "corematrix kernels lock" makes one
    exit 2
    objects: [a.bpf.o]
    kernels: [debian:6.12]
    lock: ""
    mirrors: [deb.debian.example, "ftp://127.0.0.1/debian"]
    error: corematrix.yaml: 3 errors
    corematrix.yaml:3:7: lock: expected text that is not empty
    corematrix.yaml:4:11: mirrors.0: 'deb.debian.example' is not the address of a Debian mirror: expected http:// or https://
    corematrix.yaml:4:31: mirrors.1: 'ftp://127.0.0.1/debian' is not the address of a Debian mirror: expected http:// or https://
    exit 2"
  `);
});

it('kernels that do not exist are all named in one go, each with its place, also beside one that exists', async () => {
  const text =
    'kernels:\n  - file:none\n  - debian:6.1\n  - { selector: deb:x.deb }\n  - { selector: deb:y.deb, optional: true }\nobjects: [a.bpf.o]\n';
  expect(await answer(text, [['plan'], ['run'], ['floor', 'a.bpf.o']])).toMatchInlineSnapshot(`
    "optional, left out: deb:y.deb: no such file
    error: kernels: 2 errors
    corematrix.yaml:2:5: file:none: no such file
    corematrix.yaml:4:5: deb:x.deb: no such file
    exit 2"
  `);
  const { stderr } = await corematrix(folder, ['predict']);
  expect(stderr).toMatchInlineSnapshot(`
    "error: corematrix.yaml:2:5: file:none: no such file
    error: corematrix.yaml:4:5: deb:x.deb: no such file"
  `);
});
