// Merged shards equal the whole run.
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../harness/base/errors.ts';
import { addLog, createLogStore, logText } from '../../../harness/results/logs.ts';
import { mergeResults, type NamedResults } from '../../../harness/results/merge.ts';
import { uniformCell } from '../../../harness/results/uniform-cell.ts';
import { type KernelResult, type Results, resultsSchema } from '../../../harness/results/schema.ts';
import { explained } from '../../reports/explained.ts';
import { HOSTILE_SAMPLE } from '../../reports/hostile.ts';
import { SAMPLE } from '../../reports/sample.ts';

const planned = (kernel: KernelResult): KernelResult => ({
  ...kernel,
  release: null,
  package: null,
  sha256: null,
  btf: null,
  boot: null,
  notes: [],
});

/** The results of one shard: its own cells, and kernels without own cells as they were planned. */
function shardOf(whole: Results, index: number, total: number): NamedResults {
  const cells = whole.cells.filter((_, at) => at % total === index - 1);
  const kernels = whole.kernels.map((kernel) => (cells.some((cell) => cell.kernel === kernel.id) ? kernel : planned(kernel)));
  const run = {
    ...whole.run,
    id: `run ${index}`,
    command: [...whole.run.command, '--shard', `${index}/${total}`],
    shard: { index, total },
  };
  return { name: `shard-${index}.json`, results: { ...whole, run, kernels, cells } };
}

/** Results with every log as text, without ids and times, which differ between runs. */
function comparable(results: Results): unknown {
  const { logs, run, ...rest } = results;
  const text = (id: string | null | undefined) => logText(logs, id);
  const cells = results.cells.map((cell) => ({
    ...cell,
    logs: Object.entries(cell.logs).map(([name, id]) => [name, text(id)]),
    programs: cell.programs.map((program) => ({ ...program, logs: [text(program.logs.libbpf), text(program.logs.verifier)] })),
  }));
  return { ...rest, run: { ...run, id: '' }, cells };
}

function merged(inputs: readonly NamedResults[]): Results {
  const [first, ...others] = inputs;
  if (!first) throw new Error('nothing to merge');
  return mergeResults([first, ...others]);
}

/** The results with output of commands for each object. */
function withOutput(whole: Results): Results {
  const logs = structuredClone(whole.logs);
  const output = (name: string, stream: string) => addLog(logs, `${name} on ${stream}`);
  const cells = whole.cells.map((cell) => ({
    ...cell,
    logs: { ...cell.logs, stdout: output(cell.object, 'stdout'), stderr: output(cell.object, 'stderr') },
  }));
  return { ...whole, logs, cells };
}

const shards = (whole: Results, total: number) => Array.from({ length: total }, (_, at) => shardOf(whole, at + 1, total));

describe('all shards', () => {
  it.each([
    ['the sample', SAMPLE],
    ['hostile text', HOSTILE_SAMPLE],
    ['an explained one', explained(SAMPLE)],
    ['a run with output of commands', withOutput(SAMPLE)],
  ])('all shards merge to %s, for any number and order of shards', (_, whole) => {
    for (const total of [1, 2, 3, 4, 6, 9]) {
      const inputs = shards(whole, total);
      expect(comparable(merged(inputs))).toEqual(comparable(whole));
      expect(merged(inputs.toReversed())).toEqual(merged(inputs));
    }
  });

  it('merged results are valid in a results file', () => {
    const results = merged(shards(SAMPLE, 3));
    expect(resultsSchema.parse(results)).toEqual(results);
  });
});

describe('some shards', () => {
  it('some shards merge to their own cells and name the missing shard of every other cell', () => {
    const total = 4;
    for (let subset = 1; subset < 1 << total; subset++) {
      const given = shards(SAMPLE, total).filter((_, at) => subset & (1 << at));
      const missing = Array.from({ length: total }, (_, at) => at).filter((at) => !(subset & (1 << at)));
      const reason = `its shard is missing: ${missing.map((at) => `${at + 1}/${total}`).join(' or ')}`;
      const cells = SAMPLE.cells.map((cell, at) => {
        const object = SAMPLE.objects.find(({ id }) => id === cell.object);
        if (!object || !missing.includes(at % total)) return cell;
        return uniformCell(cell.kernel, object, 'not-run', { class: null, reason });
      });
      const found = merged(given);
      expect(comparable({ ...found, kernels: SAMPLE.kernels })).toEqual(comparable({ ...SAMPLE, cells }));
    }
  });

  it('a merge has the earliest start and the latest end, and is complete if all its parts are', () => {
    const [one, two] = shards({ ...SAMPLE, run: { ...SAMPLE.run, complete: true } }, 2);
    if (!one || !two) throw new Error('there are two shards');
    const run = { ...two.results.run, startedAt: '2026-05-04T09:00:00.000Z', finishedAt: '2026-05-04T09:30:00.000Z', complete: false };
    const { startedAt, finishedAt, complete, shard, command } = merged([one, { ...two, results: { ...two.results, run } }]).run;
    expect({ startedAt, finishedAt, complete, shard, command }).toEqual({
      startedAt: '2026-05-04T09:00:00.000Z',
      finishedAt: '2026-05-04T10:00:42.500Z',
      complete: false,
      shard: undefined,
      command: SAMPLE.run.command,
    });
  });
});

describe('runs of different kernels', () => {
  it('runs of different kernels merge to one matrix in version order', () => {
    const columns = SAMPLE.kernels.map((kernel): NamedResults => {
      const cells = SAMPLE.cells.filter((cell) => cell.kernel === kernel.id);
      return { name: kernel.id, results: { ...SAMPLE, kernels: [kernel], cells } };
    });
    expect(comparable(merged(columns.toReversed()))).toEqual(comparable(SAMPLE));
  });

  it('a cell that no merged run has is not-run', () => {
    const [kernel] = SAMPLE.kernels;
    const [object] = SAMPLE.objects;
    if (!kernel || !object) throw new Error('the sample is empty');
    const none = { cells: [], logs: createLogStore() };
    const found = merged([
      { name: 'a', results: { ...SAMPLE, ...none, objects: [] } },
      { name: 'b', results: { ...SAMPLE, ...none, kernels: [], objects: [object] } },
    ]);
    expect(new Set(found.cells.map((cell) => `${cell.status}: ${cell.reason}`))).toEqual(
      new Set(['not-run: in none of the merged results']),
    );
  });
});

describe('what contradicts', () => {
  const [one, two, three] = shards(SAMPLE, 3);
  if (!one || !two || !three) throw new Error('there are three shards');
  const changed = (change: Partial<Results>): NamedResults => ({ name: 'other.json', results: { ...two.results, ...change } });
  const ofRun = (change: Partial<Results['run']>) => changed({ run: { ...two.results.run, ...change } });
  const errorOf = (...inputs: NamedResults[]): string => {
    try {
      merged(inputs);
    } catch (error) {
      if (error instanceof UserError) return error.message;
      throw error;
    }
    return 'no error';
  };

  it('a contradiction between merged files is an error in one line that names both', () => {
    const { run } = two.results;
    const [kernel, ...kernels] = SAMPLE.kernels;
    const [object, ...objects] = SAMPLE.objects;
    if (!kernel || !object) throw new Error('the sample is empty');
    const oneWith = (libbpf: string) => ({
      ...ofRun({ otherAgents: [{ loader: 'libbpf@1.1', sha256: 'd'.repeat(64), libbpf, libbpfOrigin: 'Debian' }] }),
      name: `with-${libbpf}.json`,
    });
    const unsharded = { name: 'whole.json', results: SAMPLE };
    expect(
      [
        errorOf(one, ofRun({ tool: { ...run.tool, version: '0.2.0' } })),
        errorOf(one, ofRun({ agent: { ...run.agent, libbpf: '1.6\n::error::' } })),
        errorOf(one, ofRun({ isolation: 'boot' })),
        errorOf(oneWith('1.1.2'), oneWith('1.1.0')),
        errorOf(one, ofRun({ shard: { index: 2, total: 4 } })),
        errorOf(one, unsharded),
        errorOf(one, changed({ kernels })),
        errorOf(one, changed({ objects })),
        errorOf(one, changed({ kernels: [{ ...kernel, sha256: '9'.repeat(64) }, ...kernels] })),
        errorOf(one, changed({ objects: [{ ...object, sha256: '9'.repeat(64) }, ...objects] })),
        errorOf(one, { ...one, name: 'again.json' }),
        errorOf(unsharded, { name: 'again.json', results: SAMPLE }),
      ].join('\n'),
    ).toMatchInlineSnapshot(`
      "shard-1.json and other.json cannot be merged: written by corematrix 0.1.0 and 0.2.0; run all shards with one version
      shard-1.json and other.json cannot be merged: loaded by libbpf 1.7.0 and 1.6\\x0a::error::; run all shards with one version
      shard-1.json and other.json cannot be merged: isolation is snapshot and boot; run all shards the same way
      with-1.1.2.json and with-1.1.0.json cannot be merged: libbpf@1.1 is libbpf 1.1.2 and 1.1.0; run all shards with one version
      shard-1.json and other.json cannot be merged: number of shards is 3 and 4; give the shards of one run
      whole.json and shard-1.json cannot be merged: number of shards is no and 3; give the shards of one run
      shard-1.json and other.json cannot be merged: only shard-1.json knows kernel debian-5.10.262-amd64; give every shard the same objects, and pin kernels by a lock file
      shard-1.json and other.json cannot be merged: only shard-1.json knows object task_state; give every shard the same objects, and pin kernels by a lock file
      shard-1.json and other.json cannot be merged: kernel debian-5.10.262-amd64 is not the same image in both; pin kernels by a lock file
      shard-1.json and other.json cannot be merged: object task_state is not the same file in both
      shard-1.json and again.json cannot be merged: both have task_state on debian-5.10.262-amd64; give every shard once, all of one --shard n and --baseline
      whole.json and again.json cannot be merged: both have task_state on debian-5.10.262-amd64; give every shard once, all of one --shard n and --baseline"
    `);
  });
});
