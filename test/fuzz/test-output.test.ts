// Fuzzes the readers of test output: the text that an executable printed in a guest, and the JUnit XML that it wrote there.
import { readdirSync, readFileSync } from 'node:fs';
import { readJunit } from '../../harness/logs/test-output/junit.ts';
import { readTestOutput } from '../../harness/logs/test-output/read.ts';
import { readCatch2 } from '../../harness/logs/test-output/catch2.ts';
import { readGoJson, readGoText } from '../../harness/logs/test-output/go.ts';
import { readGoogleTest } from '../../harness/logs/test-output/googletest.ts';
import { readLibtest } from '../../harness/logs/test-output/libtest.ts';
import { readTap } from '../../harness/logs/test-output/tap.ts';
import type { TestRow } from '../../harness/logs/test-output/rows.ts';
import { fuzz } from './fuzz.ts';

const FOLDER = new URL('../harness/logs/test-output/real/', import.meta.url);
const [first = Buffer.alloc(0), ...rest] = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.txt'))
  .toSorted()
  .map((name) => readFileSync(new URL(name, FOLDER)));

function check(rows: readonly TestRow[]): void {
  const names = new Set(rows.map(({ name }) => name));
  if (names.size !== rows.length) throw new Error('two rows of one name');
  for (const { name, reason } of rows) {
    if (name === '' || name.includes('\n')) throw new Error(`a name of several lines: ${JSON.stringify(name)}`);
    if (reason !== null && (reason === '' || reason.includes('\n'))) throw new Error(`a bad reason: ${JSON.stringify(reason)}`);
  }
}

fuzz({
  name: 'test output',
  corpus: [first, ...rest],
  read: (input, random) => {
    const text = input.toString('utf8');
    const stderr = random.pick([first, ...rest]).toString('utf8');
    check(readTestOutput(text, stderr));
    for (const read of [readGoText, readGoJson, readLibtest, readTap, readGoogleTest, readCatch2]) check(read(text, stderr));
  },
});

fuzz({
  name: 'JUnit XML',
  corpus: [
    Buffer.from(
      '<?xml version="1.0"?><testsuites><testsuite name="s"><testcase classname="a" name="b"><failure message="m">t</failure></testcase>' +
        '<testcase name="c"><skipped/></testcase></testsuite></testsuites>',
    ),
  ],
  read: (input) => {
    const read = readJunit(input.toString('utf8'));
    if (read.ok) check(read.tests);
  },
});
