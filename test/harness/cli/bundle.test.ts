// Tests of bundles in report folders: `rerun` on a machine that has nothing else of the run.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packFiles } from '../../../harness/plan/packing/archive.ts';
import { BUNDLE_FILE } from '../../../harness/plan/bundle/schema.ts';
import { readBundleFiles } from '../../../harness/plan/bundle/archive.ts';
import { sample } from '../run/real-run.ts';
import { corematrix, steady } from './command.ts';

const KERNEL = 'debian:6.12';
const CONFIG = `
objects:
  - { path: build/tasks.bpf.o, variables: {} }
  - { path: build/tasks.bpf.o, name: tool, command: { argv: [./tool, '{object}', '{folder}/word.txt'], files: [word.txt], env: { WORD: beside } } }
  - path: build/watch.bpf.o
    mode: run
    trigger: { command: { argv: [./poke] } }
expectations:
  - { object: tasks.bpf.o, program: old_name, status: fail, class: core-field-missing, reason: renamed in 5.14 }
`;

let folder = '';
/** The report, far from the files of its run, which are gone. */
let report = '';
let ran = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  const project = join(folder, 'project');
  await mkdir(join(project, 'build'), { recursive: true });
  await copyFile(sample('task_state'), join(project, 'build/tasks.bpf.o'));
  await copyFile(sample('exec_watch'), join(project, 'build/watch.bpf.o'));
  const sources = {
    'word.c': 'int word(void) { return 4; }',
    'tool.c':
      '#include <stdio.h>\n#include <stdlib.h>\nint word(void);\nint main(int count, char **arguments) { char text[64] = ""; FILE *file = fopen(arguments[2], "r"); ' +
      'fgets(text, sizeof(text), file); fprintf(stderr, "%s %s\\n", text, getenv("WORD")); return fopen(arguments[1], "r") ? word() : 5; }',
    'poke.c':
      '#include <unistd.h>\n#include <sys/wait.h>\nint main(int count, char **arguments) { if (count > 1) return 0; if (fork() == 0) execl("/proc/self/exe", "poke", "x", (char *)0); wait(0); return 0; }',
    'word.txt': 'hello',
    'corematrix.yaml': CONFIG,
  };
  for (const [name, text] of Object.entries(sources)) await writeFile(join(project, name), text);
  const gcc = async (...args: string[]) => execa('gcc', args, { cwd: project });
  await gcc('-shared', '-fPIC', 'word.c', '-o', 'libword.so');
  await gcc('tool.c', '-o', 'tool', '-L.', '-lword', '-Wl,-rpath,$ORIGIN');
  await gcc('poke.c', '-o', 'poke');
  ran = (await corematrix(project, ['run', '-k', KERNEL, '-o', 'out'], { CI: 'true' })).stderr;
  report = join(folder, 'elsewhere');
  await rename(join(project, 'out'), report);
  await rm(project, { recursive: true });
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

interface Verdict {
  object: string;
  status: string;
  reason: string | null;
  programs: readonly { name: string; status: string }[];
}

const cellsOf = async (path: string): Promise<Verdict[]> => JSON.parse(await readFile(join(path, 'results.json'), 'utf8')).cells;
const verdictOf = ({ object, status, reason, programs }: Verdict) => ({
  object,
  status,
  reason,
  programs: programs.map((program) => `${program.name} ${program.status}`),
});

/** A copy of the report with another bundle. */
async function withBundle(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  await copyFile(join(report, 'results.json'), join(path, 'results.json'));
  await writeFile(join(path, BUNDLE_FILE), bytes);
  return path;
}

const said = async (path: string, ...args: string[]) => {
  const { stderr, exitCode } = await corematrix(folder, ['rerun', path, ...args, '-o', 'again']);
  return `${steady(stderr).replaceAll(folder, 'FOLDER')} (exit ${exitCode})`;
};

test('a run in CI writes a bundle, and says its size', () => {
  expect(ran).toMatch(/^bundle: out\/bundle\.tar \(4 files, \d+\.\d MiB\)$/m);
});

test('a rerun from a bundle gives the verdict of the run, although nothing else of it is left', async () => {
  const before = await cellsOf(report);
  expect(before.map(({ object, status }) => `${object} ${status}`)).toEqual(['tasks xfail', 'tool fail', 'watch pass']);
  for (const cell of before) {
    const { stderr } = await corematrix(folder, ['rerun', 'elsewhere', `6.12/${cell.object}`, '-o', `again-${cell.object}`]);
    expect(stderr).toContain('note: the object and its settings are those of elsewhere/bundle.tar');
    const [kept = ''] = await readdir(join(folder, `again-${cell.object}`));
    const [again] = await cellsOf(join(folder, `again-${cell.object}`, kept));
    expect(again && verdictOf(again)).toEqual(verdictOf(cell));
  }
});

test('a rerun that does not trust the bundle refuses programs in it, and runs an object without', async () => {
  expect(await said('elsewhere', '6.12/tool', '--untrusted')).toContain(
    'error: elsewhere/bundle.tar: build/tasks.bpf.o: objects.0.command: refused because the configuration is not trusted: it packs programs and files',
  );
  expect(await said('elsewhere', '6.12/tasks', '--untrusted')).toMatch(/\(exit 0\)$/);
});

test('a bundle with other bytes, other paths or of another run is refused', async () => {
  const bytes = await readFile(join(report, BUNDLE_FILE));
  const { plan, byDigest } = readBundleFiles(bytes, BUNDLE_FILE);
  const files = [...byDigest].map(([digest, content]) => ({ path: `sha256/${digest}`, bytes: content, executable: false }));
  const planFile = (change: (plan: Record<string, unknown>) => object) => ({
    path: 'plan.json',
    bytes: Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(plan).toString())))),
    executable: false,
  });
  const same = planFile((all) => all);
  const altered = Buffer.from(bytes);
  altered.writeUInt8(altered.readUInt8(bytes.length - 5000) ^ 1, bytes.length - 5000);
  const path = (name: string) => ({ path: name, bytes: Buffer.from('x'), executable: false });
  const bundles: Record<string, Uint8Array> = {
    altered,
    cut: bytes.subarray(0, bytes.length - 5000),
    climbing: packFiles([same, ...files, path('sha256/../../evil')]),
    absolute: packFiles([same, ...files, path('/etc/evil')]),
    twice: packFiles([same, ...files, ...files.slice(0, 1)]),
    folders: packFiles([same, ...files], ['sha256']),
    lacking: packFiles([same]),
    'other-run': packFiles([planFile((all) => ({ ...all, run: 'another' })), ...files]),
    'other-plan': packFiles([planFile((all) => ({ ...all, version: 9 })), ...files]),
    text: Buffer.from('not an archive'),
  };
  const problems: Record<string, string> = {};
  for (const [name, content] of Object.entries(bundles)) {
    const place = await withBundle(name, content);
    problems[name] = (await said(place, '6.12/tasks')).replaceAll(/[0-9a-f]{64}/g, 'DIGEST');
  }
  expect(problems).toMatchInlineSnapshot(`
    {
      "absolute": "error: FOLDER/absolute/bundle.tar: /etc/evil: no path of a bundle (exit 2)",
      "altered": "error: FOLDER/altered/bundle.tar: sha256/DIGEST: its bytes were changed; their sha256 is DIGEST (exit 2)",
      "climbing": "error: FOLDER/climbing/bundle.tar: sha256/../../evil: no path of a bundle (exit 2)",
      "cut": "error: FOLDER/cut/bundle.tar: damaged: sha256/DIGEST is cut off (exit 2)",
      "folders": "error: FOLDER/folders/bundle.tar: sha256: only plain files are allowed in a bundle (exit 2)",
      "lacking": "error: FOLDER/lacking/bundle.tar: the file DIGEST of its plan is missing (exit 2)",
      "other-plan": "error: FOLDER/other-plan/bundle.tar: its plan is not one that this version wrote: version: expected 1, found 9 (exit 2)",
      "other-run": "error: FOLDER/other-run/bundle.tar: the bundle of another run than the results beside it; remove one of both (exit 2)",
      "text": "error: FOLDER/text/bundle.tar: damaged: its end is missing (exit 2)",
      "twice": "error: FOLDER/twice/bundle.tar: sha256/DIGEST: no path of a bundle (exit 2)",
    }
  `);
});

test('a run writes no bundle by itself outside of CI, nor with --no-bundle, and the next report removes that of the one before', async () => {
  const place = join(folder, 'plain');
  await mkdir(place);
  const run = async (env: Record<string, string>, ...args: string[]) => {
    await corematrix(place, ['run', sample('task_state'), '-k', KERNEL, '-o', 'out', ...args], env);
    return (await readdir(join(place, 'out'))).includes(BUNDLE_FILE);
  };
  expect([await run({}), await run({ CI: 'true' }), await run({ CI: 'true' }, '--no-bundle'), await run({}, '--bundle')]).toEqual([
    false,
    true,
    false,
    true,
  ]);
});
