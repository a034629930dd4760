// Finds the changes to expectations after which all results are as expected.
import { basename } from 'node:path';
import { DEFAULT_LIBBPF } from '../../base/loader-name.ts';
import type { Expectation } from './expectation-schema.ts';
import type { CellProgram, KernelResult, ObjectResult, Results } from '../../results/schema.ts';
import type { FailureClass } from '../../base/failures.ts';
import { grouped } from '../../base/text.ts';
import { shortened, visible } from '../../base/visible.ts';
import { expectationFor, sortByExpiry } from './expectations.ts';
import { rangesOf } from './kernel-ranges.ts';

/** A change to a list of expectations; `at` is the position in the list before all changes. */
export type ExpectationChange =
  | { kind: 'remove'; at: number }
  | { kind: 'kernels'; at: number; kernels: string }
  | { kind: 'class'; at: number; class: FailureClass }
  | { kind: 'add'; expectation: Expectation };

/** A program on a kernel that passed or failed there, regardless of any expectation. */
interface Verdict {
  object: ObjectResult;
  program: string;
  kernel: KernelResult;
  /** Null if it passed. */
  failed: { class: FailureClass | null; reason: string } | null;
}

const REASON_LENGTH = 200;

function rawVerdict({ status, class: failure, reason }: CellProgram): Verdict['failed'] | undefined {
  if (status === 'pass' || status === 'xpass') return null;
  if (status !== 'fail' && status !== 'xfail') return undefined;
  return { class: failure, reason: (reason ?? 'fails').replace(/ \(expected to fail with [a-z-]+\)$/, '') };
}

function verdictsOf({ cells, objects, kernels }: Results): Verdict[] {
  return cells.flatMap((cell) => {
    const object = objects.find(({ id }) => id === cell.object);
    const kernel = kernels.find(({ id }) => id === cell.kernel);
    if (!object || !kernel) return [];
    return cell.programs.flatMap((program) => {
      const failed = rawVerdict(program);
      return failed === undefined ? [] : [{ object, program: program.name, kernel, failed }];
    });
  });
}

const asExpected = ({ class: expected }: Expectation, { failed }: Verdict) =>
  failed !== null && (expected === undefined || failed.class === expected);

/** Narrows a range by another: a bound of `range` replaces the bound of `own` on the same side. */
function narrowed(own: string, range: string): string {
  const kept = own
    .split(',')
    .map((text) => text.trim())
    .filter((text) => (text.startsWith('>') && !range.includes('>')) || (text.startsWith('<') && !range.includes('<')));
  return [...kept, range].toSorted((a, b) => (a > b ? -1 : 1)).join(',');
}

/** The change that makes an expectation match its verdicts; null if it matches all of them already. */
function changeOf(expectation: Expectation, at: number, verdicts: readonly Verdict[]): ExpectationChange | null {
  if (expectation.status === 'unsupported' || verdicts.every((verdict) => asExpected(expectation, verdict))) return null;
  const [first] = verdicts;
  const shared = first?.failed?.class;
  if (shared && verdicts.every(({ failed }) => failed?.class === shared)) return { kind: 'class', at, class: shared };
  const kernels = [...new Set(verdicts.map(({ kernel }) => kernel))];
  const holds = new Set(
    kernels.filter((kernel) => verdicts.every((verdict) => verdict.kernel !== kernel || asExpected(expectation, verdict))),
  );
  const [range, ...more] = rangesOf(kernels, (kernel) => kernels.every((one) => one.version !== kernel.version || holds.has(one)));
  // One expectation has only one range. If more are needed, new expectations for single programs replace it.
  if (range === undefined || more.length > 0) return { kind: 'remove', at };
  return { kind: 'kernels', at, kernels: narrowed(expectation.kernels ?? '', range) };
}

/** A list of expectations during the changes. A removed one is null, so that positions stay valid. */
type Draft = readonly (Expectation | null)[];

function applied(expectation: Expectation, change: ExpectationChange | null): Expectation | null {
  if (change?.kind === 'remove') return null;
  if (change?.kind === 'kernels') return { ...expectation, kernels: change.kernels };
  return change?.kind === 'class' ? { ...expectation, class: change.class } : expectation;
}

function difference(expectation: Expectation, at: number, final: Expectation | null): ExpectationChange[] {
  if (final === null) return [{ kind: 'remove', at }];
  const { kernels, class: failure } = final;
  return [
    ...(kernels !== undefined && kernels !== expectation.kernels ? [{ kind: 'kernels', at, kernels } as const] : []),
    ...(failure !== undefined && failure !== expectation.class ? [{ kind: 'class', at, class: failure } as const] : []),
  ];
}

type Platform = Pick<Expectation, 'distribution' | 'arch'>;

/** The kernels by platform. Each group has only the conditions in which platforms differ. */
function platformsOf(kernels: readonly KernelResult[]): { platform: Platform; kernels: KernelResult[] }[] {
  const groups = [...grouped(kernels, ({ distribution, arch }) => JSON.stringify([distribution, arch])).values()];
  const differs = (pick: (kernel: KernelResult) => string) => new Set(kernels.map(pick)).size > 1;
  const [byDistribution, byArch] = [differs(({ distribution }) => distribution), differs(({ arch }) => arch)];
  return groups.map((group) => {
    const [first] = group;
    const platform = { ...(first && byDistribution && { distribution: first.distribution }), ...(first && byArch && { arch: first.arch }) };
    return { platform, kernels: group };
  });
}

/** The conditions of expectations for the failing kernels. They name a platform only if the same version has other results elsewhere. */
function conditionsOf(all: readonly KernelResult[], failing: ReadonlySet<KernelResult>): (Platform & Pick<Expectation, 'kernels'>)[] {
  const rangesIn = (kernels: readonly KernelResult[], platform: Platform) => {
    const versions = new Set(kernels.filter((kernel) => failing.has(kernel)).map(({ version }) => version));
    return rangesOf(kernels, ({ version }) => versions.has(version)).map((range) => ({
      ...platform,
      ...(range !== undefined && { kernels: range }),
    }));
  };
  const versions = new Set([...failing].map(({ version }) => version));
  const isSame = all.every((kernel) => failing.has(kernel) === versions.has(kernel.version));
  return isSame ? rangesIn(all, {}) : platformsOf(all).flatMap(({ platform, kernels }) => rangesIn(kernels, platform));
}

const failureKey = ({ object, program, failed }: Verdict) => JSON.stringify([basename(object.path), program, failed?.class]);
const rowKey = ({ object, program }: Verdict) => JSON.stringify([basename(object.path), program]);

/**
 * One group of verdicts for each failure. If all loaders of a program give it on the same kernels, the group of the first loader is for all;
 * otherwise each loader has its own.
 */
function byFailure(left: readonly Verdict[], all: readonly Verdict[]): { group: Verdict[]; isForAll: boolean }[] {
  const rows = grouped(all, rowKey);
  return [...grouped(left, failureKey).values()].flatMap((failing) => {
    const loaders = [...grouped(failing, ({ object }) => object.id).values()];
    const [first = []] = loaders;
    const known = new Set(failing.flatMap((verdict) => rows.get(rowKey(verdict)) ?? []).map(({ object }) => object.id));
    const onKernels = (group: readonly Verdict[]) => JSON.stringify(group.map(({ kernel }) => kernel.id).toSorted());
    const isForAll = loaders.length === known.size && loaders.every((group) => onKernels(group) === onKernels(first));
    return (isForAll ? [first] : loaders).map((group) => ({ group, isForAll }));
  });
}

function additions(left: readonly Verdict[], all: readonly Verdict[]): Expectation[] {
  return byFailure(left, all).flatMap(({ group, isForAll }) => {
    const [first] = group;
    if (!first?.failed) return [];
    const { object, program, failed } = first;
    const known = all.filter((verdict) => verdict.object === object && verdict.program === program).map(({ kernel }) => kernel);
    return conditionsOf(known, new Set(group.map(({ kernel }) => kernel))).map((condition): Expectation => ({
      object: basename(object.path),
      program,
      ...(!isForAll && { loader: object.loader ?? DEFAULT_LIBBPF }),
      ...condition,
      status: 'fail',
      ...(failed.class !== null && { class: failed.class }),
      reason: shortened(visible(failed.reason), REASON_LENGTH),
    }));
  });
}

/** What `expectationChanges` needs beside results. */
interface ChangeOptions {
  /** The day that decides which expectations have expired. */
  today: Date;
  /** Whether the configuration has an object, so that a new expectation may name it (default: it has all). */
  isConfigured?: (object: Pick<ObjectResult, 'path'>) => boolean;
}

/**
 * The changes after which every verdict of these results is as expected: programs that pass have no expectation, and programs that fail
 * have one with their class. Expectations that are `unsupported`, have expired, or have no verdict in these results stay unchanged.
 */
export function expectationChanges(
  expectations: readonly Expectation[],
  results: Results,
  { today, isConfigured = () => true }: ChangeOptions,
): ExpectationChange[] {
  const verdicts = verdictsOf(results);
  const matching = (draft: Draft) => {
    const { active } = sortByExpiry(
      draft.filter((one) => one !== null),
      today,
    );
    return verdicts.map(({ object, program, kernel }) => expectationFor(active, object, program, kernel));
  };
  let draft: Draft = expectations;
  // After a change, a later expectation may match instead. Each round removes or narrows an expectation or corrects its class.
  for (let changing = true; changing;) {
    const matched = matching(draft);
    const next = draft.map((expectation, at) => {
      if (expectation === null) return null;
      const own = verdicts.filter((_, index) => matched[index] === expectation);
      return applied(expectation, changeOf(expectation, at, own));
    });
    changing = next.some((expectation, at) => expectation !== draft[at]);
    draft = next;
  }
  const matched = matching(draft);
  const left = verdicts.filter(({ object, failed }, index) => failed !== null && matched[index] === null && isConfigured(object));
  const changes = expectations.flatMap((expectation, at) => difference(expectation, at, draft[at] ?? null));
  return [...changes, ...additions(left, verdicts).map((expectation) => ({ kind: 'add', expectation }) as const)];
}
