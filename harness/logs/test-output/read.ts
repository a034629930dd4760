// Recognizes the format of test output, and reads the tests in it.
import { readCatch2 } from './catch2.ts';
import { readGoJson, readGoText } from './go.ts';
import { readGoogleTest } from './googletest.ts';
import { readLibtest } from './libtest.ts';
import type { TestRow } from './rows.ts';
import { readTap } from './tap.ts';

interface Format {
  /** True for output in this format. */
  isIn: (stdout: string) => boolean;
  read: (stdout: string, stderr: string) => TestRow[];
}

/** The formats in the order in which they are tried. */
const FORMATS = {
  'go-json': { isIn: (text) => /^\{.*"Action":"\w+"/m.test(text), read: readGoJson },
  'go-text': { isIn: (text) => /^\u0016?=== RUN |^\s*--- (?:PASS|FAIL|SKIP): .+ \([\d.]+s\)$/m.test(text), read: readGoText },
  googletest: { isIn: (text) => /^\[=+\] Running \d+ tests? from /m.test(text), read: readGoogleTest },
  libtest: { isIn: (text) => /^running \d+ tests?$/m.test(text), read: readLibtest },
  catch2: { isIn: (text) => /^(?:test cases: +\d+ \||\S.* is a Catch2? v\d)/m.test(text), read: readCatch2 },
  tap: { isIn: (text) => /^(?:TAP version \d+|1\.\.\d+\b)/m.test(text), read: readTap },
} as const satisfies Record<string, Format>;

/**
 * Reads the tests in the output of an executable.
 * @returns its tests in their order; none if the output is in no known format
 */
export function readTestOutput(stdout: string, stderr: string): TestRow[] {
  const format = Object.values(FORMATS).find(({ isIn }) => isIn(stdout));
  return format?.read(stdout, stderr) ?? [];
}
