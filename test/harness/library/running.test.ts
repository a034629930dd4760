// Tests of the library within a program: events, interrupts, errors, and what a call leaves behind.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import {
  ConfigurationError,
  explain,
  floor,
  InfraError,
  loadConfig,
  merge,
  NothingUsableError,
  parseResults,
  predict,
  render,
  run,
  type RunEvent,
  UserError,
} from '../../../harness/library/index.ts';
import { guestsOf } from './guests.ts';

const TASK_STATE = join(PACKAGE_ROOT, 'programs/build/task_state.bpf.o');
const EXEC_WATCH = join(PACKAGE_ROOT, 'programs/build/exec_watch.bpf.o');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corematrix-running-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** All events of work, or its error. */
async function eventsOf(work: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of work) events.push(event);
  return events;
}

/** The listeners of this process, without that for its end: it ends other programs with it. */
function listeners(): Record<string, number> {
  const names = process.eventNames().filter((name) => name !== 'exit');
  return Object.fromEntries(names.map((name) => [String(name), process.listenerCount(name)]));
}

describe('run', () => {
  it('a run reports its events in order, and its results are complete and explained', async () => {
    const before = listeners();
    const running = run({ objects: [TASK_STATE], kernels: ['debian:6.12'], cache: false });
    const events: RunEvent[] = [];
    for await (const event of running) {
      events.push(event);
      expect(listeners()).toEqual(before);
    }
    const { results, problems } = await running.finished;
    const kinds = events.map(({ kind }) => kind).filter((kind) => kind !== 'note' && kind !== 'download');
    expect(kinds.toSorted()).toEqual(['accel', 'cell-finished', 'cell-started', 'kernel-ready', 'planned']);
    expect(kinds.indexOf('planned')).toBeLessThan(kinds.indexOf('cell-started'));
    expect(kinds.at(-1)).toBe('cell-finished');
    expect([problems, results.run.complete, results.cells.map(({ status }) => status)]).toEqual([[], true, ['fail']]);
    expect(results.explanation?.causes.map((cause) => cause.class)).toEqual(['core-field-missing']);
    expect(results.run.command).toEqual(['corematrix', 'run', TASK_STATE, '-k', 'debian:6.12']);
    expect(parseResults(render(results, 'json')).cells).toEqual(results.cells);
    expect(merge([{ name: 'whole', results }]).cells).toHaveLength(1);
    expect(listeners()).toEqual(before);
  });

  it('a loop that is left early does not stop the run', async () => {
    const running = run({ objects: [EXEC_WATCH], kernels: ['debian:6.12'] });
    for await (const { kind } of running) if (kind === 'planned') break;
    for await (const event of running) expect.unreachable(event.kind);
    const { results } = await running.finished;
    expect(results.cells.map(({ status }) => status)).toEqual(['pass']);
  });

  it('an aborted run leaves no guest, and its results have the other cells as not run', async () => {
    const before = listeners();
    const controller = new AbortController();
    const { signal } = controller;
    const running = run({ objects: [TASK_STATE], kernels: ['debian:5.10'], cache: false, isolation: 'boot', signal });
    const kinds: string[] = [];
    let seen = 0;
    for await (const { kind } of running) {
      kinds.push(kind);
      if (kind !== 'cell-started') continue;
      await expect.poll(async () => (seen = (await guestsOf(process.pid)).length)).toBeGreaterThan(0);
      controller.abort();
    }
    const { results } = await running.finished;
    expect(seen).toBe(1);
    expect(await guestsOf(process.pid)).toEqual([]);
    expect(kinds.at(-1)).toBe('interrupted');
    expect([results.run.complete, results.cells.map(({ status }) => status)]).toEqual([false, ['not-run']]);
    expect(listeners()).toEqual(before);
  });

  it('a run whose signal has aborted begins nothing and rejects with the reason', async () => {
    const reason = new Error('enough');
    const running = run({ objects: [TASK_STATE], kernels: ['debian:6.12'], signal: AbortSignal.abort(reason) });
    await expect(running.finished).rejects.toBe(reason);
    await expect(eventsOf(running)).rejects.toBe(reason);
  });

  it('a failed run whose events alone are read throws its error in the loop', async () => {
    const running = run({ objects: [TASK_STATE], kernels: ['nowhere:6.12'] });
    await expect(eventsOf(running)).rejects.toThrow(UserError);
  });
});

/** The class and the message of the error of a call. */
async function faultOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'no error';
  } catch (error) {
    const kind = [NothingUsableError, ConfigurationError, UserError, InfraError].find((one) => error instanceof one);
    const message = error instanceof Error ? error.message : '';
    // The relative path may end with the whole one: ../../../tmp/folder.
    return `${kind?.name ?? 'other'}: ${message.replaceAll(relative(process.cwd(), folder), 'FOLDER').replaceAll(folder, 'FOLDER')}`;
  }
}

describe('errors', () => {
  it('each error of the library has its class and names the options of the library', async () => {
    await writeFile(join(folder, 'wrong.yaml'), 'kernel: 6.12\n');
    await writeFile(join(folder, 'text.bpf.o'), 'text');
    const text = join(folder, 'text.bpf.o');
    const faults = [
      () => loadConfig(join(folder, 'wrong.yaml')),
      () => loadConfig(join(folder, 'missing.yaml')),
      () => predict({ objects: [text] }),
      () => predict({ objects: [EXEC_WATCH], kernels: ['debian:1.0'] }),
      () => explain({ objects: [text] }),
      () => run({}).finished,
      () => run({ objects: [EXEC_WATCH] }).finished,
      () => run({ objects: [text], kernels: ['debian:6.12'] }).finished,
      () => run({ objects: [EXEC_WATCH], kernels: ['debain:6.12'] }).finished,
      () => run({ objects: [EXEC_WATCH], kernels: ['debian:6.12'], frozen: true }).finished,
      () => floor({ object: text }).finished,
      () => merge([]),
      () => parseResults('{}', 'a.json'),
    ];
    expect(await Promise.all(faults.map(faultOf))).toMatchInlineSnapshot(`
      [
        "ConfigurationError: FOLDER/wrong.yaml:1:1: unknown key "kernel" (did you mean kernels?); possible here: kernels, objects, defaults, loaders, lock, history, mirrors, timeout, bootTimeout, jobs, cache, isolation, formats, policy, expectations",
        "UserError: FOLDER/missing.yaml: no such configuration; "corematrix init" writes one",
        "NothingUsableError: no object can be used
      FOLDER/text.bpf.o: not an ELF file",
        "NothingUsableError: no kernel can be used
      debian:1.0: no such kernel in the cache; "corematrix kernels pull debian:1.0" adds it",
        "NothingUsableError: no object can be used
      FOLDER/text.bpf.o: not an ELF file",
        "UserError: no object to run: give \`objects\`, or a \`config\` that lists objects",
        "UserError: no kernel to run on: give \`kernels\`, for example ["debian:all"], or a \`config\` that lists kernels",
        "NothingUsableError: no object can be used
      FOLDER/text.bpf.o: not an ELF file",
        "UserError: 'debain:6.12' is not a kernel selector; did you mean debian:6.12? (all forms: corematrix kernels --help)",
        "UserError: \`frozen\` needs a \`config\` that names a lock file; "corematrix kernels lock -o kernels.lock.json" writes one",
        "UserError: FOLDER/text.bpf.o: not an ELF file",
        "UserError: no results named",
        "UserError: a.json: not a results file: it has no number in schemaVersion",
      ]
    `);
  });

  it('a run on a machine without QEMU is an infrastructure failure', async () => {
    const path = process.env['PATH'];
    try {
      process.env['PATH'] = folder;
      expect(await faultOf(async () => run({ objects: [EXEC_WATCH], kernels: ['debian:6.12'] }).finished)).toMatch(/^InfraError: /);
    } finally {
      process.env['PATH'] = path;
    }
  });
});

describe('predict', () => {
  it('predict names the objects that it cannot use, and predicts the others', async () => {
    const text = join(folder, 'no.bpf.o');
    await writeFile(text, 'text');
    const logs: string[] = [];
    const kernels = ['debian:6.12'];
    const { prediction, problems } = await predict({
      objects: [TASK_STATE, text],
      kernels,
      onLoad: ({ object, program, lines }) => logs.push(`${object} ${program ?? 'whole'} ${lines.length > 0}`),
    });
    expect([prediction.cells.length, problems.length, logs[0]]).toEqual([1, 1, 'task_state whole true']);
  });

  it('predict stops at its signal', async () => {
    const reason = new Error('enough');
    const prediction = predict({ objects: [TASK_STATE], kernels: ['debian:6.12'], signal: AbortSignal.abort(reason) });
    await expect(prediction).rejects.toBe(reason);
  });
});

describe('explain', () => {
  it('explain of one cell of results keeps the causes of that cell', async () => {
    const { results } = await run({ objects: [TASK_STATE], kernels: ['debian:5.10', 'debian:6.12'] }).finished;
    const { explanation } = await explain({ results, cell: '6.12' });
    const all = await explain({ results });
    expect([explanation.causes.length, all.explanation.causes.length]).toEqual([1, 2]);
    expect(await faultOf(async () => explain({ results, cell: '4.4' }))).toMatch(/^UserError: no kernel or object '4\.4'/);
  });
});

describe('loadConfig', () => {
  it('loadConfig refuses an untrusted configuration that runs a program', async () => {
    const file = join(folder, 'untrusted.yaml');
    await writeFile(file, 'objects:\n  - path: x.bpf.o\n    command:\n      argv: [./loader]\n');
    expect(await faultOf(async () => loadConfig(file, { untrusted: true }))).toMatch(/^UserError: /);
  });
});
