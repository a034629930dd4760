// Finds a cell by the name that links in a report use: KERNEL/OBJECT.
import { UserError } from '../base/errors.ts';
import { mostSimilar } from '../base/similar.ts';
import type { CellResult, KernelResult, ObjectResult, Results } from './schema.ts';

export interface FoundCell {
  kernel: KernelResult;
  object: ObjectResult;
  cell: CellResult;
}

const LEAST_ALIKE = 0.4;
const MAX_LISTED = 12;

function listed(names: readonly string[]): string {
  return names.length > MAX_LISTED ? `${names.slice(0, MAX_LISTED).join(', ')}, ...` : names.join(', ');
}

function unknown(what: string, name: string, known: readonly string[]): UserError {
  const [nearest] = mostSimilar(name, known, 1, LEAST_ALIKE);
  const hint = nearest === undefined ? `there are: ${listed(known)}` : `did you mean ${nearest}?`;
  return new UserError(`no ${what} "${name}" in these results; ${hint}`);
}

/** Finds a kernel by its id, or by a release, version or series that only one kernel has. */
function kernelNamed(results: Results, name: string): KernelResult {
  const exact = results.kernels.find(({ id }) => id === name);
  if (exact) return exact;
  const alike = results.kernels.filter(({ release, version, series }) => [release, version, series].includes(name));
  const [only] = alike;
  if (only && alike.length === 1) return only;
  if (only) throw new UserError(`"${name}" is more than one kernel: ${listed(alike.map(({ id }) => id))}`);
  throw unknown(
    'kernel',
    name,
    results.kernels.map(({ id }) => id),
  );
}

/**
 * Finds a cell by `KERNEL/OBJECT`. The rest of a report link (`#c/`, `/r/3`) may surround it.
 * @throws UserError that names the missing part and the existing ones
 */
export function findCell(results: Results, name: string): FoundCell {
  const [kernelName = '', objectName = ''] = name.replace(/^.*#/, '').replace(/^c\//, '').split('/').map(decoded);
  if (kernelName === '' || objectName === '')
    throw new UserError(
      `expected KERNEL/OBJECT, for example ${results.cells[0]?.kernel ?? 'debian-6.12'}/${results.cells[0]?.object ?? 'prog'}, not "${name}"`,
    );
  const kernel = kernelNamed(results, kernelName);
  const object = results.objects.find(({ id }) => id === objectName);
  if (!object) {
    throw unknown(
      'object',
      objectName,
      results.objects.map(({ id }) => id),
    );
  }
  const cell = results.cells.find((each) => each.kernel === kernel.id && each.object === object.id);
  if (!cell) throw new UserError(`${object.id} was not planned on ${kernel.id} in these results`);
  return { kernel, object, cell };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
