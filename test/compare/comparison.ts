// Compares what a real tool did on a kernel with what the plan of `corematrix init` did there.
import type { CellResult } from '../../harness/results/schema.ts';

/** What a tool did. `environment`: the guest lacks something that is not BPF, so that the tool says nothing about the kernel. */
export type ToolResult =
  | { kind: 'works'; programs: readonly string[] }
  | { kind: 'fails'; reason: string }
  | { kind: 'environment'; reason: string };

/** What the plan did. A plan that leaves out every program works, with no program. */
export type PlanResult = { kind: 'works'; programs: readonly string[] } | { kind: 'fails'; reason: string };

export interface Comparison {
  tool: string;
  kernel: string;
  real: ToolResult;
  plan: PlanResult;
}

export interface Totals {
  /** Comparisons in which both work or both fail, of those whose tool had all that it needs. */
  agree: number;
  compared: number;
  /** Comparisons with the same loaded programs, of those in which both work. */
  samePrograms: number;
  bothWork: number;
  environment: number;
}

/** Last messages of tools that miss hardware counters, frequency scaling or an argument. */
const ENVIRONMENT = [/perf sampling/i, /cpufreq/i, /^usage:/i];

/** Tools that trace a process which no guest has. */
const NO_PROCESS: Readonly<Record<string, string>> = { javagc: 'it traces a Java machine' };

/** Reads the result of a tool that `watch` has run. */
export function toolResult({ object, status, class: failureClass, reason }: CellResult, stdout: string, stderr: string): ToolResult {
  const { [object]: lacking } = NO_PROCESS;
  if (lacking !== undefined) return { kind: 'environment', reason: lacking };
  if (status === 'pass') {
    const programs = stdout.split('\n').flatMap((line) => /^program (\S+)$/.exec(line)?.[1] ?? []);
    return { kind: 'works', programs: programs.toSorted() };
  }
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const why = `${failureClass ?? status}: ${reason ?? lines.at(-1) ?? ''}`;
  const lacks =
    status !== 'fail' || failureClass === 'loader-environment' || ENVIRONMENT.some((pattern) => pattern.test(lines.at(-1) ?? ''));
  return lacks ? { kind: 'environment', reason: why } : { kind: 'fails', reason: why };
}

/** Reads the result of a plan, which attaches every program that it loads. */
export function planResult({ status, class: failureClass, reason, programs }: CellResult): PlanResult {
  if (status !== 'pass' && status !== 'skip') {
    const [failed] = programs.filter((program) => program.status === 'fail').map(({ name }) => name);
    return { kind: 'fails', reason: `${failed ?? 'object'}: ${failureClass ?? status}: ${reason ?? ''}` };
  }
  const loaded = programs.filter((program) => program.status === 'pass').map(({ name }) => name);
  return { kind: 'works', programs: loaded.toSorted() };
}

const sameNames = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((name, index) => name === b[index]);

type Agreement = 'agrees' | 'other programs' | 'DIFFERS' | 'not counted';

function agreementOf({ real, plan }: Comparison): Agreement {
  if (real.kind === 'environment') return 'not counted';
  if (real.kind !== plan.kind) return 'DIFFERS';
  return real.kind === 'works' && plan.kind === 'works' && !sameNames(real.programs, plan.programs) ? 'other programs' : 'agrees';
}

export function totalsOf(comparisons: readonly Comparison[]): Totals {
  const judged = comparisons.map((comparison) => ({ ...comparison, agreement: agreementOf(comparison) }));
  const counted = judged.filter(({ agreement }) => agreement !== 'not counted');
  const both = counted.filter(({ real, plan }) => real.kind === 'works' && plan.kind === 'works');
  return {
    agree: counted.filter(({ agreement }) => agreement !== 'DIFFERS').length,
    compared: counted.length,
    samePrograms: both.filter(({ agreement }) => agreement === 'agrees').length,
    bothWork: both.length,
    environment: comparisons.length - counted.length,
  };
}

function difference(real: readonly string[], plan: readonly string[]): string {
  const only = (these: readonly string[], others: readonly string[]) => these.filter((name) => !others.includes(name));
  return [...only(real, plan).map((name) => `-${name}`), ...only(plan, real).map((name) => `+${name}`)].join(' ');
}

function detailsOf({ real, plan }: Comparison, agreement: Agreement): string[] {
  if (agreement === 'agrees') return [];
  if (real.kind === 'works' && plan.kind === 'works') return [`programs: ${difference(real.programs, plan.programs)}`];
  if (real.kind !== 'works') return [`tool: ${real.reason}`];
  return plan.kind === 'fails' ? [`plan: ${plan.reason}`] : [];
}

const text = (result: ToolResult | PlanResult) => (result.kind === 'works' ? `works (${result.programs.length} programs)` : result.kind);

/**
 * The comparison in one line, and below it why a result differs. `-` marks a program that only the tool loads, `+` one that only the plan
 * loads.
 */
export function linesOf(comparison: Comparison): string[] {
  const { tool, kernel, real, plan } = comparison;
  const agreement = agreementOf(comparison);
  return [
    `${agreement.padEnd(14)}  ${tool.padEnd(16)}  ${kernel.padEnd(12)}  tool ${text(real)}, plan ${text(plan)}`,
    ...detailsOf(comparison, agreement).map((detail) => `    ${detail}`),
  ];
}
