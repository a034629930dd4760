// Tests of every argument, option and key that names a file to read: a pipe, a device, a folder or a huge file never hangs a command.
import { copyFile, mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderJson } from '../../../reports/json.ts';
import { elfImage } from '../../kernels/fixtures.ts';
import { night } from '../results/history/nights.ts';
import { KERNEL_FOLDERS, linkedCache, sample } from '../run/real-run.ts';
import { hasTerminals, MAIN } from './command.ts';

/** Longer than any command takes on a busy machine. */
const HANGS_MS = 60_000;
const HUGE = 6 * 2 ** 30;
const KINDS = ['pipe', 'device', 'folder', 'huge'] as const;
type Kind = (typeof KINDS)[number];

let folder = '';
/** Keeps the invented kernel out of the machine's cache. */
let cache = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unfit-files-'));
  cache = await linkedCache(join(folder, 'cache'), KERNEL_FOLDERS);
  const path = (name: string) => join(folder, name);
  await copyFile(sample('exec_watch'), path('good.bpf.o'));
  await writeFile(path('vmlinux'), elfImage());
  const results = night({ day: 1, statuses: ['pass', 'pass'] });
  const objects = results.objects.map((object) => ({ ...object, path: 'good.bpf.o' }));
  await writeFile(path('good.json'), renderJson({ ...results, objects }));
  // Results are recognised by the end of their name, so every kind also exists with this ending.
  for (const ending of ['', '.json']) {
    await execa('mkfifo', [path(`pipe${ending}`)]);
    await mkdir(path(`folder${ending}`));
    await execa('ln', ['-s', '/dev/zero', path(`device${ending}`)]);
    const huge = await open(path(`huge${ending}`), 'w');
    await huge.truncate(HUGE);
    await huge.close();
  }
  for (const kind of KINDS) {
    const inside = { report: 'unfinished.jsonl', results: 'results.json', record: '.corematrix-report.json' };
    for (const [name, file] of Object.entries(inside)) {
      await mkdir(path(`${name}-${kind}`));
      await execa('ln', ['-s', `../${kind}`, path(`${name}-${kind}/${file}`)]);
    }
  }
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const K = ['-k', 'file:vmlinux'];
const BTF = ['-k', 'btf:vmlinux'];

/** Command lines with a file in them. `config` is the text of the configuration that -c CONFIG names. */
interface Case {
  args: (file: string) => readonly string[];
  config?: (file: string) => string;
  /** Kinds that this command accepts. */
  except?: readonly Kind[];
}

const configured = (text: string) => `objects: [good.bpf.o]\nkernels: ['file:vmlinux']\n${text}\n`;
const withCommand = (command: string) => `objects: [{ path: good.bpf.o, command: { ${command} } }]\nkernels: ['file:vmlinux']\n`;
const plan = () => ['plan', '-c', 'CONFIG'];

const CASES = {
  'run OBJECT': { args: (file) => ['run', file, ...K] },
  'plan OBJECT': { args: (file) => ['plan', file, ...K] },
  'predict OBJECT': { args: (file) => ['predict', file, ...BTF] },
  // A folder is accepted as a report folder.
  'explain OBJECT': { args: (file) => ['explain', file, ...BTF], except: ['folder'] },
  'floor OBJECT': { args: (file) => ['floor', file, ...K] },
  'init OBJECT': { args: (file) => ['init', file, '-c', 'new.yaml'] },
  'init -c --force': { args: (file) => ['init', 'good.bpf.o', '-c', file, '--force'], except: ['huge'] },
  'run -c': { args: (file) => ['run', '-c', file] },
  'plan -c': { args: (file) => ['plan', '-c', file] },
  'predict -c': { args: (file) => ['predict', 'good.bpf.o', '-c', file, ...BTF] },
  'explain -c': { args: (file) => ['explain', 'good.bpf.o', '-c', file, ...BTF] },
  'floor -c': { args: (file) => ['floor', 'good.bpf.o', '-c', file, ...K] },
  'expectations update -c': { args: (file) => ['expectations', 'update', 'good.json', '-c', file] },
  'rerun -c': { args: (file) => ['rerun', 'good.json', '6.12/probes', '-c', file] },
  'run --baseline': { args: (file) => ['run', 'good.bpf.o', ...K, '--baseline', file] },
  'plan --baseline': { args: (file) => ['plan', 'good.bpf.o', ...K, '--baseline', file] },
  'report --baseline': { args: (file) => ['report', 'good.json', '--baseline', file, '-o', 'new'] },
  'merge --baseline': { args: (file) => ['merge', 'good.json', '--baseline', file, '-o', 'new'] },
  'run --history': { args: (file) => ['run', 'good.bpf.o', ...K, '--history', file] },
  'merge --history': { args: (file) => ['merge', 'good.json', '--history', file, '-o', 'new'] },
  'run --resume': { args: (file) => ['run', 'good.bpf.o', ...K, '--resume', '-o', `report-${file}`] },
  'report -o, results.json': { args: (file) => ['report', 'good.json', '-o', `results-${file}`], except: ['folder'] },
  'report -o, record': { args: (file) => ['report', 'good.json', '-o', `record-${file}`], except: ['folder'] },
  'report RESULTS': { args: (file) => ['report', file, '-o', 'new'] },
  'merge RESULTS': { args: (file) => ['merge', file, '-o', 'new'] },
  'rerun RESULTS': { args: (file) => ['rerun', file, '6.12/probes'] },
  'explain RESULTS': { args: (file) => ['explain', `${file}.json`] },
  'expectations update RESULTS': { args: (file) => ['expectations', 'update', file, '-c', 'CONFIG'], config: () => configured('') },
  'kernels list --lock': { args: (file) => ['kernels', 'list', '--lock', file] },
  'kernels pull --lock': { args: (file) => ['kernels', 'pull', '--lock', file] },
  'kernels outdated --lock': { args: (file) => ['kernels', 'outdated', '--lock', file] },
  'kernels update --lock': { args: (file) => ['kernels', 'update', '--lock', file] },
  'kernels lock -o': { args: (file) => ['kernels', 'lock', '-o', file] },
  'kernels lock -o --force': { args: (file) => ['kernels', 'lock', '-o', file, '--force'], except: ['huge'] },
  'plan --mirror-key': { args: (file) => ['plan', 'good.bpf.o', '-k', 'debian:6.12', '--mirror-key', file] },
  'kernels list --mirror-key': { args: (file) => ['kernels', 'list', '--mirror-key', file] },
  'kernels pull --mirror-key': { args: (file) => ['kernels', 'pull', '--mirror-key', file] },
  'plan -k file:': { args: (file) => ['plan', 'good.bpf.o', '-k', `file:${file}`] },
  'plan -k deb:': { args: (file) => ['plan', 'good.bpf.o', '-k', `deb:${file}`] },
  'kernels pull file:': { args: (file) => ['kernels', 'pull', `file:${file}`] },
  'kernels pull --modules deb:': { args: (file) => ['kernels', 'pull', '--modules', `deb:${file}`] },
  'predict -k btf:': { args: (file) => ['predict', 'good.bpf.o', '-k', `btf:${file}`] },
  'types show -k btf:': { args: (file) => ['types', 'show', 'task_struct', '-k', `btf:${file}`] },
  'objects:': { args: plan, config: (file) => `objects: [${file}]\nkernels: ['file:vmlinux']\n` },
  'kernels:': { args: plan, config: (file) => `objects: [good.bpf.o]\nkernels: ['file:${file}']\n` },
  'btf:': { args: plan, config: (file) => configured(`defaults: { btf: ${file} }`) },
  'lock:': { args: plan, config: (file) => configured(`lock: ${file}`) },
  'history:': { args: () => ['run', '-c', 'CONFIG'], config: (file) => configured(`history: ${file}`) },
  'command.argv:': { args: plan, config: (file) => withCommand(`argv: [./${file}]`) },
  'command.files:': { args: plan, config: (file) => withCommand(`argv: [/bin/true], files: [${file}]`) },
} as const satisfies Record<string, Case>;

async function said({ args, config }: Case, kind: Kind) {
  const text = config?.(kind);
  if (text !== undefined) await writeFile(join(folder, `${kind}.yaml`), text);
  const words = args(kind).map((word) => (word === 'CONFIG' ? `${kind}.yaml` : word));
  const { exitCode, stderr } = await execa('node', [MAIN, ...words], {
    cwd: folder,
    env: { GITHUB_ACTIONS: '', COREMATRIX_CACHE: cache, COREMATRIX_DEBIAN_MIRROR: 'http://127.0.0.1:1/debian' },
    reject: false,
    stdin: 'ignore',
    timeout: HANGS_MS,
  });
  const errors = stderr.split('\n').filter((line) => line.startsWith('error: '));
  return { kind, exitCode, names: errors.some((line) => line.includes(kind)), isShort: errors.length <= 3 && stderr.length < 2000 };
}

const IN_SHELL = {
  OBJECT: (file) => ['shell', file, ...K],
  '-k file:': (file) => ['shell', '-k', `file:${file}`],
  '--mirror-key': (file) => ['shell', '-k', 'debian:6.12', '--mirror-key', file],
} as const satisfies Record<string, (file: string) => readonly string[]>;

async function saidOnTerminal(args: readonly string[], kind: Kind) {
  const { exitCode, stdout } = await execa('script', ['-qec', ['node', MAIN, ...args].join(' '), '/dev/null'], {
    cwd: folder,
    env: { GITHUB_ACTIONS: '', COREMATRIX_CACHE: cache, COREMATRIX_DEBIAN_MIRROR: 'http://127.0.0.1:1/debian' },
    reject: false,
    timeout: HANGS_MS,
  });
  const errors = stripVTControlCharacters(stdout)
    .split(/\r?\n/)
    .filter((line) => line.startsWith('error: '));
  return { kind, exitCode, names: errors.some((line) => line.includes(kind)) };
}

describe('a pipe, a device, a folder and a huge file', () => {
  it.each(Object.entries<Case>(CASES))(
    '"%s" refuses a pipe, a device, a folder and a huge file at once with their name and exit code 2',
    async (_, each) => {
      const kinds = KINDS.filter((kind) => !each.except?.includes(kind));
      const expected = kinds.map((kind) => ({ kind, exitCode: 2, names: true, isShort: true }));
      expect(await Promise.all(kinds.map(async (kind) => said(each, kind)))).toEqual(expected);
    },
  );

  // A container may have no terminals, which a shell needs.
  it.skipIf(!hasTerminals).each(Object.entries(IN_SHELL))(
    'a shell on a terminal refuses a pipe, a device, a folder and a huge file at once with their name and exit code 2 as %s',
    async (_, args) => {
      const expected = KINDS.map((kind) => ({ kind, exitCode: 2, names: true }));
      expect(await Promise.all(KINDS.map(async (kind) => saidOnTerminal(args(kind), kind)))).toEqual(expected);
    },
  );
});
