// Tests of options that are given twice: none of two values is lost without a word.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProgram } from '../../../harness/cli/program.ts';
import { corematrix } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'once-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

it('an option with one value is refused if it is given twice with different values', async () => {
  const said: string[] = [];
  for (const line of [
    'predict x.bpf.o --loader libbpf@1.1 --loader cilium@0.22',
    'plan -c a.yaml --config b.yaml',
    'run -j 1 -j 2',
    'report x --format json --format tap',
    'exec -k debian:6.12 --timeout 3 --timeout 4 -- true',
    'kernels lock -k debian:6.12 -o a.json -o b.json',
  ]) {
    const { exitCode, stderr } = await corematrix(folder, line.split(' '));
    said.push(`${exitCode} ${stderr.split('\n')[0] ?? ''}`);
  }
  expect(said.join('\n')).toMatchInlineSnapshot(`
    "2 error: option '--loader <name>' is given twice, with libbpf@1.1 and cilium@0.22; give it once
    2 error: option '-c, --config <file>' is given twice, with a.yaml and b.yaml; give it once
    2 error: option '-j, --jobs <n>' is given twice, with 1 and 2; give it once
    2 error: option '--format <name>' is given twice, with json and tap; give it once
    2 error: option '--timeout <seconds>' is given twice, with 3 and 4; give it once
    2 error: option '-o, --out <file>' is given twice, with a.json and b.json; give it once"
  `);
});

it('the same value twice, and values that are collected, are no fault', async () => {
  const line = 'predict none.bpf.o -k btf:none -k btf:other --loader libbpf@1.1 --loader libbpf@1.1';
  const { stderr } = await corematrix(folder, line.split(' '));
  expect(stderr).toMatchInlineSnapshot(`
    "error: none.bpf.o: no such file
    error: btf:none: no such file
    error: btf:other: no such file
    error: no object can be used"
  `);
});

/** Values that options accept which do not accept any. */
const VALUES: Readonly<Record<string, string>> = {
  '--env': 'A=1',
  '--loader': 'libbpf@1.1',
  '--format': 'json',
  '--mirror': 'http://192.0.2.1/debian',
  '--trust-mirror': 'http://192.0.2.1/debian',
};

it('every option whose help says repeatable collects its values', async () => {
  const program = await buildProgram();
  const repeatable = program.commands.flatMap((command) => command.options.filter(({ description }) => description.includes('repeatable')));
  // A list, or the names of all variables.
  const isList = (value: unknown) => typeof value === 'object' && value !== null;
  const collected = repeatable.map(({ parseArg, long }) => [long, isList(parseArg?.(VALUES[long ?? ''] ?? 'a', undefined))]);
  expect(collected.length).toBeGreaterThan(10);
  expect(collected.filter(([, isCollected]) => isCollected !== true)).toEqual([]);
});
