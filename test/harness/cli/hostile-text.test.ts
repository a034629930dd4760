// Tests of names with control characters in files, in a configuration and in an object. None may reach the terminal.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sample } from '../run/real-run.ts';
import { corematrix, type Said, steady } from './command.ts';

const TITLE = '\u001b]0;x\u0007';
const NAMES = [`${TITLE}.bpf.o`, 'two\nerror: lines.bpf.o', '\u009b2J.bpf.o', '\u202eo.fpb', '::error::x.bpf.o', '\ud800.bpf.o'];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-text-'));
  for (const name of NAMES) await writeFile(join(folder, name), 'int main(void);\n');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The output of a run, after a check of every character. */
function shown({ exitCode, stdout, stderr }: Said): string {
  expect(`${stdout}${stderr}`).not.toMatch(/[^\P{Cc}\n]|[\p{Cf}\u2028\u2029]/u);
  return `${steady(stderr)}\n---\n${steady(stdout)}\nexit ${exitCode}`;
}

async function withConfig(text: string): Promise<string> {
  await writeFile(join(folder, 'c.yaml'), text);
  return shown(await corematrix(folder, ['run', '-c', 'c.yaml']));
}

describe('on the command line', () => {
  it('files with hostile names that are not objects are reported in one line each', async () => {
    expect(shown(await corematrix(folder, ['run', ...NAMES, '-k', 'debian:6.12']))).toMatchInlineSnapshot(`
      "error: \\x1b]0;x\\x07.bpf.o: not an ELF file
      error: two\\x0aerror: lines.bpf.o: not an ELF file
      error: \\x9b2J.bpf.o: not an ELF file
      error: \\u202eo.fpb: not an ELF file
      error: \\x3a:error::x.bpf.o: not an ELF file
      error: �.bpf.o: not an ELF file
      error: no object can be used
      ---

      exit 2"
    `);
  });

  it('hostile names of missing files, patterns, selectors, options and commands are printed escaped', async () => {
    const said = await Promise.all([
      corematrix(folder, ['run', `no${TITLE}`, `*${TITLE}`, '-k', 'debian:6.12']),
      corematrix(folder, ['run', `--a${TITLE}\nb`]),
      corematrix(folder, [`a${TITLE}\nb`]),
      corematrix(folder, ['run', 'x', '-k', 'y', '--jobs', `${TITLE}\n`]),
      corematrix(folder, ['kernels', 'list', `debian:6.12/${TITLE}`]),
      corematrix(folder, ['kernels', 'list', `file:${TITLE}\nb`]),
      corematrix(folder, ['kernels', 'pull', '--lock', `${TITLE}\n.json`]),
      corematrix(folder, ['run', '-c', `${TITLE}\n.yaml`]),
    ]);
    expect(said.map(shown).join('\n')).toMatchInlineSnapshot(`
      "error: *\\x1b]0;x\\x07: no file matches (in .)
      error: no\\x1b]0;x\\x07: no such file
      error: no object can be used
      ---

      exit 2
      error: unknown option '--a\\x1b]0;x\\x07\\x0ab'
      (add --help for the possible arguments)
      ---

      exit 2
      error: unknown command 'a\\x1b]0;x\\x07\\x0ab'
      (add --help for the possible arguments)
      ---

      exit 2
      error: option '-j, --jobs <n>' argument '\\x1b]0;x\\x07\\x0a' is invalid. Expected a number above 0.
      (add --help for the possible arguments)
      ---

      exit 2
      error: kernel selector 'debian:6.12/\\x1b]0;x\\x07': '\\x1b]0;x\\x07' is neither an architecture nor a flavour; known are amd64, arm64, cloud, generic, rt
      ---

      exit 2
      error: file:\\x1b]0;x\\x07\\x0ab: no such file
      ---

      exit 2
      error: \\x1b]0;x\\x07\\x0a.json: no such lock file; "corematrix kernels lock" makes one
      ---

      exit 2
      error: \\x1b]0;x\\x07\\x0a.yaml: no such configuration; "corematrix init" writes one
      ---

      exit 2"
    `);
  });
});

describe('patterns', () => {
  it('patterns that expand to millions of others or are too complex are refused at once', async () => {
    const braces = ['{1..10000000}.o', '{a,b}'.repeat(20), '['.repeat(5000), `${'*a'.repeat(2000)}b`, '../{text,two,none}*.{o,x}'];
    expect(shown(await corematrix(folder, ['run', ...braces, '-k', 'debian:6.12']))).toMatchInlineSnapshot(`
      "error: {1..10000000}.o: the pattern cannot be expanded: expanded array length exceeds range limit
      error: {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}: its braces mean more than 1000 patterns
      error: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[: a pattern of 5000 characters is too long
      error: *a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a: the pattern cannot be expanded: ENAMETOOLONG: name too long
      error: ../{text,two,none}*.{o,x}: no file matches (in .)
      error: no object can be used
      ---

      exit 2"
    `);
  });
});

describe('in a configuration', () => {
  it('hostile keys, values and invalid YAML in a configuration are printed escaped', async () => {
    const said = [
      await withConfig('"\\e]0;x\\a\\n": 1\n'),
      await withConfig('kernels: ["debian:6.12/\\e]0;x\\a"]\nobjects: ["*.o"]\n'),
      await withConfig('kernels: ["debian:6.12"]\nobjects: ["*.o"]\n'),
      await withConfig('kernels: ["debian:6.12"]\nobjects: ["\\e]0;x\\a\\nerror: y"]\n'),
      await withConfig('kernels: ["debian:6.12"]\nobjects: ["x"]\nlock: "\\e]0;x\\a"\n'),
      await withConfig('expectations:\n  - { object: a, status: "\\e]0;x\\a", reason: r }\n'),
      await withConfig(`a: [${TITLE}\n`),
      await withConfig(`"${'\\e'.repeat(5000)}": 1\n`),
    ];
    expect(said.join('\n')).toMatchInlineSnapshot(`
      "error: c.yaml:1:1: unknown key "\\x1b]0;x\\x07\\x0a"; possible here: kernels, objects, defaults, loaders, lock, history, mirrors, timeout, bootTimeout, jobs, cache, isolation, formats, policy, expectations
      ---

      exit 2
      error: c.yaml: 6 errors
      c.yaml:1:11: kernels.0: kernel selector 'debian:6.12/\\x1b]0;x\\x07': '\\x1b]0;x\\x07' is neither an architecture nor a flavour; known are amd64, arm64, cloud, generic, rt
      \\x1b]0;x\\x07.bpf.o: not an ELF file
      \\x3a:error::x.bpf.o: not an ELF file
      two\\x0aerror: lines.bpf.o: not an ELF file
      \\x9b2J.bpf.o: not an ELF file
      �.bpf.o: not an ELF file
      ---

      exit 2
      error: \\x1b]0;x\\x07.bpf.o: not an ELF file
      error: \\x3a:error::x.bpf.o: not an ELF file
      error: two\\x0aerror: lines.bpf.o: not an ELF file
      error: \\x9b2J.bpf.o: not an ELF file
      error: �.bpf.o: not an ELF file
      error: no object can be used
      ---

      exit 2
      error: c.yaml:2:11: \\x1b]0;x\\x07\\x0aerror: y: no such file
      error: no object can be used
      ---

      exit 2
      error: c.yaml:2:11: x: no such file
      error: no object can be used
      ---

      exit 2
      error: c.yaml:2:26: expectations.0.status: unknown value "\\x1b]0;x\\x07"; expected fail or unsupported
      ---

      exit 2
      error: c.yaml:1:7: not valid YAML: Unexpected scalar at node end
      ---

      exit 2
      error: c.yaml:1:1: not valid YAML: The : indicator must be at most 1024 chars after the start of an implicit block mapping key
      ---

      exit 2"
    `);
  });
});

it('hostile names of programs in an object are printed escaped', async () => {
  const object = await readFile(sample('exec_watch'));
  const hostile = Buffer.from(object.toString('latin1').replaceAll('on_exec\0', '\u001b]0;xy\u0007\0'), 'latin1');
  expect(hostile.equals(object)).toBe(false);
  await writeFile(join(folder, 'names.bpf.o'), hostile);
  expect(shown(await corematrix(folder, ['run', 'names.bpf.o', '-k', 'debian:6.12', '--verbose']))).toMatchInlineSnapshot(`
    "1 kernel × 1 object: 1 cell, N at a time
    fail names on 6.12: the kernel refuses program type tracing, or its attach type or flags, before verification: EINVAL
    report: corematrix-report/index.html
    next: corematrix explain corematrix-report
    ---

                    6.12
    names
      \\x1b]0;xy\\x07 FAIL
      on_exit         ok

    fail program-type-unsupported: the kernel refuses program type tracing, or its attach type or flags, before verification: EINVAL [97ad8c761aaf]
         names/\\x1b]0;xy\\x07 on 6.12

    ≠ not predicted to fail, but it fails with program-type-unsupported
         names/\\x1b]0;xy\\x07 on 6.12

    1 pass, 1 fail (1 kernel, 1 object, N s, ACCEL, libbpf N)
    exit 1"
  `);
});
