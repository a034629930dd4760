// Finds the expectation for a program on a kernel, and applies it to the verdict.
import { basename } from 'node:path';
import { DEFAULT_LIBBPF } from '../../base/loader-name.ts';
import { inRange, parseKernelVersion, parseRange } from '../../base/kernel-version.ts';
import type { Expectation } from './expectation-schema.ts';
import type { CellProgram, CellResult, KernelResult, ObjectResult, Results } from '../../results/schema.ts';
import type { Status } from '../../base/vocabulary.ts';

/** The first expectation in the file that matches this program, loaded by the loader of its object, on this kernel; null if none does. */
export function expectationFor(
  expectations: readonly Expectation[],
  object: Pick<ObjectResult, 'path' | 'loader'>,
  program: string,
  kernel: Pick<KernelResult, 'version' | 'distribution' | 'arch'>,
): Expectation | null {
  const version = parseKernelVersion(kernel.version);
  const match = expectations.find(
    (expectation) =>
      expectation.object === basename(object.path) &&
      (expectation.program === undefined || expectation.program === program) &&
      (expectation.loader === undefined || expectation.loader === (object.loader ?? DEFAULT_LIBBPF)) &&
      (expectation.distribution === undefined || expectation.distribution === kernel.distribution) &&
      (expectation.arch === undefined || expectation.arch === kernel.arch) &&
      (expectation.kernels === undefined || inRange(version, parseRange(expectation.kernels))),
  );
  return match ?? null;
}

/** Separates the expectations that apply on a day (UTC) from those that expired before it. */
export function sortByExpiry(
  expectations: readonly Expectation[],
  today: Date,
): { active: readonly Expectation[]; expired: readonly Expectation[] } {
  const day = today.toISOString().slice(0, 10);
  const isOver = ({ expires }: Expectation) => expires !== undefined && expires < day;
  return { active: expectations.filter((one) => !isOver(one)), expired: expectations.filter(isOver) };
}

/** An expectation in one line: `old_name in task_state.bpf.o on >=5.14`. */
export function describeExpectation({ object, program, loader, kernels, distribution, arch }: Expectation): string {
  const where = [distribution, kernels, arch].filter((part) => part !== undefined).join(' ');
  const by = loader === undefined ? '' : ` with ${loader}`;
  return `${program ?? 'every program'} in ${object}${by}${where === '' ? '' : ` on ${where}`}`;
}

/** The expectations that match nothing in these results, or only programs and kernels that an earlier expectation matches. */
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

/** Applies an expectation to the verdict of a program: fail becomes xfail only with the expected class, pass becomes xpass. */
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

/** A cell has the status of its program that needs the most attention. Ordered from most to least. */
const ATTENTION: readonly Status[] = ['fail', 'xpass', 'infra', 'not-run', 'xfail', 'pass', 'unsupported', 'skip'];

/**
 * The status of a cell, from its programs. If all programs load alone but the whole object does not, the cell stays `fail`, unless one
 * of its programs was expected to fail: that failure explains why the whole object does not load.
 */
export function cellStatus(cell: Pick<CellResult, 'status' | 'programs'>): Status {
  const statuses = new Set(cell.programs.map((program) => program.status));
  const [worst] = ATTENTION.filter((status) => statuses.has(status));
  if (cell.status !== 'fail' || worst === undefined) return worst ?? cell.status;
  return worst === 'pass' || worst === 'skip' ? 'fail' : worst;
}

/** Applies the matching expectations to the programs of a cell that has a verdict. */
export function applyExpectations(
  cell: CellResult,
  expectations: readonly Expectation[],
  object: Pick<ObjectResult, 'path' | 'loader'>,
  kernel: Pick<KernelResult, 'version' | 'distribution' | 'arch'>,
): CellResult {
  if (cell.status !== 'pass' && cell.status !== 'fail') return cell;
  const programs = cell.programs.map((program) => applyExpectation(program, expectationFor(expectations, object, program.name, kernel)));
  return { ...cell, programs, status: cellStatus({ status: cell.status, programs }) };
}
