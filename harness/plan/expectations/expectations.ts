// What was expected of a program on a kernel, and what that makes of its verdict.
import { basename } from 'node:path';
import { inRange, parseKernelVersion, parseRange } from '../../base/kernel-version.ts';
import type { Expectation } from './expectation-schema.ts';
import type { CellProgram, CellResult, KernelResult, ObjectResult, Results } from '../../results/schema.ts';
import type { Status } from '../../base/vocabulary.ts';

/** The first expectation that speaks of this program on this kernel; order in the file is precedence. */
export function expectationFor(
  expectations: readonly Expectation[],
  object: Pick<ObjectResult, 'path'>,
  program: string,
  kernel: Pick<KernelResult, 'version' | 'distribution' | 'arch'>,
): Expectation | null {
  const version = parseKernelVersion(kernel.version);
  const match = expectations.find(
    (expectation) =>
      expectation.object === basename(object.path) &&
      (expectation.program === undefined || expectation.program === program) &&
      (expectation.distribution === undefined || expectation.distribution === kernel.distribution) &&
      (expectation.arch === undefined || expectation.arch === kernel.arch) &&
      (expectation.kernels === undefined || inRange(version, parseRange(expectation.kernels))),
  );
  return match ?? null;
}

/** Expectations that hold on a day, and those that ended before it. */
export function sortByExpiry(
  expectations: readonly Expectation[],
  today: Date,
): { active: readonly Expectation[]; expired: readonly Expectation[] } {
  const day = today.toISOString().slice(0, 10);
  const isOver = ({ expires }: Expectation) => expires !== undefined && expires < day;
  return { active: expectations.filter((one) => !isOver(one)), expired: expectations.filter(isOver) };
}

/** One line for people: `old_name in task_state.bpf.o on >=5.14`. */
export function describeExpectation({ object, program, kernels, distribution, arch }: Expectation): string {
  const where = [distribution, kernels, arch].filter((part) => part !== undefined).join(' ');
  return `${program ?? 'every program'} in ${object}${where === '' ? '' : ` on ${where}`}`;
}

/** Expectations that speak of no program on any kernel of these results, or only of what an earlier one speaks of. */
export function unusedExpectations(
  expectations: readonly Expectation[],
  { objects, kernels }: Pick<Results, 'objects' | 'kernels'>,
): Expectation[] {
  const used = new Set(
    kernels.flatMap((kernel) =>
      objects.flatMap((object) => object.programs.map(({ name }) => expectationFor(expectations, object, name, kernel))),
    ),
  );
  return expectations.filter((one) => !used.has(one));
}

/** A program's verdict in the light of an expectation: fail becomes xfail only with the expected class, pass becomes xpass. */
export function applyExpectation(program: CellProgram, expectation: Expectation | null): CellProgram {
  if (!expectation) return program;
  const { reason: why, link } = expectation;
  const expected = link === undefined ? why : `${why} (${link})`;
  if (expectation.status === 'unsupported') return { ...program, status: 'unsupported', expected };
  if (program.status === 'pass') return { ...program, status: 'xpass', expected };
  if (program.status !== 'fail') return program;
  if (expectation.class !== undefined && expectation.class !== program.class) {
    const reason = `${program.reason ?? 'failed'} (expected to fail with ${expectation.class})`;
    return { ...program, reason, expected };
  }
  return { ...program, status: 'xfail', expected };
}

/** Which of its programs' statuses a cell takes: the one that needs attention most. */
const ATTENTION: readonly Status[] = ['fail', 'xpass', 'infra', 'not-run', 'xfail', 'pass', 'unsupported', 'skip'];

/**
 * The status of a cell from its programs'. A cell whose programs all load alone while the object as a whole does not stays `fail`,
 * unless something in it was expected to fail: then that is why the whole does not load.
 */
export function cellStatus(cell: Pick<CellResult, 'status' | 'programs'>): Status {
  const statuses = new Set(cell.programs.map((program) => program.status));
  const [worst] = ATTENTION.filter((status) => statuses.has(status));
  if (cell.status !== 'fail' || worst === undefined) return worst ?? cell.status;
  return worst === 'pass' || worst === 'skip' ? 'fail' : worst;
}

/** Applies every expectation that fits to the programs of a cell that has a verdict. */
export function applyExpectations(
  cell: CellResult,
  expectations: readonly Expectation[],
  object: Pick<ObjectResult, 'path'>,
  kernel: Pick<KernelResult, 'version' | 'distribution' | 'arch'>,
): CellResult {
  if (cell.status !== 'pass' && cell.status !== 'fail') return cell;
  const programs = cell.programs.map((program) => applyExpectation(program, expectationFor(expectations, object, program.name, kernel)));
  return { ...cell, programs, status: cellStatus({ status: cell.status, programs }) };
}
