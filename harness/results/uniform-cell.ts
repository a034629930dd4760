// Cells whose programs all share one result: no verdict, not run, skipped, or a crash of the kernel or libbpf.
import type { CellResult, ObjectResult } from './schema.ts';
import type { FailureClass } from '../base/failures.ts';
import type { Status } from '../base/vocabulary.ts';

/** A cell in which every program has the same status, class and reason, without further facts. */
export function uniformCell(
  kernel: string,
  object: Pick<ObjectResult, 'id' | 'programs'>,
  status: Status,
  failure: { class: FailureClass | null; reason: string } | null,
): CellResult {
  const because = { status, stage: null, class: failure?.class ?? null, reason: failure?.reason ?? null };
  const programs = object.programs.map(({ name }) => {
    const logs = { libbpf: null, verifier: null };
    return { ...because, name, errno: null, expected: null, logs };
  });
  return {
    ...because,
    kernel,
    object: object.id,
    flaky: false,
    attempts: [],
    durationMs: 0,
    loadMs: null,
    predicted: null,
    programs,
    relocations: [],
    command: null,
    logs: { libbpf: null, warnings: null, verifier: null, kernel: null, console: null },
  };
}
