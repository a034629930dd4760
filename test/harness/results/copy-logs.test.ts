// Tests of the limits for logs: what is cut, what stays, and what a cell says about it.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { LogLimits } from '../../../harness/base/log-limits.ts';
import { copyWithinLimits, type LogRoom, logRoom } from '../../../harness/results/copy-logs.ts';
import { cutLog } from '../../../harness/results/cut-log.ts';
import { addLog, createLogStore, logRefs, logText } from '../../../harness/results/logs.ts';
import type { CellResult, LogStore } from '../../../harness/results/schema.ts';
import { uniformCell } from '../../../harness/results/uniform-cell.ts';

const LIMITS: LogLimits = { cell: 4096, run: 10_240, afterRun: 2048 };
const FAILURE = "libbpf: prog 'late': failed to load: -22";

const lines = (word: string, count: number) => Array.from({ length: count }, (_, at) => `${word} ${at}`).join('\n');

/** A cell of one program with these logs, in a store of its own. */
function cellWith(texts: Partial<Record<keyof CellResult['logs'], string>>): { cell: CellResult; own: LogStore } {
  const own = createLogStore(null);
  const cell = uniformCell(
    'debian-5.10',
    { id: 'object', programs: [{ name: 'late', section: 'socket', type: 'socket_filter', insns: 1 }] },
    'fail',
    {
      class: 'verifier-rejected',
      reason: 'R1 invalid mem access',
    },
  );
  const ids = Object.fromEntries(Object.entries(texts).map(([kind, text]) => [kind, addLog(own, text)]));
  return { cell: { ...cell, logs: { ...cell.logs, ...ids } }, own };
}

function copied(texts: Parameters<typeof cellWith>[0], room: LogRoom) {
  const { cell, own } = cellWith(texts);
  const run = createLogStore();
  const copy = copyWithinLimits(cell, own, run, room);
  const logs = Object.fromEntries(logRefs(copy).map(({ kind, id }) => [kind, logText(run, id)]));
  const bytes = Object.values(logs).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  return { copy, logs, bytes };
}

it('logs within the limit of a cell are copied whole, and the cell does not say that they are cut', () => {
  const texts = { libbpf: lines('libbpf', 100), console: 'one line' };
  const { copy, logs } = copied(texts, logRoom(LIMITS));
  expect([logs, copy.logsCut]).toEqual([texts, undefined]);
});

it('a log that is too long keeps its beginning and its end, and says between them how many bytes are left out, and where', () => {
  const { copy, logs, bytes } = copied({ libbpf: `${lines('libbpf', 1000)}\n${FAILURE}`, warnings: FAILURE }, logRoom(LIMITS));
  const { libbpf = '', warnings } = logs;
  const kept = libbpf.split('\n');
  const note = kept.findIndex((line) => line.startsWith('[corematrix'));
  expect({
    shown: [...kept.slice(0, 2), '…', ...kept.slice(note - 1, note + 2), '…', ...kept.slice(-2)],
    warnings,
    cut: copy.logsCut,
  }).toEqual({
    shown: [
      'libbpf 0',
      'libbpf 1',
      '…',
      'libbpf 97',
      '[corematrix: 7038 bytes are left out here, after byte 970: the logs of a cell have at most 4 KiB]',
      'libbpf 738',
      '…',
      'libbpf 999',
      FAILURE,
    ],
    warnings: FAILURE,
    cut: { logs: 1, bytes: 7038, limit: 'cell' },
  });
  expect(bytes).toBeLessThanOrEqual(LIMITS.cell);
});

it('short logs stay whole, and the long ones of a cell share the rest', () => {
  const texts = { libbpf: lines('libbpf', 1000), verifier: lines('verifier', 2000), kernel: lines('kernel', 20), console: 'one line' };
  const { copy, logs, bytes } = copied(texts, logRoom(LIMITS));
  const size = (kind: keyof typeof texts) => Math.round((logs[kind] ?? '').length / 100);
  expect([logs['kernel'], logs['console'], size('libbpf'), size('verifier'), copy.logsCut?.logs]).toEqual([
    texts.kernel,
    texts.console,
    19,
    19,
    2,
  ]);
  expect(bytes).toBeLessThanOrEqual(LIMITS.cell);
});

it('when the logs of a run have no room left, a cell keeps its verdict, its reason, its last warning and the ends of its logs', () => {
  const room = logRoom(LIMITS);
  const texts = { libbpf: `${lines('libbpf', 1000)}\n${FAILURE}`, warnings: `${lines('warning', 500)}\n${FAILURE}` };
  const cells = [1, 2, 3, 4].map(() => copied(texts, room));
  expect(cells.map(({ copy }) => copy.logsCut?.limit)).toEqual(['cell', 'cell', 'run', 'run']);
  expect(cells.map(({ bytes }) => Math.ceil(bytes / 1024))).toEqual([4, 4, 3, 2]);
  const { copy, logs } = copied(texts, room);
  expect([copy.status, copy.class, copy.reason, copy.programs[0]?.reason]).toEqual([
    'fail',
    'verifier-rejected',
    'R1 invalid mem access',
    'R1 invalid mem access',
  ]);
  const ends = [logs['libbpf'], logs['warnings']].map((text) => text?.split('\n').at(-1));
  expect(ends).toEqual([FAILURE, FAILURE]);
  expect(logs['warnings']).toContain('the logs of a run have at most 10 KiB');
});

it('a log that is cut again says how many bytes are left out of the whole log', () => {
  const first = copied({ libbpf: lines('libbpf', 1000) }, logRoom(LIMITS));
  const { cell, own } = cellWith(first.logs);
  const run = createLogStore();
  const again = copyWithinLimits({ ...cell, logsCut: first.copy.logsCut }, own, run, logRoom({ ...LIMITS, run: 0 }));
  const text = logText(run, again.logs.libbpf);
  const noted = /(\d+) bytes are left out here/.exec(text)?.[1];
  const note = /^\[corematrix.*\]\n/m.exec(text)?.[0] ?? '';
  const whole = Buffer.byteLength(lines('libbpf', 1000));
  expect(again.logsCut).toEqual({ logs: 1, bytes: whole - (text.length - note.length), limit: 'run' });
  expect(noted).toBe(String(again.logsCut?.bytes));
});

/** A cut log: its beginning, the bytes that are left out, the byte after which they are, and its end. */
const CUT = /^([^]*?)\n?\[corematrix: (\d+) bytes are left out here, after byte (\d+): limit\]\n([^]*)$/;

it('a cut log has its limit, whole characters, and names exactly the bytes that are missing, for any text', () => {
  const part = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constant('\n'), fc.constant('€'.repeat(3000)));
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60 }), fc.integer({ min: 200, max: 9000 }), (parts, most) => {
      const whole = parts.join('');
      const { text, bytes } = cutLog(whole, most, 'limit');
      const [, head = '', noted, after, tail = ''] = CUT.exec(text) ?? ['', text, '0', `${Buffer.byteLength(text)}`, ''];
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(most);
      expect([whole.startsWith(head), whole.endsWith(tail), Number(noted)]).toEqual([true, true, bytes]);
      expect(Number(after) + bytes + Buffer.byteLength(tail)).toBe(Buffer.byteLength(whole));
    }),
  );
});
