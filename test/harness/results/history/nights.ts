// Makes results of nightly runs of a small matrix, from the status of the program on each kernel and the changes since the night before.
import { type HistoryLine, lineOf } from '../../../../harness/results/history/line.ts';
import { uniformCell } from '../../../../harness/results/uniform-cell.ts';
import type { Attempt, KernelResult, Results } from '../../../../harness/results/schema.ts';
import type { Status } from '../../../../harness/base/vocabulary.ts';
import { SAMPLE } from '../../../reports/sample.ts';

export interface Night {
  day: number;
  /** Status of the only program on 5.10 and on 6.12. */
  statuses: readonly [Status, Status];
  /** Version of the second kernel. @default 6.12.117 */
  version?: string;
  /** If true, the cell needed a second attempt. */
  flaky?: boolean;
}

const [OLD, NEW] = SAMPLE.kernels;
const [, PROBES] = SAMPLE.objects;

function kernelsOf(version: string): KernelResult[] {
  if (!OLD || !NEW) throw new Error('the sample has kernels');
  const newer = { ...NEW, arch: OLD.arch, id: `debian-${version}-amd64`, version, sha256: version.replaceAll('.', '').padEnd(64, '0') };
  return [OLD, newer];
}

/** Attempts that give a status: none without a run, and two for a flaky cell. */
function attemptsOf(status: Status, flaky: boolean): Attempt[] {
  if (status === 'not-run' || status === 'skip') return [];
  const failed = { isolation: 'snapshot', infra: 'infra-timeout', reason: 'too slow', durationMs: 1 } as const;
  const judged = { isolation: 'snapshot', infra: null, reason: null, durationMs: 1 } as const;
  return [...(flaky || status === 'infra' ? [failed] : []), ...(status === 'infra' ? [] : [judged])];
}

/** The results of a night. */
export function night({ day, statuses, version = '6.12.117', flaky = false }: Night): Results {
  if (!PROBES) throw new Error('the sample has objects');
  const object = { ...PROBES, programs: PROBES.programs.slice(0, 1) };
  const kernels = kernelsOf(version);
  const { schemaVersion, logs } = SAMPLE;
  return {
    schemaVersion,
    logs,
    run: { ...SAMPLE.run, complete: true, id: `night ${day}`, finishedAt: `2026-05-${String(day).padStart(2, '0')}T03:00:00.000Z` },
    kernels,
    objects: [object],
    cells: kernels.map(({ id }, at) => ({
      ...uniformCell(id, object, statuses[at] ?? 'pass', { class: null, reason: 'so it is' }),
      attempts: attemptsOf(statuses[at] ?? 'pass', flaky && at === 1),
      flaky: flaky && at === 1,
    })),
  };
}

/** The history lines of these nights. */
export function lines(...nights: readonly Night[]): HistoryLine[] {
  return nights.map((one) => lineOf(night(one)));
}
