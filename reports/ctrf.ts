// CTRF, the Common Test Report Format: a test for each program on each kernel.
import { librariesUsed } from '../harness/results/loaders-used.ts';
import { stableKernelNames } from '../harness/results/kernel-names.ts';
import { logText } from '../harness/results/logs.ts';
import type { CellProgram, CellResult, KernelResult, Results } from '../harness/results/schema.ts';
import type { Status } from '../harness/base/vocabulary.ts';
import { logsCutText } from './model/logs-cut.ts';
import { fixedOffsetLines } from '../harness/results/fixed-offsets.ts';
import { escapedJson } from './json.ts';
import { surprise } from '../harness/results/unexpected.ts';
import { visible, visibleText } from '../harness/base/visible.ts';

/** The version of the format, which is not yet 1.0. */
const SPEC_VERSION = '0.0.0';
const LOG_TAIL = 4000;

/** A status without a verdict is `other`: neither passed nor failed. `rawStatus` has our status. */
const STATUSES = {
  pass: 'passed',
  fail: 'failed',
  xfail: 'passed',
  xpass: 'failed',
  unsupported: 'skipped',
  skip: 'skipped',
  infra: 'other',
  'not-run': 'pending',
} as const satisfies Record<Status, 'passed' | 'failed' | 'skipped' | 'pending' | 'other'>;

function messageOf(program: CellProgram, cell: CellResult): string {
  if (program.status === 'xpass') return surprise(program);
  const reason = program.reason ?? cell.reason ?? '';
  return [program.expected ?? '', reason].filter((part) => part !== '').join(': ');
}

/** What a test needs of its run. */
interface Surroundings {
  kernel: KernelResult | undefined;
  /** The name of the kernel that stays the same when it is updated. */
  suite: string;
  /** The loader of the object; empty for the default one. */
  loader: string;
  logs: Results['logs'];
}

function test(program: CellProgram, cell: CellResult, { kernel, suite, loader, logs }: Surroundings) {
  const message = messageOf(program, cell);
  const log = program.status === 'fail' ? logText(logs, program.logs.verifier).slice(-LOG_TAIL) : '';
  const labels = {
    kernel: visible(cell.kernel),
    series: visible(kernel?.series ?? ''),
    arch: kernel?.arch ?? '',
    loader: visible(loader),
    stage: program.stage ?? '',
    class: program.class ?? '',
  };
  return {
    name: visible(`${cell.object}/${program.name}`),
    status: STATUSES[program.status],
    // All programs of an object load together; each gets an equal share of the time, so that sums stay true.
    duration: Math.round(cell.durationMs / Math.max(1, cell.programs.length)),
    suite: [visible(suite), visible(cell.object)],
    rawStatus: program.status,
    ...(message !== '' && { message: visible(message) }),
    ...(log !== '' && { trace: visibleText(log) }),
    flaky: cell.flaky,
    labels: Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')),
  };
}

/** The text of a CTRF report. */
export function renderCtrf(results: Results): string {
  const kernels = new Map(results.kernels.map((kernel) => [kernel.id, kernel]));
  const suites = stableKernelNames(results.kernels);
  const loaders = new Map(results.objects.map(({ id, loader = '' }) => [id, loader]));
  const tests = results.cells.flatMap((cell) => {
    const suite = suites.get(cell.kernel) ?? cell.kernel;
    const surroundings = { kernel: kernels.get(cell.kernel), suite, loader: loaders.get(cell.object) ?? '', logs: results.logs };
    return cell.programs.map((program) => test(program, cell, surroundings));
  });
  const count = (status: (typeof tests)[number]['status']) => tests.filter((one) => one.status === status).length;
  const { run } = results;
  const cut = logsCutText(results);
  const fixedOffsets = fixedOffsetLines(results.objects);
  const [start, stop] = [Date.parse(run.startedAt), Date.parse(run.finishedAt)];
  const report = {
    reportFormat: 'CTRF',
    specVersion: SPEC_VERSION,
    runId: visible(run.id),
    timestamp: run.finishedAt,
    generatedBy: 'corematrix',
    results: {
      tool: { name: 'corematrix', version: visible(run.tool.version) },
      summary: {
        tests: tests.length,
        passed: count('passed'),
        failed: count('failed'),
        skipped: count('skipped'),
        pending: count('pending'),
        other: count('other'),
        flaky: tests.filter(({ flaky }) => flaky).length,
        suites: results.kernels.length,
        start,
        stop,
        duration: Math.max(0, stop - start),
      },
      tests,
      environment: {
        osPlatform: visible(run.host.os),
        ...(run.shard && { shardId: `${run.shard.index}/${run.shard.total}` }),
        extra: {
          qemu: visible(run.host.qemu),
          accel: run.host.accel,
          ...Object.fromEntries(librariesUsed(results).map(([library, releases]) => [library, visible(releases)])),
          complete: run.complete,
          ...(cut !== null && { logs: cut }),
          ...(fixedOffsets.length > 0 && { fixedOffsets }),
        },
      },
    },
  };
  return escapedJson(`${JSON.stringify(report, null, 2)}\n`);
}
