// Merges results files: shards of a plan, or runs of different kernels or objects.
import { libraryOf } from './loaders-used.ts';
import { createHash } from 'node:crypto';
import { compareKernelVersions, tryParseKernelVersion } from '../base/kernel-version.ts';
import { UserError } from '../base/errors.ts';
import { mergeFindings } from './merge-findings.ts';
import { layoutsByKernel, collectLayouts } from './collected-layouts.ts';
import { copyLog, createLogStore, withLogIds } from './logs.ts';
import { uniformCell } from './uniform-cell.ts';
import type { CellResult, KernelResult, LogStore, ObjectResult, Results } from './schema.ts';

export interface NamedResults {
  /** The path of the file, for messages. */
  name: string;
  results: Results;
}

type Inputs = readonly [NamedResults, ...NamedResults[]];

const keyOf = (cell: Pick<CellResult, 'kernel' | 'object'>) => JSON.stringify([cell.kernel, cell.object]);

/** Refuses files that differ in a value that must be equal. */
function checkSame(inputs: Inputs, what: string, factOf: (results: Results) => string, advice: string): void {
  const [first, ...others] = inputs;
  const expected = factOf(first.results);
  for (const { name, results } of others) {
    const found = factOf(results);
    if (found !== expected) throw new UserError(`${first.name} and ${name} cannot be merged: ${what} ${expected} and ${found}; ${advice}`);
  }
}

/** Refuses a shard of another plan: every shard of one plan lists all its objects and kernels. */
function checkPlan(inputs: Inputs, what: 'kernel' | 'object', pick: (results: Results) => readonly { id: string }[]): void {
  const [first, ...others] = inputs;
  const idsOf = ({ results }: NamedResults) => new Set(pick(results).map(({ id }) => id));
  for (const other of others) {
    const [left, right] = [idsOf(first), idsOf(other)];
    const alone = [...left].find((id) => !right.has(id)) ?? [...right].find((id) => !left.has(id));
    if (alone === undefined) continue;
    throw new UserError(
      `${first.name} and ${other.name} cannot be merged: only ${left.has(alone) ? first.name : other.name} knows ${what} ${alone}; ` +
        'give every shard the same objects, and pin kernels by a lock file',
    );
  }
}

function checkRuns(inputs: Inputs): void {
  checkSame(inputs, 'written by corematrix', ({ run }) => run.tool.version, 'run all shards with one version');
  checkSame(inputs, 'loaded by libbpf', ({ run }) => run.agent.libbpf, 'run all shards with one version');
  checkSame(inputs, 'isolation is', ({ run }) => run.isolation, 'run all shards the same way');
  const total = ({ run }: Results) => (run.shard ? `${run.shard.total}` : 'no');
  checkSame(inputs, 'number of shards is', total, 'give the shards of one run');
  if (!inputs[0].results.run.shard) return;
  checkPlan(inputs, 'kernel', ({ kernels }) => kernels);
  checkPlan(inputs, 'object', ({ objects }) => objects);
}

/** Agents with other loaders, each with its loader name. */
function mergedAgents(inputs: Inputs): Pick<Results['run'], 'otherAgents'> {
  const found = new Map<string, { name: string; agent: NonNullable<Results['run']['otherAgents']>[number] }>();
  for (const { name, results } of inputs)
    for (const agent of results.run.otherAgents ?? []) {
      const known = found.get(agent.loader);
      const [before, now] = [libraryOf(known?.agent ?? agent), libraryOf(agent)];
      if (known && before.release !== now.release)
        throw new UserError(
          `${known.name} and ${name} cannot be merged: ${agent.loader} is ${now.library} ${before.release} and ${now.release}; run all shards with one version`,
        );
      if (!known) found.set(agent.loader, { name, agent });
    }
  return found.size === 0 ? {} : { otherAgents: [...found.values()].map(({ agent }) => agent) };
}

/** Values by id with their files, in the order of their first occurrence. */
function byId<Value extends { id: string }>(inputs: Inputs, pick: (results: Results) => readonly Value[]): Map<string, [string, Value][]> {
  const found = new Map<string, [string, Value][]>();
  for (const { name, results } of inputs) {
    for (const value of pick(results)) found.set(value.id, [...(found.get(value.id) ?? []), [name, value]]);
  }
  return found;
}

function mergedObjects(inputs: Inputs): ObjectResult[] {
  return [...byId(inputs, ({ objects }) => objects).values()].flatMap(([first, ...others]) => {
    if (!first) return [];
    const [name, object] = first;
    const other = others.find(([, { sha256 }]) => sha256 !== object.sha256);
    if (other) throw new UserError(`${name} and ${other[0]} cannot be merged: object ${object.id} is not the same file in both`);
    return [object];
  });
}

/** Chooses the most complete description of a kernel: a shard that booted it knows more than one that only planned it. */
function knowledge(kernel: KernelResult): number {
  return Number(kernel.sha256 !== null) + Number(kernel.release !== null);
}

function mergedKernel(known: readonly [string, KernelResult][]): KernelResult[] {
  const [best, ...others] = known.toSorted(([, a], [, b]) => knowledge(b) - knowledge(a));
  if (!best) return [];
  const [name, kernel] = best;
  const other = others.find(([, { sha256 }]) => sha256 !== null && sha256 !== kernel.sha256);
  if (other) {
    const advice = 'pin kernels by a lock file';
    throw new UserError(`${name} and ${other[0]} cannot be merged: kernel ${kernel.id} is not the same image in both; ${advice}`);
  }
  // One part that took it from an unverified mirror must not vanish behind another part.
  const trust = known.map(([, part]) => part.trust).find((one) => one?.kind === 'accepted') ?? kernel.trust;
  return [{ ...kernel, ...(trust && { trust }), notes: [...new Set(known.flatMap(([, { notes }]) => notes))] }];
}

function compareKernels(a: KernelResult, b: KernelResult): number {
  const [left, right] = [tryParseKernelVersion(a.version), tryParseKernelVersion(b.version)];
  const order = left && right ? compareKernelVersions(left, right) : Number(left === null) - Number(right === null);
  if (order !== 0 || a.id === b.id) return order;
  return a.id < b.id ? -1 : 1;
}

function missingReason(inputs: Inputs): string {
  const { shard } = inputs[0].results.run;
  if (!shard) return 'in none of the merged results';
  const there = new Set(inputs.map(({ results }) => results.run.shard?.index));
  const missing = Array.from({ length: shard.total }, (_, at) => at + 1).filter((index) => !there.has(index));
  if (missing.length === 0) return 'in no shard, although no shard is missing';
  return `its shard is missing: ${missing.map((index) => `${index}/${shard.total}`).join(' or ')}`;
}

/** Each cell from the file that has it. Any other status replaces `not-run`. */
function mergedCells(inputs: Inputs, kernels: readonly KernelResult[], objects: readonly ObjectResult[], logs: LogStore): CellResult[] {
  const found = new Map<string, { input: NamedResults; cell: CellResult }>();
  for (const input of inputs) {
    for (const cell of input.results.cells) {
      const known = found.get(keyOf(cell));
      if (known && known.cell.status !== 'not-run' && cell.status !== 'not-run') {
        const place = `${cell.object} on ${cell.kernel}`;
        const twice = `${known.input.name} and ${input.name} cannot be merged: both have ${place}; give every shard once`;
        throw new UserError(`${twice}, all of one --shard n and --baseline`, {
          inProgram: `${twice}, all of one \`shard.total\` and \`baseline\``,
        });
      }
      if (!known || known.cell.status === 'not-run') found.set(keyOf(cell), { input, cell });
    }
  }
  const reason = missingReason(inputs);
  return kernels.flatMap(({ id }) =>
    objects.map((object) => {
      const known = found.get(keyOf({ kernel: id, object: object.id }));
      if (!known) return uniformCell(id, object, 'not-run', { class: null, reason });
      const own = known.input.results.logs;
      return withLogIds(known.cell, (log) => copyLog(logs, own, log));
    }),
  );
}

/** The layouts of all files; kernels in the order of the matrix. */
function mergedLayouts(inputs: Inputs, kernels: readonly KernelResult[]): Pick<Results, 'layouts'> {
  const stores = inputs.flatMap(({ results }) => results.layouts ?? []);
  if (stores.length === 0) return {};
  const known = stores.flatMap(layoutsByKernel);
  const columns = kernels
    .map(({ id }) => ({ kernel: id, layouts: new Map(known.flatMap(({ kernel, layouts }) => (kernel === id ? [...layouts] : []))) }))
    .filter(({ layouts }) => layouts.size > 0);
  return {
    layouts: collectLayouts(
      columns,
      stores.flatMap(({ omitted: left }) => left),
    ),
  };
}

/** The explanations of all files that have one. */
function mergedExplanation(inputs: Inputs, kernels: readonly KernelResult[]): Pick<Results, 'explanation'> {
  const parts = inputs.flatMap(({ results }) => results.explanation ?? []);
  const order = kernels.map(({ id }) => id);
  return parts.length === 0 ? {} : { explanation: mergeFindings(parts, order) };
}

/** The same inputs give the same id, so that the same files merge to the same bytes. */
function mergedId(inputs: Inputs): string {
  const ids = inputs.map(({ results }) => results.run.id).toSorted();
  const hex = createHash('sha256').update(JSON.stringify(ids)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The command without the options of its shard. */
function wholeCommand(command: readonly string[]): string[] {
  return command.filter((word, at) => word !== '--shard' && !word.startsWith('--shard=') && command[at - 1] !== '--shard');
}

/**
 * Merges results of one plan into those of an unsharded run, apart from ids and times. Cells that no file has are `not-run`.
 * Files without shards may have different kernels and objects: kernels are then ordered by version, objects by file.
 * @throws UserError that names two contradicting files and the contradiction
 */
export function mergeResults(inputs: Inputs): Results {
  const ordered = inputs.toSorted((a, b) => (a.results.run.shard?.index ?? 0) - (b.results.run.shard?.index ?? 0));
  const [first = inputs[0], ...others] = ordered;
  const all: Inputs = [first, ...others];
  checkRuns(all);
  const objects = mergedObjects(all);
  const kernels = [...byId(all, (results) => results.kernels).values()].flatMap(mergedKernel).toSorted(compareKernels);
  const logs = createLogStore();
  const { shard: _, commit, ...run } = first.results.run;
  const sameCommit = all.every(({ results }) => JSON.stringify(results.run.commit) === JSON.stringify(commit));
  const times = (pick: 'startedAt' | 'finishedAt') => all.map(({ results }) => results.run[pick]).toSorted();
  return {
    schemaVersion: first.results.schemaVersion,
    run: {
      ...run,
      ...(commit && sameCommit && { commit }),
      ...mergedAgents(all),
      id: mergedId(all),
      startedAt: times('startedAt')[0] ?? run.startedAt,
      finishedAt: times('finishedAt').at(-1) ?? run.finishedAt,
      complete: all.every(({ results }) => results.run.complete),
      command: wholeCommand(run.command),
    },
    kernels,
    objects,
    cells: mergedCells(all, kernels, objects, logs),
    logs,
    ...mergedLayouts(all, kernels),
    ...mergedExplanation(all, kernels),
  };
}
