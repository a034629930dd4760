// Tests of libbpf's own words: a recorded log for each message that can end a load, with its facts and its verdict.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cacheRoot } from '../../../../harness/base/files.ts';
import { textRecords } from '../../../../harness/logs/libbpf/lines.ts';
import { parseTextLog } from '../../../../harness/logs/libbpf/parse.ts';
import { ensureRelease } from '../../../../harness/setup/libbpf.ts';
import { judgeCell } from '../../../../harness/verdict/judge.ts';
import { formatOfLine, formatsOf } from './formats.ts';
import { UNRECORDED } from './unrecorded-messages.ts';

const FILE = new URL('../../../fixtures/libbpf-messages/messages.log', import.meta.url);

interface Recorded {
  release: string;
  isOpen: boolean;
  errno: number;
  /** The lines, marked with their level. */
  text: string;
}

function readRecorded(): Recorded[] {
  const logs = readFileSync(FILE, 'utf8').split(/^# (?=\d)/m);
  return logs.slice(1).map((log) => {
    const [, release = '', reached, errno] = /^(\S+) (open|load|attach) (\d+)\n/.exec(log) ?? [];
    const text = log.slice(log.indexOf('\n') + 1);
    return { release, isOpen: reached === 'open', errno: Number(errno), text };
  });
}

const LOGS = readRecorded();

/** A log as lines without levels, as a custom loader prints it. */
const withoutLevels = (text: string) => text.replace(/^<0>/gm, '');

/** The facts of a log that are not empty. */
function factsOf(text: string): string {
  const { warnings: _warnings, ended, ...facts } = parseTextLog(text);
  const stated = Object.entries(facts).filter(([, value]) => value !== null && (!Array.isArray(value) || value.length > 0));
  return `${ended} ${JSON.stringify(Object.fromEntries(stated.filter(([, value]) => !(value instanceof Map))))}`;
}

function verdictOf({ isOpen, errno, text }: Recorded): string {
  const names = [...new Set([...text.matchAll(/prog '(\w+)'/g)].map(([, name = '']) => name))];
  const programs = (names.length > 0 ? names : ['p']).map((name) => ({ name, section: 'kprobe/x', type: 'kprobe', insns: 9 }));
  const { stage, class: failure } = judgeCell({
    object: { programs, relocations: [], maps: [] },
    evidence: {
      programs: programs.map((program) => ({ ...program, autoload: true })),
      leftOut: [],
      chosen: [],
      attempts: [{ program: null, reached: isOpen ? 'open' : 'load', errno, openMs: 0, loadMs: 0, log: textRecords(text) }],
      kernelLog: '',
      console: '',
    },
  });
  return `${stage} ${failure}`;
}

test('each recorded message of libbpf has its facts and its verdict', () => {
  const read = LOGS.map((log) => ({
    lines: withoutLevels(log.text).trim().split('\n'),
    verdict: verdictOf(log),
    facts: factsOf(log.text),
  }));
  expect(read).toMatchSnapshot();
});

test('a recorded log without levels ends at the same step with the same verdict as with them', () => {
  const read = (log: Recorded) => `${parseTextLog(log.text).ended} ${verdictOf(log)}`;
  const changed = LOGS.filter((log) => read(log) !== read({ ...log, text: withoutLevels(log.text) }));
  expect(changed.map(({ text }) => text)).toEqual([]);
});

test('every recorded log is a warning that ends the load, and its verdict has a class', () => {
  expect(LOGS.filter(({ text }) => parseTextLog(text).ended === null)).toEqual([]);
  expect(LOGS.filter(({ text }) => text.split('\n').some((line) => line.startsWith('libbpf: ')))).toEqual([]);
  const unknown = LOGS.filter((log) => verdictOf(log).endsWith(' unknown')).map(({ text }) => text);
  // The function that a loader looks up by name; the message names no program.
  expect(unknown).toEqual(['<0>libbpf: gone_function is not found in vmlinux BTF\n']);
});

test('every message with which libbpf 1.1, 1.5 and 1.7 end a load has a recorded log or a reason why it has none', async () => {
  const recorded = new Set<string>();
  const ending = new Set<string>();
  for (const release of ['1.1', '1.5', '1.7']) {
    const { staticLib } = await ensureRelease(release, { cache: cacheRoot(), onNote: () => {} });
    const formats = formatsOf(staticLib);
    for (const { example } of formats) if (parseTextLog(`libbpf: ${example}`).ended !== null) ending.add(example);
    for (const log of LOGS.filter((each) => each.release === release)) {
      for (const line of withoutLevels(log.text).split('\n')) {
        const format = formatOfLine(formats, line.replace(/^libbpf: /, ''));
        if (format) recorded.add(format.example);
      }
    }
  }
  const reasonOf = (message: string) => Object.entries(UNRECORDED).find(([, pattern]) => pattern.test(message))?.[0];
  expect([...ending].filter((message) => !recorded.has(message) && reasonOf(message) === undefined)).toEqual([]);
  expect([...ending].filter((message) => recorded.has(message) && reasonOf(message) !== undefined)).toEqual([]);
  expect({ messages: ending.size, recorded: [...ending].filter((message) => recorded.has(message)).length }).toMatchInlineSnapshot(`
    {
      "messages": 320,
      "recorded": 275,
    }
  `);
}, 300_000);
