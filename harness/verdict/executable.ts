// Judges an executable of `exec`: its exit status and the tests in its output.
import type { FailureClass } from '../base/failures.ts';
import type { Stage } from '../base/vocabulary.ts';
import { readJunit } from '../logs/test-output/junit.ts';
import { readTestOutput } from '../logs/test-output/read.ts';
import type { TestRow } from '../logs/test-output/rows.ts';
import { howEnded } from './evidence/command-end.ts';
import type { CommandEvidence } from './evidence/evidence.ts';
import { oneLine } from './failure.ts';

/** The file with test results that the executable was to write. */
export type ResultsFile = { path: string } & ({ text: string } | { problem: string });

export interface JudgedExecutable {
  status: 'pass' | 'fail';
  stage: Stage | null;
  class: FailureClass | null;
  reason: string | null;
  tests: TestRow[];
  ended: { status: number | null; signal: number | null };
}

/** The last line that it printed, on standard error first. */
function lastLine({ stdout, stderr }: CommandEvidence): string {
  const last = (text: string) => text.trim().split('\n').at(-1)?.trim() ?? '';
  return last(stderr) || last(stdout);
}

function testsOf(command: CommandEvidence, file: ResultsFile | null): { tests: TestRow[]; problem: string | null } {
  if (!file) return { tests: readTestOutput(command.stdout, command.stderr), problem: null };
  if ('problem' in file) return { tests: [], problem: `${file.path}: ${file.problem}` };
  const read = readJunit(file.text);
  return read.ok ? { tests: read.tests, problem: null } : { tests: [], problem: `${file.path} is not JUnit XML: ${read.reason}` };
}

/**
 * Judges an executable that ended by itself or by a signal. It fails if it ends with another exit status than 0, by a signal, with a test
 * that failed, or without the file with test results. Never throws.
 */
export function judgeExecutable(command: CommandEvidence, file: ResultsFile | null): JudgedExecutable {
  const { tests, problem } = testsOf(command, file);
  const isSignal = command.end === 'killed';
  const ended = { status: isSignal ? null : command.value, signal: isSignal ? command.value : null };
  const failed = tests.filter(({ status }) => status === 'fail');
  // A test that only contains the failed one is no cause.
  const first = failed.find(({ name }) => !failed.some((other) => other.name.startsWith(`${name}/`)));
  const fails = (failure: FailureClass, reason: string) =>
    ({ status: 'fail', stage: 'run', class: failure, reason: oneLine(reason), tests, ended }) as const;
  if (first) {
    const more = failed.length > 1 ? ` (and ${failed.length - 1} more)` : '';
    return fails('test-failed', `${first.name}${more}: ${first.reason ?? 'it printed no reason'}`);
  }
  if (isSignal || command.value !== 0) {
    const line = lastLine(command);
    return fails('executable-failed', `the executable ${howEnded(command)}${line === '' ? '' : `: ${line}`}`);
  }
  return problem === null ? { status: 'pass', stage: null, class: null, reason: null, tests, ended } : fails('executable-failed', problem);
}
