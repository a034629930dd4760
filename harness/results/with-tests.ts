// The tests of executables as programs of their objects. Only the output on a kernel names them, so the list is made after the run.
import type { CellProgram, CellResult, Results } from './schema.ts';

/** The name of the row of an executable itself, beside or in place of its tests. */
export const EXIT_ROW = 'exit status';

/** A test that other kernels have and this one does not: the executable ended before it, or never has it here. */
function missingTest(name: string, { status, class: failureClass, reason, programs }: CellResult): CellProgram {
  const shared = { name, stage: null, errno: null, expected: null, logs: { libbpf: null, verifier: null } };
  const isWithoutRows = programs.length === 0;
  // What happened to the whole cell happened to each of its tests.
  if (status === 'infra' || (isWithoutRows && status !== 'not-run')) return { ...shared, status, class: failureClass, reason };
  // The executable has no row of its own where its tests say all.
  if (name === EXIT_ROW && !isWithoutRows) return { ...shared, status: 'pass', class: null, reason: null };
  return { ...shared, status: 'not-run', class: null, reason: 'the test did not run on this kernel' };
}

/** The results with all tests of each executable in its object and in each of its cells. BPF objects stay as they are. */
export function withTests(results: Results): Results {
  const names = new Map(results.objects.flatMap(({ id, executable }) => (executable ? [[id, new Set<string>()] as const] : [])));
  if (names.size === 0) return results;
  for (const { object, programs } of results.cells) for (const { name } of programs) names.get(object)?.add(name);
  // Without any row, the reports would not show the executable and why it gave no verdict.
  for (const tests of names.values()) if (tests.size === 0) tests.add(EXIT_ROW);
  return {
    ...results,
    objects: results.objects.map((object) => {
      const tests = names.get(object.id);
      return tests ? { ...object, programs: [...tests].map((name) => ({ name, section: 'test', type: null, insns: 0 })) } : object;
    }),
    cells: results.cells.map((cell) => {
      const tests = names.get(cell.object);
      if (!tests) return cell;
      const own = new Map(cell.programs.map((program) => [program.name, program]));
      return { ...cell, programs: [...tests].map((name) => own.get(name) ?? missingTest(name, cell)) };
    }),
  };
}
