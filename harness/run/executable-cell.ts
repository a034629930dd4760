// The result of a cell in which an executable ran instead of a load.
import { fingerprintOf, subjectOf } from '../explain/fingerprint.ts';
import { addLog } from '../results/logs.ts';
import { EXIT_ROW } from '../results/with-tests.ts';
import type { CellProgram, CellResult, LogStore } from '../results/schema.ts';
import type { CellEvidence } from '../verdict/evidence/evidence.ts';
import { type JudgedExecutable, judgeExecutable, type ResultsFile } from '../verdict/executable.ts';
import { errnoName } from '../logs/libbpf/errno.ts';
import type { TestRow } from '../logs/test-output/rows.ts';

const NO_LOGS = { libbpf: null, verifier: null } as const;
const EINVAL = 22;
const EFBIG = 27;
const ELOOP = 40;
const NO_REASON = 'it printed no reason';

function testResult({ name, status, reason }: TestRow): CellProgram {
  if (status !== 'fail') return { name, status, stage: null, class: null, errno: null, reason, expected: null, logs: NO_LOGS };
  const said = reason ?? NO_REASON;
  const fingerprint = fingerprintOf('test-failed', subjectOf('test-failed', said));
  return { name, status, stage: 'run', class: 'test-failed', errno: null, reason: said, fingerprint, expected: null, logs: NO_LOGS };
}

/** What the guest sent back of the file with test results. */
function resultsFile(path: string, { collected }: CellEvidence): ResultsFile {
  if (!collected) return { path, problem: 'the guest did not send it' };
  if (collected.errno === EFBIG) return { path, problem: 'it is larger than 8 MiB' };
  if (collected.errno === EINVAL) return { path, problem: 'it is no plain file' };
  if (collected.errno === ELOOP) return { path, problem: 'its links form a loop' };
  return collected.errno === 0 ? { path, text: collected.text } : { path, problem: `it cannot be read: ${errnoName(collected.errno)}` };
}

/** The row of the executable itself: for one without tests, and for a failure that no test explains. */
function ownRows({ status, class: failureClass, reason, stage, tests }: JudgedExecutable): CellProgram[] {
  if (tests.length > 0 && failureClass !== 'executable-failed') return [];
  const shared = { name: EXIT_ROW, status, stage, class: failureClass, errno: null, reason, expected: null, logs: NO_LOGS };
  if (failureClass === null || reason === null) return [shared];
  return [{ ...shared, fingerprint: fingerprintOf(failureClass, subjectOf(failureClass, reason)) }];
}

type Verdict = Pick<CellResult, 'status' | 'stage' | 'class' | 'reason' | 'programs' | 'relocations' | 'ended' | 'logs'>;

/**
 * The verdict on an executable and on each test in its output, with its logs.
 * @param path of the file with test results in the guest; null if none was named
 */
export function executableVerdict(evidence: CellEvidence, path: string | null, logs: LogStore): Verdict {
  const command = evidence.command ?? { end: 'not-started', value: 0, stdout: '', stderr: '' };
  const judged = judgeExecutable(command, path === null ? null : resultsFile(path, evidence));
  const { tests, status, stage, class: failureClass, reason, ended } = judged;
  return {
    status,
    stage,
    class: failureClass,
    reason,
    ended,
    relocations: [],
    programs: [...tests.map(testResult), ...ownRows(judged)],
    logs: {
      libbpf: null,
      warnings: null,
      verifier: null,
      kernel: addLog(logs, evidence.kernelLog),
      console: addLog(logs, evidence.console),
      stdout: addLog(logs, command.stdout),
      stderr: addLog(logs, command.stderr),
    },
  };
}
