// Runs the objects of the sample project in Go with libbpf and both releases of cilium/ebpf, and compares every prediction with the loader.
// COREMATRIX_TEST_OBJECTS=all runs all objects on four kernels instead of a part on two.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheRoot } from '../../../../harness/base/files.ts';
import { explainRun } from '../../../../harness/explain/of-results.ts';
import type { RunObject } from '../../../../harness/plan/inputs/inputs.ts';
import type { Results } from '../../../../harness/results/schema.ts';
import { runObjects } from '../run-loaders.ts';
import { goIsMissing } from '../toolchains.ts';
import { buildGoProject } from './build.ts';

const IS_WHOLE = process.env['COREMATRIX_TEST_OBJECTS'] === 'all';
const KERNELS = IS_WHOLE ? ['debian:5.10', 'debian:6.1', 'debian:6.12', 'debian:7.3'] : ['debian:5.10', 'debian:6.12'];
const LOADERS = ['libbpf@default', 'cilium@0.22', 'cilium@0.17'];
const PART: ReadonlySet<string> = new Set([
  'classifier_names',
  'core_types',
  'kfuncs_missing',
  'modules',
  'struct_ops_link',
  'user_ringbuf_typed',
]);

let results: Results;
let objects: readonly RunObject[];
const started = performance.now();

/** The object and the loader of a row: `core_types+cilium-0.22`. */
function rowOf(id: string): { name: string; loader: string } {
  const [name = '', loader = 'libbpf'] = id.split('+');
  return { name, loader };
}

const seriesOf = (id: string) => results.kernels.find((kernel) => kernel.id === id)?.series ?? id;

/** Every verdict of one program, with the loader that gave it. */
function everyVerdict() {
  return results.cells.flatMap(({ kernel, object, programs }) =>
    programs.map((program) => ({ ...rowOf(object), kernel: seriesOf(kernel), program })),
  );
}

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** One line for each program and each group of loaders that agree, with one word for each kernel: `ok`, `skip`, or the class of the failure. */
function table(): string[] {
  const programs = grouped(everyVerdict(), ({ name, program }) => `${name}/${program.name}`);
  return [...programs].flatMap(([title, all]) => {
    const rows = [...grouped(all, ({ loader }) => loader)].map(([loader, verdicts]) => ({
      loader,
      words: verdicts.map(({ program: { status, class: failure } }) => failure ?? (status === 'pass' ? 'ok' : status)).join(' '),
    }));
    const same = [...grouped(rows, ({ words }) => words)];
    return same.map(([words, agreeing]) => {
      const who = same.length === 1 ? 'all' : agreeing.map(({ loader }) => loader).join(', ');
      return `${title} | ${who} | ${words}`;
    });
  });
}

/** Without the numbers and fields of types, which differ from build to build of a kernel. */
function withoutNumbers(reason: string): string {
  return reason.replaceAll(/\[\d+\]/g, '[N]').replaceAll(/\[fields=[^\]]*\]*/g, '[fields]');
}

/** One line for each reason of a program with a loader, with its kernels. */
function reasons(): string[] {
  const failed = everyVerdict().flatMap(({ name, loader, kernel, program }) =>
    program.reason === null ? [] : [{ kernel, text: `${name}/${program.name} | ${loader} | ${withoutNumbers(program.reason)}` }],
  );
  return [...grouped(failed, ({ text }) => text)].map(([text, all]) => `${text} | ${all.map(({ kernel }) => kernel).join(' ')}`);
}

describe.skipIf(goIsMissing)('the sample project in Go', () => {
  beforeAll(async () => {
    const built = (await buildGoProject()).filter(({ name, release }) => release === '0.22' && (IS_WHOLE || PART.has(name)));
    const sources = built.map(({ name, path }) => ({
      pattern: path,
      name,
      settings: name === 'modules' ? { modules: ['veth'] } : undefined,
    }));
    ({ results, objects } = await runObjects(sources, KERNELS, LOADERS));
  }, 3_600_000);
  afterAll(() => {
    const relocations = results.cells.flatMap((cell) => cell.relocations.filter(({ outcome }) => outcome !== 'not-reached'));
    const seconds = Math.round((performance.now() - started) / 1000);
    process.stderr.write(
      `sample project in Go: ${results.cells.length} cells, ${everyVerdict().length} verdicts on programs, ${relocations.length} relocations compared, ${seconds} s\n`,
    );
  });

  it('every cell of the sample project in Go has a verdict', () => {
    expect(results.cells.filter(({ status }) => status === 'infra')).toEqual([]);
    expect(results.cells).toHaveLength(objects.length * KERNELS.length);
  });

  it('every relocation in the objects of bpf2go has the predicted outcome and value with libbpf and cilium/ebpf', () => {
    const records = results.cells.flatMap(({ kernel, object, relocations }) =>
      relocations.map((each) => ({ kernel: seriesOf(kernel), object, ...each })),
    );
    expect(records.filter(({ outcome, predicted }) => predicted !== undefined && outcome !== 'not-reached')).toEqual([]);
  });

  it('no program of bpf2go loads that is certainly predicted to fail', () => {
    const wrong = everyVerdict().filter(({ program: { status, predicted } }) => predicted?.status === 'fail' && status === 'pass');
    expect(wrong.map(({ name, loader, kernel, program }) => ({ row: `${name}+${loader}/${program.name} ${kernel}`, ...program }))).toEqual(
      [],
    );
  });

  it('what libbpf refuses and cilium/ebpf takes is not called the fault of the kernel', async () => {
    const { causes } = await explainRun(results, objects, cacheRoot(), () => {});
    const loads = new Set(
      everyVerdict().flatMap(({ name, loader, kernel, program: { name: program, status } }) =>
        loader === 'cilium-0.22' && status === 'pass' ? [`${name} ${program} ${kernel}`] : [],
      ),
    );
    const refused = everyVerdict().filter(
      ({ name, loader, kernel, program }) =>
        loader === 'libbpf' &&
        (program.class === 'object-invalid' || program.reason?.includes('(ringbuf)')) &&
        loads.has(`${name} ${program.name} ${kernel}`),
    );
    expect(refused.length).toBeGreaterThan(0);
    const excused = new Set(
      causes
        .filter(({ advice }) => advice.some((line) => line.includes("not the kernel's fault")))
        .flatMap(({ places }) => places.map(({ object, program }) => `${object} ${program}`)),
    );
    expect(refused.filter(({ name, program }) => !excused.has(`${name} ${program.name}`))).toEqual([]);
  });

  it.runIf(IS_WHOLE)('all programs of bpf2go have the known verdicts on four kernels', () => {
    expect(table()).toMatchSnapshot('classes');
    expect(reasons()).toMatchSnapshot('reasons');
  });

  it.skipIf(IS_WHOLE)('a part of the programs of bpf2go has the known verdicts on two kernels', () => {
    expect(table()).toMatchSnapshot('classes');
    expect(reasons()).toMatchSnapshot('reasons');
  });
});
