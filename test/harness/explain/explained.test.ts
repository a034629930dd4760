// Explains failures of every kind, observed in a real guest or predicted from BTF. Compiles the suggested code, and loads it where the
// program failed. By default one kernel runs guests; COREMATRIX_TEST_KERNELS=all uses every series of the mirror and every suggestion.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import type { OfflineKernel } from '../../../harness/kernel-btf/kernels.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { explain } from '../../../harness/explain/explain.ts';
import type { CausePlace, CauseSituation, Explanation, RootCause } from '../../../harness/results/explanation.ts';
import { seenFailures } from '../../../harness/explain/failures.ts';
import { type KernelCache, openKernels } from '../../../harness/explain/kernel-cache.ts';
import { failuresByPrediction, predictedIn, kernelsOfResults } from '../../../harness/explain/sources.ts';
import { realRun } from '../run/real-run.ts';
import { compiled } from './predicted.ts';
import { ACCESSES, sourceOf, sourceUsing } from './accesses.ts';
import { moreSources } from './more-failures.ts';
import { ALL_SERIES, offlineKernels, testSelectors, withoutPackage } from '../../kernels/pulled.ts';

/** Root causes whose suggestions every test run loads on the kernel on which they failed: one of each kind. */
const FEW = [
  'task_struct.__state',
  'mm_struct.rss_stat[1].count',
  'irq_info.irq',
  'enum bpf_attach_type::BPF_TCX_INGRESS',
  'helper bpf_get_current_task_btf#158',
  'kfunc bpf_task_from_pid',
  'kernel symbol no_such_symbol_anywhere',
  'map type bloom_filter',
  'program type netfilter',
  'attach target bpf_lsm_task_getsecid',
];

/** Boots take long if many guests run at the same time. This test does not measure them. */
const LONG_BOOTS = { limits: { bootMs: 900_000 } };

let folder = '';
let cache: KernelCache = { kernels: [], typesOf: async () => null };
let explanation: Explanation = { schemaVersion: 3, kernels: [], causes: [], semanticChanges: [], guarded: [] };

/** Series that run guests. On newer kernels, libbpf needs more time to read BTF than the rest of the test. */
function seenSeries(kernels: readonly OfflineKernel[]): string[] {
  return ALL_SERIES ? kernels.flatMap(({ series }) => series ?? []) : ['5.10'];
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'explained-test-'));
  const paths = await compiled(folder, { ...moreSources(), accesses: sourceOf(ACCESSES) });
  const kernels = await offlineKernels(await testSelectors());
  const { objects, problems } = await readInputs(plainSources(paths, folder));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const results = await realRun(
    ALL_SERIES ? paths : paths.filter((path) => !path.endsWith('accesses.bpf.o')),
    seenSeries(kernels).map((series) => `debian:${series}`),
    LONG_BOOTS,
  );
  const ran = (await kernelsOfResults(results, cacheRoot())).map(withoutPackage);
  const known = kernels.map((kernel) => ran.find(({ series }) => series === kernel.series) ?? kernel);
  cache = openKernels(known, (problem) => {
    throw new Error(problem);
  });
  const predicted = await failuresByPrediction(objects, cache);
  const seen = seenFailures(results, () => true, await predictedIn(results, objects, cache));
  const cells = new Set(results.cells.map(({ kernel, object }) => JSON.stringify([kernel, object])));
  const others = predicted.failures.filter(({ kernel, object }) => !cells.has(JSON.stringify([kernel, object])));
  explanation = await explain([...seen, ...others], objects, cache, predicted.recordsOf);
}, 7_200_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Kernel names for snapshots. The newest kernel is called `newest`, because a newer one may appear at any time. */
const nameOf = (id: string) =>
  explanation.kernels.at(-1)?.id === id ? 'newest' : (explanation.kernels.find((kernel) => kernel.id === id)?.name ?? id);

const namesOf = (ids: readonly string[]) => ids.map(nameOf).join(' ');

/** Replaces addresses, ids and offsets, which differ between kernels and builds. */
function steady(text: string): string {
  return text
    .replaceAll(/0x[0-9a-f]{6,}/g, '0xN')
    .replaceAll(/\bbyte \d+/g, 'byte N')
    .replaceAll(/\b(id|kernel|alloc_insn)=\d+/g, '$1=N')
    .replaceAll(/\[\d+\]( incompatible with \w+) \[\d+\]/g, '[ID]$1 [ID]')
    .replaceAll(/\(r(\d) \+\d{3,}\)/g, '(r$1 +N)');
}

function placeText({ program, source, at, fails, behind, reached }: CausePlace): string {
  const where = source ? `${source.file}:${source.line} ${source.text.trim()}` : 'no line';
  const insn = at && at.text !== null ? ` | ${at.text}${at.state === null ? '' : ` | ${at.state}`}` : '';
  const kernels = [fails.length > 0 ? namesOf(fails) : [], behind.length > 0 ? `behind another on ${namesOf(behind)}` : []]
    .flat()
    .join(', ');
  return steady(`${program} at ${where}${insn} (${kernels}${reached === 'unknown' ? ', if reached' : ''})`);
}

function withoutNewest(text: string): string {
  return text.replaceAll(new RegExp(`\\b${explanation.kernels.at(-1)?.name}\\b`, 'g'), 'newest');
}

function situationText({ kernels, summary, alternatives, hints }: CauseSituation): string {
  const [best] = alternatives;
  const instead = best ? `; ${best.certainty} ${best.relation} ${best.paths.map((path) => path.join('.')).join('->')}: ${best.type}` : '';
  const hint = hints[0] === undefined ? '' : `; ${hints[0]}`;
  return withoutNewest(steady(`${namesOf(kernels)}: ${summary}${instead}${hint}`));
}

/** The names that a snippet defines. */
function snippetText(snippet: string): string {
  const defined = [...snippet.matchAll(/^(?:static __always_inline [\w *]*?|int )(\w+)\(|^SEC\("(.*)"\)/gm)];
  return defined.map(([, name, section]) => name ?? section).join(', ');
}

function causeText({
  class: failure,
  certainty,
  places,
  situations,
  presence,
  snippet,
  advice,
  notReached,
  knownChange: known,
}: RootCause) {
  return {
    class: `${failure}, ${certainty}`,
    places: places.map(placeText),
    says: situations.map(situationText),
    witness: presence?.witnesses.map(({ from, to, change }) => `${change} between ${nameOf(from)} and ${nameOf(to)}`) ?? [],
    ...(known ? { known: known.id } : {}),
    write: snippet === null ? null : snippetText(snippet),
    advice: advice.map(withoutNewest),
    ...(notReached === null ? {} : { hides: notReached }),
  };
}

describe('a failure', () => {
  it.skipIf(ALL_SERIES)('each root cause has its class, places, situations, witnesses, suggestion and advice', () => {
    const sorted = explanation.causes.toSorted((a, b) => (`${a.class} ${a.subject}` < `${b.class} ${b.subject}` ? -1 : 1));
    expect(Object.fromEntries(sorted.map((cause) => [cause.subject, causeText(cause)]))).toMatchSnapshot();
  });

  it('at least sixty different root causes are found', () => {
    expect(new Set(explanation.causes.map(({ fingerprint }) => fingerprint)).size).toBeGreaterThanOrEqual(60);
  });

  it('every root cause has a suggestion or advice', () => {
    expect(
      explanation.causes.filter(({ snippet, advice }) => snippet === null && advice.length === 0).map(({ subject }) => subject),
    ).toEqual([]);
  });
});

const FAILS = ({ places }: RootCause) => new Set(places.flatMap(({ fails, behind }) => [...fails, ...behind]));

/** Compiles suggestions, each into an object with a program that only uses the suggestion. */
async function suggested(
  subjects: readonly string[] | null,
  change = (source: string) => source,
): Promise<{ cause: RootCause; path: string }[]> {
  const chosen = explanation.causes.filter(({ subject, snippet }) => snippet !== null && (subjects === null || subjects.includes(subject)));
  const paths = await compiled(
    folder,
    Object.fromEntries(chosen.map(({ fingerprint, snippet }) => [`s${fingerprint}`, change(sourceUsing(snippet ?? ''))])),
  );
  return chosen.map((cause) => ({ cause, path: paths.find((path) => path.endsWith(`s${cause.fingerprint}.bpf.o`)) ?? '' }));
}

/** Of the root causes that concern a field, how many have C for all kernels, C for some of them, and none. */
function countsOfFields(): { everywhere: number; somewhere: number; nowhere: number } {
  const fields = explanation.causes.filter(({ class: failure }) => failure.startsWith('core-field'));
  const offered = fields.filter(({ snippet }) => snippet !== null);
  const somewhere = offered.filter(({ advice }) => advice.some((line) => line.startsWith('Nothing reads the same value'))).length;
  return { everywhere: offered.length - somewhere, somewhere, nowhere: fields.length - offered.length };
}

describe('suggestions', () => {
  it('most fields have C that reads the same value on all kernels, and no field has C that reads another value', () => {
    const counts = countsOfFields();
    process.stdout.write(`C for fields: ${JSON.stringify(counts)}\n`);
    expect(counts.everywhere).toBeGreaterThanOrEqual(20);
    expect(counts.somewhere + counts.nowhere).toBeGreaterThanOrEqual(10);
    const other = explanation.causes.flatMap(({ subject, situations, snippet }) =>
      situations.flatMap(({ alternatives: [best], hints }) => {
        const last = best?.paths.at(-1)?.join('.') ?? '';
        const differs = best !== undefined && hints.some((hint) => hint.includes(' has another meaning'));
        return differs && snippet?.includes(`${last})`) === true ? [`${subject}: ${last}`] : [];
      }),
    );
    expect(other).toEqual([]);
  });

  it('every suggestion compiles unchanged and is not predicted to fail on any kernel', { timeout: 600_000 }, async () => {
    const failures: string[] = [];
    for (const { cause, path } of await suggested(null)) {
      const bpf = readBpfObject(await readFile(path), cause.subject);
      for (const { id } of cache.kernels) {
        const types = await cache.typesOf(id);
        for (const { name, failure, possible } of types ? predictCell(bpf, types).programs : []) {
          const predicted = failure ?? possible;
          const isOptional = bpf.programs.find((program) => program.name === name)?.section.startsWith('?') === true;
          if (predicted && !isOptional) failures.push(`${cause.subject} on ${nameOf(id)}: ${predicted.reason}`);
        }
      }
    }
    expect(failures).toEqual([]);
  });

  it(
    'suggestions load on the kernels on which the program failed, and C for fields loads on the others, too',
    { timeout: 7_200_000 },
    async () => {
      const bad: string[] = [];
      let loaded = 0;
      const objects = await suggested(ALL_SERIES ? null : FEW);
      for (const series of seenSeries(cache.kernels)) {
        const id = cache.kernels.find((kernel) => kernel.series === series)?.id ?? '';
        const failing = objects.filter(({ cause }) => cause.class.startsWith('core-') || FAILS(cause).has(id));
        const { cells } = await realRun(
          failing.map(({ path }) => path),
          [`debian:${series}`],
          LONG_BOOTS,
        );
        loaded += cells.length;
        for (const { object, status, reason } of cells) if (status !== 'pass') bad.push(`${series} ${object}: ${reason}`);
      }
      expect(bad).toEqual([]);
      // bpf_lsm_task_getsecid is missing on newer kernels only.
      expect(loaded).toBeGreaterThanOrEqual(FEW.length - 1);
    },
  );
});
