// Tests of attach targets that exist but cannot be traced, in real guests: the reasons name what the compiler or the kernel did.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePlacedConfig } from '../../../harness/plan/config/load.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { cacheRoot } from '../../../harness/base/files.ts';
import { ensureLibbpf } from '../../../harness/setup/libbpf.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun } from './real-run.ts';

const SOURCE = `
SEC("fentry/blk_account_io_start") int start(u64 *ctx) { return 0; }
SEC("kprobe/blk_account_io_start") int start_kprobe(void *ctx) { return 0; }
SEC("kretprobe/blk_account_io_start") int start_return(void *ctx) { return 0; }
SEC("fexit/blk_account_io_done") int done(u64 *ctx) { return 0; }
SEC("kprobe/blk_account_io_done") int done_kprobe(void *ctx) { return 0; }
SEC("fentry/finish_task_switch") int finish(u64 *ctx) { return 0; }
SEC("kprobe/finish_task_switch") int finish_kprobe(void *ctx) { return 0; }
SEC("kprobe/no_such_function") int nowhere(void *ctx) { return 0; }
SEC("kprobe/vfs_read") int fine(void *ctx) { return 0; }
`;
const PROGRAMS = [...SOURCE.matchAll(/int (\w+)\(/g)].map(([, name = '']) => name);
const KERNELS = ['debian:5.10', 'debian:6.12', 'debian:7.3'];

let folder = '';
let object = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'untraceable-'));
  object = await compileBpf(folder, 'untraceable', SOURCE);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function outcomes(programs: Record<string, { autoload: 'if-supported' }>) {
  const { objects, problems } = await readInputs({
    sources: [{ pattern: object, settings: { mode: 'attach', programs } }],
    directory: '/',
  });
  expect(problems).toEqual([]);
  const { cells } = await realRun([], KERNELS, { objects });
  expect(cells.flatMap((cell) => cell.programs.filter(({ predicted }) => predicted?.agrees === false))).toEqual([]);
  return Object.fromEntries(
    cells.map((cell) => [
      /\d+\.\d+/.exec(cell.kernel)?.[0],
      cell.programs.map(({ name, status, class: failure, reason }) =>
        [name, status, ...(failure === null ? [] : [failure]), reason ?? ''].join(' ').trim(),
      ),
    ]),
  );
}

test('a program that cannot be attached to a function says what the kernel lists of the function', { timeout: 600_000 }, async () => {
  expect(await outcomes({})).toMatchInlineSnapshot(`
    {
      "5.10": [
        "start pass",
        "start_kprobe pass",
        "start_return pass",
        "done pass",
        "done_kprobe pass",
        "finish pass",
        "finish_kprobe pass",
        "nowhere fail attach-target-missing attach target no_such_function (kprobe) is not a function of vmlinux or of a loaded module",
        "fine pass",
      ],
      "6.12": [
        "start fail attach-failed function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "start_kprobe fail attach-failed function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "start_return fail attach-failed function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "done fail attach-failed function blk_account_io_done is notrace: this kernel has it, but lets no program attach to it",
        "done_kprobe fail attach-failed function blk_account_io_done is notrace: this kernel has it, but lets no program attach to it",
        "finish fail attach-target-missing function finish_task_switch was compiled as finish_task_switch.isra.0: this kernel has no symbol finish_task_switch",
        "finish_kprobe fail attach-target-missing function finish_task_switch was compiled as finish_task_switch.isra.0: this kernel has no symbol finish_task_switch",
        "nowhere fail attach-target-missing attach target no_such_function (kprobe) is not a function of vmlinux or of a loaded module",
        "fine pass",
      ],
      "7.3": [
        "start fail attach-failed function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "start_kprobe fail attach-failed function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "start_return fail attach-failed function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "done fail attach-target-missing function blk_account_io_done was inlined: only a part of it has a symbol, blk_account_io_done.part.0",
        "done_kprobe fail attach-target-missing function blk_account_io_done was inlined: only a part of it has a symbol, blk_account_io_done.part.0",
        "finish fail attach-target-missing function finish_task_switch was compiled as finish_task_switch.isra.0: this kernel has no symbol finish_task_switch",
        "finish_kprobe fail attach-target-missing function finish_task_switch was compiled as finish_task_switch.isra.0: this kernel has no symbol finish_task_switch",
        "nowhere fail attach-target-missing attach target no_such_function (kprobe) is not a function of vmlinux or of a loaded module",
        "fine pass",
      ],
    }
  `);
});

test('programs with autoload if-supported are left out where their function cannot be traced', { timeout: 600_000 }, async () => {
  expect(await outcomes(Object.fromEntries(PROGRAMS.map((name) => [name, { autoload: 'if-supported' }])))).toMatchInlineSnapshot(`
    {
      "5.10": [
        "start pass",
        "start_kprobe pass",
        "start_return pass",
        "done pass",
        "done_kprobe pass",
        "finish pass",
        "finish_kprobe pass",
        "nowhere skip left out: this kernel has no no_such_function to attach to",
        "fine pass",
      ],
      "6.12": [
        "start skip left out: function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "start_kprobe skip left out: function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "start_return skip left out: function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "done skip left out: function blk_account_io_done is notrace: this kernel has it, but lets no program attach to it",
        "done_kprobe skip left out: function blk_account_io_done is notrace: this kernel has it, but lets no program attach to it",
        "finish skip left out: function finish_task_switch was compiled as finish_task_switch.isra.0: this kernel has no symbol finish_task_switch",
        "finish_kprobe skip left out: function finish_task_switch was compiled as finish_task_switch.isra.0: this kernel has no symbol finish_task_switch",
        "nowhere skip left out: this kernel has no no_such_function to attach to",
        "fine pass",
      ],
      "7.3": [
        "start skip left out: function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "start_kprobe skip left out: function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "start_return skip left out: function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
        "done skip left out: function blk_account_io_done was inlined: only a part of it has a symbol, blk_account_io_done.part.0",
        "done_kprobe skip left out: function blk_account_io_done was inlined: only a part of it has a symbol, blk_account_io_done.part.0",
        "finish skip left out: function finish_task_switch was compiled as finish_task_switch.isra.0: this kernel has no symbol finish_task_switch",
        "finish_kprobe skip left out: function finish_task_switch was compiled as finish_task_switch.isra.0: this kernel has no symbol finish_task_switch",
        "nowhere skip left out: this kernel has no no_such_function to attach to",
        "fine pass",
      ],
    }
  `);
});

test('the reason of a custom loader that cannot attach says what the kernel lists of the function', { timeout: 600_000 }, async () => {
  const { includeDir, staticLib } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
  const loader = join(import.meta.dirname, '../plan/settings/command/loader.c');
  await execa('gcc', ['-O1', '-isystem', includeDir, loader, staticLib, '-lelf', '-lz', '-o', join(folder, 'loader')]);
  const entries = ['done', 'done_kprobe', 'start_return', 'finish_kprobe', 'nowhere', 'fine'].map((name) => {
    return { path: object, name, command: { argv: [join(folder, 'loader'), 'attach', '{object}', name] } };
  });
  const placed = parsePlacedConfig(JSON.stringify({ objects: entries }), 'corematrix.yaml');
  const { objects, problems } = await readInputs(objectSources(placed, folder));
  expect(problems).toEqual([]);
  const { cells } = await realRun([], ['debian:7.3'], { objects });
  expect(cells.map(({ object: name, status, class: failure, reason }) => `${name}: ${[status, failure, reason].join(' ')}`))
    .toMatchInlineSnapshot(`
    [
      "done: fail attach-target-missing function blk_account_io_done was inlined: only a part of it has a symbol, blk_account_io_done.part.0",
      "done_kprobe: fail attach-target-missing function blk_account_io_done was inlined: only a part of it has a symbol, blk_account_io_done.part.0",
      "start_return: fail attach-failed function blk_account_io_start is notrace: this kernel has it, but lets no program attach to it",
      "finish_kprobe: fail attach-target-missing function finish_task_switch was compiled as finish_task_switch.isra.0: this kernel has no symbol finish_task_switch",
      "nowhere: fail attach-target-missing attach target no_such_function (kprobe) is not a function of vmlinux or of a loaded module",
      "fine: pass  ",
    ]
  `);
});
