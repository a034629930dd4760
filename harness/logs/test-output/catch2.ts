// Reads the console reporter of Catch2. Without `-s` it prints only failed tests.
import { linesOf, reasonOf, Rows, type TestRow } from './rows.ts';

const RULE = /^-{70,}$/;
const DOTS = /^\.{70,}$/;
const END = /^={70,}$/;

interface Block {
  name: string;
  body: string[];
}

/** Test cases with sections have a block for each: its first line is the name of the test case. */
function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let [head, inHead]: [string[], boolean] = [[], false];
  for (const line of lines) {
    if (RULE.test(line)) {
      if (!inHead) head = [];
      inHead = !inHead;
    } else if (DOTS.test(line)) {
      blocks.push({ name: head.map((part) => part.trim()).join(' / '), body: [] });
    } else if (END.test(line)) {
      inHead = false;
      head = [];
    } else if (inHead) {
      head.push(line);
    } else {
      blocks.at(-1)?.body.push(line);
    }
  }
  return blocks;
}

/** The first failed assertion: its place, its expression, and its values. */
function reasonIn(body: readonly string[]): string | null {
  const at = body.findIndex((line) => / ?FAILED:$/.test(line));
  if (at < 0) return null;
  const place = (body[at] ?? '').replace(/:? ?FAILED:$/, '');
  const rest = body.slice(at + 1);
  const end = rest.findIndex((line) => line === '');
  const message = (end < 0 ? rest : rest.slice(0, end)).map((line) => line.trim()).join(' ');
  return reasonOf(`${place}: ${message}`);
}

/** @see src/catch2/reporters/catch_reporter_console.cpp in Catch2 */
export function readCatch2(stdout: string): TestRow[] {
  const rows = new Rows();
  const seen = new Map<string, { failed: boolean; reason: string | null }>();
  for (const { name, body } of blocksOf(linesOf(stdout))) {
    const failed = body.some((line) => / ?FAILED:$/.test(line));
    const before = seen.get(name);
    if (!before || (failed && !before.failed)) seen.set(name, { failed, reason: reasonIn(body) });
  }
  for (const [name, { failed, reason }] of seen) rows.end(name, failed ? 'fail' : 'pass', reason);
  return rows.all();
}
