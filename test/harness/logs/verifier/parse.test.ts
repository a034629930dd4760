import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseTextLog } from '../../../../harness/logs/libbpf/parse.ts';
import { parseVerifierLog, type VerifierLog } from '../../../../harness/logs/verifier/parse.ts';
import { REJECTION_KINDS, type RejectionKind, REJECTIONS } from '../../../../harness/logs/verifier/rejections.ts';
import { fuzzRuns } from '../../../fuzz/runs.ts';

const FIXTURES = new URL('../../../fixtures/', import.meta.url);
const LOGS = ['libbpf-logs/', 'verifier-logs/'].flatMap((folder) =>
  readdirSync(new URL(folder, FIXTURES)).flatMap((name) => (/^(?:v|5|6|7).*\.log$/.test(name) ? `${folder}${name}` : [])),
);

const WITHOUT_LIBBPF = 'verifier-logs/without-libbpf/';
const RAW = readdirSync(new URL(WITHOUT_LIBBPF, FIXTURES)).flatMap((name) => (name.endsWith('.log') ? `${WITHOUT_LIBBPF}${name}` : []));

/** What the kernel logs, without the output of libbpf around it. */
function verifierTexts(name: string): string[] {
  if (name.startsWith(WITHOUT_LIBBPF)) return [readFileSync(new URL(name, FIXTURES), 'utf8')];
  return parseTextLog(readFileSync(new URL(name, FIXTURES), 'utf8')).programs.flatMap(({ verifierLog }) => verifierLog ?? []);
}

test.each([...LOGS.filter((name) => verifierTexts(name).length > 0), ...RAW])('the verifier log in %s is read', (name) => {
  expect(verifierTexts(name).map(parseVerifierLog)).toMatchSnapshot();
});

test.each(REJECTION_KINDS)('either a real log shows rejections of kind %s, or the table says why none can', (kind) => {
  const seen = [...LOGS, ...RAW].filter((name) => verifierTexts(name).some((text) => parseVerifierLog(text).cause.type === kind));
  const { unseen }: RejectionKind = REJECTIONS[kind];
  expect({ kind, isSeen: seen.length > 0, isReason: unseen !== undefined && unseen.endsWith('.') }).toEqual({
    kind,
    isSeen: unseen === undefined,
    isReason: unseen !== undefined,
  });
});

test('every recorded log of a rejected program has a known cause', () => {
  const unknown = LOGS.filter((name) => verifierTexts(name).some((text) => parseVerifierLog(text).cause.type === 'unknown'));
  expect(unknown).toEqual([]);
});

/** A log in the form of 5.10: no place after a source line, and register state on separate lines. */
const OLD_PATH = `; int prog(struct pt_regs *ctx)
0: (bf) r6 = r1
; long x = ctx->di;
1: (79) r1 = *(u64 *)(r6 +112)
`;
const OLD_STATS = 'processed 3 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0\n';

function old(end: string): Omit<VerifierLog, 'stats' | 'report'> {
  const { stats, report, ...rest } = parseVerifierLog(`${OLD_PATH}${end}\n${OLD_STATS}`);
  expect([stats.processed, report]).toEqual([3, null]);
  return rest;
}

describe('logs of 5.10', () => {
  test('a verifier log of 5.10 with an access through a scalar is read', () => {
    expect(old(" R1_w=inv(id=0) R6_w=ctx(id=0,off=0,imm=0) R10=fp0\n2: (61) r0 = *(u32 *)(r1 +0)\nR1 invalid mem access 'inv'")).toEqual({
      reason: "R1 invalid mem access 'inv'",
      cause: { type: 'memory-access', register: 1, holds: 'inv' },
      insn: 2,
      insnText: '(61) r0 = *(u32 *)(r1 +0)',
      state: 'R1_w=inv(id=0)',
      source: { text: 'long x = ctx->di;', file: null, line: null },
    });
  });

  test.each([
    ['2: (85) call unknown#195896080\ninvalid func unknown#195896080', { type: 'core-relocation', relocation: null }],
    ['2: (85) call unknown#2001000003\ninvalid func unknown#2001000003', { type: 'missing-map', name: null }],
    ['2: (85) call unknown#2002000001\ninvalid func unknown#2002000001', { type: 'missing-kfunc', name: null }],
    ['2: (85) call unknown#181\ninvalid func unknown#181', { type: 'helper-unknown', id: 181, name: null }],
    ['2: (85) call bpf_d_path#147\nunknown func bpf_d_path#147', { type: 'helper-not-allowed', id: 147, name: 'bpf_d_path' }],
    ['2: (85) call bpf_probe_read#4\ncannot call GPL-restricted function from non-GPL compatible program', { type: 'helper-gpl-only' }],
    ['BPF_CALL uses reserved fields', { type: 'kfunc-unsupported' }],
    ['unknown opcode cd', { type: 'unknown-instruction' }],
    ['BPF_STX uses reserved fields', { type: 'unknown-instruction' }],
    ['back-edge from insn 7 to 3', { type: 'endless-loop', insn: 7 }],
    ['BPF program is too large. Processed 1000001 insn', { type: 'too-complex', limit: 'instructions' }],
    ['The sequence of 8193 jumps is too complex.', { type: 'too-complex', limit: 'jumps' }],
    ['2: (95) exit\nR0 !read_ok', { type: 'uninitialized', register: 0 }],
    ['2: (95) exit\nUnreleased reference id=2 alloc_insn=1', { type: 'unreleased-reference' }],
    ['attach_btf_id 77 is not a function', { type: 'attach-target' }],
    ['Only fentry/fexit/fmod_ret and lsm programs can be sleepable', { type: 'program-type' }],
    ['insn 8 cannot be patched due to 16-bit range', { type: 'too-complex', limit: 'program-size' }],
    ['mixing of tail_calls and bpf-to-bpf calls is not supported', { type: 'jit' }],
    ["func 'f' doesn't have 4-th argument\ninvalid bpf_context access off=24 size=8", { type: 'hook-argument' }],
    ['combined stack size of 2 calls is 544. Too large', { type: 'stack-size' }],
    ['unreachable insn 9', { type: 'control-flow' }],
    ['invalid type id 1 in func info', { type: 'program-info' }],
    ['some new words', { type: 'unknown' }],
  ] as const)('a verifier log of 5.10 that ends with %j has its cause', (end, cause) => {
    expect(old(end).cause).toEqual(cause);
  });

  test('two lines of one reason in a verifier log of 5.10 are joined', () => {
    const end =
      '2: (71) r0 = *(u8 *)(r1 +4)\ninvalid access to map value, value_size=4 off=4 size=1\nR1 min value is outside of the allowed memory range';
    expect(old(end)).toMatchObject({
      reason: 'invalid access to map value, value_size=4 off=4 size=1; R1 min value is outside of the allowed memory range',
      cause: { type: 'bounds' },
    });
  });

  test('messages about instructions that passed in a verifier log of 5.10 are not a reason', () => {
    expect(old('R2 !read_ok\n2: (b7) r0 = 0')).toMatchObject({ reason: null, cause: { type: 'unknown' }, insn: 2 });
  });
});

test('a spec in a verifier log that libbpf cut is marked as cut', () => {
  const { cause } = parseVerifierLog(
    '6: <invalid CO-RE relocation>\nfailed to resolve CO-RE relocation <byte_off> [9] struct very_long.na...\n',
  );
  expect(cause).toEqual({ type: 'core-relocation', relocation: { kind: 'byte_off', spec: '[9] struct very_long.na', cut: true } });
});

test.each([3, 345])('statistics on the line of a message are no part of the reason, with %i processed instructions', (processed) => {
  const { reason, stats } = parseVerifierLog(`invalid type id 1 in func info${OLD_STATS.replace('3', String(processed))}`);
  expect([reason, stats.processed]).toEqual(['invalid type id 1 in func info', processed]);
});

test('verifier statistics are read at any position', () => {
  const text =
    'verification time 1234 usec\nstack depth 64+16\nprocessed 99 insns (limit 1000000) max_states_per_insn 4 total_states 20 peak_states 19 mark_read 3\n';
  expect(parseVerifierLog(text).stats).toEqual({ processed: 99, totalStates: 20, peakStates: 19, timeUsec: 1234, stackDepth: '64+16' });
});

test('the words of statistics in other lines of a verifier log are no statistics', () => {
  const { stats } = parseVerifierLog('; processed 5 insns total_states 6\n0: (95) exit\nit says: peak_states 7\n');
  expect(stats).toEqual({ processed: null, totalStates: null, peakStates: null, timeUsec: null, stackDepth: null });
});

test('an empty verifier log has no reason', () => {
  expect(parseVerifierLog('')).toMatchInlineSnapshot(`
    {
      "cause": {
        "type": "unknown",
      },
      "insn": null,
      "insnText": null,
      "reason": null,
      "report": null,
      "source": null,
      "state": null,
      "stats": {
        "peakStates": null,
        "processed": null,
        "stackDepth": null,
        "timeUsec": null,
        "totalStates": null,
      },
    }
  `);
});

test('the end of a very long verifier log is enough', () => {
  const path = Array.from({ length: 200_000 }, (_, insn) => `${insn}: (bf) r1 = r2\n`).join('');
  expect(parseVerifierLog(`${path}200000: (95) exit\nR0 !read_ok\n`)).toMatchObject({ reason: 'R0 !read_ok', insn: 200_000 });
});

test('only the last 256 KiB of a verifier log are read, without the line that is cut, and a line up to 4096 characters', () => {
  const ending = (start: string, length: number) => parseVerifierLog(`${start}; `.padEnd(length, 'x')).reason;
  const whole = 256 * 1024;
  expect(ending('R0 !read_ok\n', whole)).toBe('R0 !read_ok');
  expect(ending('R0 !read_ok\n', whole + 1)).toBeNull();
  expect(ending('R1 !read_ok\nR0 !read_ok\n', whole + 11)).toBe('R0 !read_ok');
  expect(ending('R1 !read_ok\nR0 !read_ok\n', whole + 12)).toBeNull();
  expect(parseVerifierLog(`some words ${'x'.repeat(5000)}`).reason).toHaveLength(4096);
  expect(parseVerifierLog(`R0 !read_ok\n${'\n'.repeat(998)}`).reason).toBe('R0 !read_ok');
  expect(parseVerifierLog(`R0 !read_ok\n${'\n'.repeat(1000)}`).reason).toBeNull();
});

test('the last eight messages of a verifier log are searched for one that a rule knows, else the last is the reason', () => {
  const strangers = (count: number) => Array.from({ length: count }, (_, at) => `stranger ${at}`).join('\n');
  const read = (count: number) => {
    const { reason, cause } = parseVerifierLog(`0: (95) exit\nR0 !read_ok\n${strangers(count)}`);
    return [reason, cause.type];
  };
  expect([read(0), read(7), read(8)]).toEqual([
    ['R0 !read_ok', 'uninitialized'],
    ['R0 !read_ok', 'uninitialized'],
    ['stranger 7', 'unknown'],
  ]);
});

test('the state in a verifier log is that of the register in the reason, from at most 200 lines above', () => {
  const log = (lines: number, reason = 'R10 !read_ok') =>
    `0: (bf) r1 = r2 ; R1=1 R10_w=ptr((a))\n${'1: (bf) r3 = r4 ; R3=5\n'.repeat(lines)}2: (95) exit\n${reason}`;
  expect(parseVerifierLog(log(0)).state).toBe('R10_w=ptr((a))');
  expect([parseVerifierLog(log(198)).state, parseVerifierLog(log(199)).state]).toEqual(['R10_w=ptr((a))', null]);
  expect(parseVerifierLog(log(0, 'unreachable insn 2')).state).toBe('R1=1 R10_w=ptr((a))');
});

test('the state of a pointer that a call made a number is not the state at the rejected instruction', () => {
  const log = (state: string) =>
    `6: (bf) r6 = r0 ; ${state}\n7: (85) call bpf_ringbuf_submit#132 ;\n8: (7b) *(u64 *)(r6 +0) = r1\nR6 invalid mem access 'scalar'`;
  expect(parseVerifierLog(log('R6_w=alloc_mem(ref_obj_id=2,off=0,imm=0)')).state).toBeNull();
  expect(parseVerifierLog(log('R6_w=scalar(id=3)')).state).toBe('R6_w=scalar(id=3)');
  expect(parseVerifierLog(log('R6_w=7')).state).toBe('R6_w=7');
});

test('the state that an old kernel prints below the rejected instruction counts before that of an earlier one', () => {
  const log = `12: (0f) r6 += r0
 R0_rw=invP(id=0) R6_rw=map_value(id=0,off=0,ks=4,vs=32,imm=0) R10=fp0
14: (7b) *(u64 *)(r6 +0) = r1
 R0_w=inv(id=0,umax_value=56) R6_w=map_value(id=0,off=0,ks=4,vs=32,umax_value=56) R10=fp0
invalid access to map value, value_size=32 off=56 size=8
R6 max value is outside of the allowed memory range`;
  expect(parseVerifierLog(log).state).toBe('R6_w=map_value(id=0,off=0,ks=4,vs=32,umax_value=56)');
});

test('an empty source line in a verifier log is passed over', () => {
  expect(parseVerifierLog('; x = 1; @ f.c:1\n;  @ f.c:2\n0: (95) exit\nR0 !read_ok').source).toEqual({
    text: 'x = 1;',
    file: 'f.c',
    line: 1,
  });
});

test('a reason in a verifier log whose first words are on the line before is joined with it', () => {
  const reason = (last: string) => parseVerifierLog(`0: (95) exit\nsome words\n${last}`).reason;
  expect([
    reason('R10 min value is outside of the allowed memory range'),
    reason('invalid bpf_context access off=8 size=8'),
    reason('the R1 is odd'),
    reason('R0 !read_ok'),
  ]).toEqual([
    'some words; R10 min value is outside of the allowed memory range',
    'some words; invalid bpf_context access off=8 size=8',
    'the R1 is odd',
    'R0 !read_ok',
  ]);
});

test('any text is read as a verifier log', () => {
  const words = fc.constantFrom(
    '; ',
    ' @ f.c:',
    '1',
    ': (85) call ',
    'unknown#',
    'R1',
    '=',
    '\n',
    'invalid func ',
    '2001',
    'processed 1 insns',
    'from 1 to 2: ',
  );
  const text = fc.array(fc.oneof(words, fc.string({ unit: 'binary' })), { maxLength: 200 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (log) => {
      const { reason } = parseVerifierLog(log);
      expect(reason?.includes('\n') ?? false).toBe(false);
    }),
    { numRuns: fuzzRuns(50) },
  );
});
