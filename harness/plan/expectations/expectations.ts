// Finds the expectation for a program on a kernel, and applies it to the verdict.
import { basename } from 'node:path';
import { DEFAULT_LIBBPF } from '../../base/loader-name.ts';
import { inRange, parseKernelVersion, parseRange } from '../../base/kernel-version.ts';
import { didYouMean } from '../../base/similar.ts';
import { listed } from '../settings/place.ts';
import type { Expectation } from './expectation-schema.ts';
import type { CellProgram, CellResult, KernelResult, ObjectResult } from '../../results/schema.ts';
import type { Status } from '../../base/vocabulary.ts';

type WithVersion = Pick<KernelResult, 'version' | 'distribution' | 'arch'>;

function isForLoader({ loader }: Expectation, object: Pick<ObjectResult, 'loader'>): boolean {
  return loader === undefined || loader === (object.loader ?? DEFAULT_LIBBPF);
}

function isForKernel({ distribution, arch, kernels }: Expectation, kernel: WithVersion): boolean {
  return (
    (distribution === undefined || distribution === kernel.distribution) &&
    (arch === undefined || arch === kernel.arch) &&
    (kernels === undefined || inRange(parseKernelVersion(kernel.version), parseRange(kernels)))
  );
}

/** The first expectation in the file that matches this program, loaded by the loader of its object, on this kernel; null if none does. */
export function expectationFor(
  expectations: readonly Expectation[],
  object: Pick<ObjectResult, 'path' | 'loader'>,
  program: string,
  kernel: WithVersion,
): Expectation | null {
  const match = expectations.find(
    (expectation) =>
      expectation.object === basename(object.path) &&
      (expectation.program === undefined || expectation.program === program) &&
      isForLoader(expectation, object) &&
      isForKernel(expectation, kernel),
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

/** The objects and kernels that expectations are matched with. */
interface Matched {
  objects: readonly ObjectResult[];
  kernels: readonly WithVersion[];
}

/** The expectations that match nothing in these results, or only programs and kernels that an earlier expectation matches. */
export function unusedExpectations(expectations: readonly Expectation[], { objects, kernels }: Matched): Expectation[] {
  const used = new Set(
    kernels.flatMap((kernel) =>
      objects.flatMap((object) => object.programs.map(({ name }) => expectationFor(expectations, object, name, kernel))),
    ),
  );
  return expectations.filter((one) => !used.has(one));
}

/** Why an expectation of `unusedExpectations` matches nothing, with the name that was probably meant. */
export function whyUnused(expectation: Expectation, { objects, kernels }: Matched): string {
  const { object, program, loader } = expectation;
  const files = [...new Set(objects.map(({ path }) => basename(path)))];
  const named = objects.filter(({ path }) => basename(path) === object);
  if (named.length === 0) return `no object has the file name ${object}${didYouMean(object, files)}`;
  const programs = [...new Set(named.flatMap((each) => each.programs.map(({ name }) => name)))];
  if (program !== undefined && !programs.includes(program))
    return `${object} has no program ${program}${didYouMean(program, programs)}; it has: ${listed(programs)}`;
  if (!named.some((each) => isForLoader(expectation, each))) return `${object} is not loaded with ${loader ?? DEFAULT_LIBBPF}`;
  if (!kernels.some((kernel) => isForKernel(expectation, kernel))) return 'no kernel of the matrix is one of these kernels';
  return 'earlier expectations apply to all of these programs and kernels';
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
  kernel: WithVersion,
): CellResult {
  if (cell.status !== 'pass' && cell.status !== 'fail') return cell;
  const programs = cell.programs.map((program) => applyExpectation(program, expectationFor(expectations, object, program.name, kernel)));
  return { ...cell, programs, status: cellStatus({ status: cell.status, programs }) };
}
