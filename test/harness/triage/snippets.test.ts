// What is suggested compiles as it stands, is predicted to load and does load on the kernels it was written for.
// COREMATRIX_TEST_KERNELS=all takes every kernel of the cache, and loads every snippet on all of them.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheRoot } from '../../../kernels/cache.ts';
import { buildPrograms } from '../../../programs/build.ts';
import { readBpfObject } from '../../../harness/object/object.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import { findKernels, type OfflineKernel } from '../../../harness/predict/kernels.ts';
import { plainSources, readInputs } from '../../../harness/run/inputs.ts';
import { ensureLibbpf } from '../../../harness/setup/libbpf.ts';
import { explain } from '../../../harness/triage/explain.ts';
import type { Explanation } from '../../../harness/triage/explanation.ts';
import { type KernelCache, openKernels } from '../../../harness/triage/kernel-cache.ts';
import { failuresByPrediction } from '../../../harness/triage/sources.ts';
import { realRun } from '../run/real-run.ts';
import { ACCESSES, sourceOf, sourceUsing } from './accesses.ts';
import { fourSeries } from './series.ts';

const ALL = process.env['COREMATRIX_TEST_KERNELS'] === 'all';
/** Loaded in a guest in every test run: one of each shape. */
const FEW = ['task_struct.state', 'mm_struct.rss_stat.count[1].counter', 'request.rq_disk', 'inet_sock.freebind'];

let folder = '';
let cache: KernelCache = { kernels: [], typesOf: async () => null };
let explanation: Explanation = { schemaVersion: 2, kernels: [], causes: [], silent: [], guarded: [] };

async function build(sources: string): Promise<string[]> {
  const { includeDir } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
  return buildPrograms({ includeDir, onNote: () => {}, sources });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snippets-test-'));
  await writeFile(join(folder, 'accesses.bpf.c'), sourceOf(ACCESSES));
  const { kernels } = await findKernels(ALL ? [] : await fourSeries(), cacheRoot());
  cache = openKernels(kernels, (problem) => {
    throw new Error(problem);
  });
  const { objects, problems } = await readInputs(plainSources(await build(folder), folder));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const { failures, ledgerOf } = await failuresByPrediction(objects, cache);
  explanation = await explain(failures, objects, cache, ledgerOf);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The newest kernel has another name next month. */
const nameOf = (id: string) =>
  explanation.kernels.at(-1)?.id === id ? 'newest' : (explanation.kernels.find((kernel) => kernel.id === id)?.name ?? id);

/** One line for each kind of kernel: what it has instead. */
function summaries(): Record<string, string[]> {
  const sorted = explanation.causes.toSorted((a, b) => (a.subject < b.subject ? -1 : 1));
  return Object.fromEntries(
    sorted.map(({ subject, class: failure, situations, presence }) => {
      const lines = situations.map(({ kernels, summary, alternatives }) => {
        const [best] = alternatives;
        const instead = best
          ? `; ${best.certainty} ${best.relation} ${best.ways.map((way) => way.join('.')).join('->')}: ${best.type}`
          : '';
        return `${kernels.map(nameOf).join(' ')}: ${summary}${instead}`;
      });
      const range = presence?.first ? `${nameOf(presence.first)}..${nameOf(presence.last ?? '')}` : 'none';
      return [subject, [`${failure}, in ${range}`, ...lines]];
    }),
  );
}

async function snippetObjects(subjects: readonly string[] | null): Promise<{ subject: string; path: string; kernels: OfflineKernel[] }[]> {
  const chosen = explanation.causes.filter(({ subject, snippet }) => snippet !== null && (subjects === null || subjects.includes(subject)));
  const sources = await mkdtemp(join(folder, 'snippets-'));
  for (const { fingerprint, snippet } of chosen) await writeFile(join(sources, `s${fingerprint}.bpf.c`), sourceUsing(snippet ?? ''));
  const paths = await build(sources);
  return chosen.map(({ fingerprint, subject, situations }) => {
    const failing = new Set(situations.flatMap(({ kernels }) => kernels));
    return {
      subject,
      path: paths.find((path) => path.endsWith(`s${fingerprint}.bpf.o`)) ?? '',
      kernels: cache.kernels.filter(({ id }) => failing.has(id)),
    };
  });
}

describe('what a kernel has instead', () => {
  it.skipIf(ALL)('is told for every access', () => {
    expect(summaries()).toMatchSnapshot();
  });

  it('is found for accesses of every kind of change', () => {
    expect(explanation.causes.filter(({ snippet }) => snippet === null).map(({ subject }) => subject)).toEqual([]);
  });
});

describe('snippets', () => {
  it('compile as they stand, and nothing in the BTF of any kernel is against them', async () => {
    const failures: string[] = [];
    for (const { subject, path } of await snippetObjects(null)) {
      const bpf = readBpfObject(await readFile(path), subject);
      for (const { id } of cache.kernels) {
        const types = await cache.typesOf(id);
        const [program] = types ? predictCell(bpf, types).programs : [];
        if (program?.failure ?? program?.possible)
          failures.push(`${subject} on ${id}: ${program.failure?.reason ?? program.possible?.reason}`);
      }
    }
    expect(failures).toEqual([]);
  });

  it('load on the kernels that lack what was written', { timeout: 3_600_000 }, async () => {
    const objects = await snippetObjects(ALL ? null : FEW);
    const newest = cache.kernels.at(-1)?.series ?? '';
    const series = ALL ? cache.kernels.flatMap((kernel) => kernel.series ?? []) : [newest];
    const results = await realRun(
      objects.map(({ path }) => path),
      series.map((each) => `debian:${each}`),
    );
    const bad = results.cells.filter(({ status }) => status !== 'pass').map(({ kernel, object, reason }) => ({ kernel, object, reason }));
    expect(bad).toEqual([]);
    expect(results.cells.length).toBe(objects.length * series.length);
  });
});
