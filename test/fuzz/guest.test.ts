// Fuzzes the readers of a guest's mailbox, bell and console, and the archive that a guest boots from.
import { execa } from 'execa';
import { bellLines, parseRing } from '../../harness/guest/bell.ts';
import { writeCpio } from '../../harness/guest/cpio.ts';
import { encodeRequest } from '../../harness/guest/protocol/request.ts';
import { parseResponse, parseResponseHeader } from '../../harness/guest/protocol/response.ts';
import { findKernelFault } from '../../harness/guest/health.ts';
import { toEvidence } from '../../harness/run/evidence.ts';
import { judgeCell } from '../../harness/verdict/judge.ts';
import { readResults } from '../../reports/json.ts';
import { fuzz } from './fuzz.ts';
import type { Random } from './mutate.ts';
import { seedFiles } from './seeds.ts';

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function frame(type: number, ...parts: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(parts);
  const padding = Buffer.alloc((4 - (payload.length % 4)) % 4);
  return Buffer.concat([u32(type, payload.length), payload, padding]);
}

const LOGS = seedFiles('libbpf.');

/** A response as the agent writes it, with a recorded log. */
function response(log: Buffer): Buffer {
  const lines = log.toString('utf8').split(/(?<=\n)/);
  return Buffer.concat([
    frame(16, Buffer.from('6.1.0-56\0#1 SMP\0x86_64\x001.7\0'), u64(5_000_000)),
    frame(17, u32(12, 1), Buffer.from('new_name\0tp_btf/sched_process_exit\0tracing\0')),
    frame(18, Buffer.from('\0')),
    ...lines.map((line) => frame(19, u32(2), Buffer.from(line))),
    frame(83, u32(4, 12), Buffer.from('new_name\0helper\0')),
    frame(82, u32(1, 3), u64(8), u64(16), Buffer.from('new_name\0byte_off=8->16')),
    frame(81, Buffer.from('new_name\0R1 invalid mem access\n')),
    frame(80, u32(5, 13), Buffer.from('new_name\0program new_name: load program: permission denied')),
    frame(20, u32(2, 22), u64(1_000_000), u64(2_000_000)),
    frame(21, Buffer.from('[    0.1] all is well\n')),
    frame(22, u32(0)),
    frame(23, u64(9_000_000)),
  ]);
}

const [FIRST, ...REST] = LOGS;

fuzz({
  name: 'mailbox frames',
  corpus: [response(FIRST), ...REST.map(response)],
  read: (input) => {
    const { frames } = parseResponse(input, null);
    if (frames.length > input.length / 8) throw new Error(`${frames.length} frames in ${input.length} bytes`);
    const { attempts } = toEvidence(frames, '');
    const wrong = attempts.find(({ openMs, loadMs }) => !(openMs >= 0 && loadMs >= 0 && Number.isFinite(openMs + loadMs)));
    if (wrong) throw new Error(`a load took ${wrong.openMs} and ${wrong.loadMs} ms`);
    for (const each of frames) {
      if (each.type === 'hello' && !Number.isSafeInteger(each.btfSize)) throw new Error(`BTF of ${each.btfSize} bytes`);
      if (each.type === 'end' && !(each.guestMs >= 0)) throw new Error(`a guest took ${each.guestMs} ms`);
    }
  },
});

const RESULTS = readResults(seedFiles('results.')[0].toString('utf8'), 'results.json');
const OBJECT = RESULTS.objects.find(({ id }) => id === 'task_state');
const NO_LOGS = { libbpf: null, verifier: null };

fuzz({
  name: 'verdict on a response',
  corpus: [response(FIRST), ...REST.map(response)],
  read: (input) => {
    if (!OBJECT) throw new Error('the recorded results have no such object');
    const judged = judgeCell({ object: OBJECT, evidence: toEvidence(parseResponse(input, null).frames, '') });
    const reasons = [judged, ...judged.programs].flatMap(({ reason }) => reason ?? []);
    const bad = reasons.find((reason) => reason.includes('\n') || reason.length > 5000);
    if (bad !== undefined) throw new Error(`a reason: ${JSON.stringify(bad)}`);
    const programs = judged.programs.map((program) => ({ ...program, expected: null, logs: NO_LOGS }));
    const { status, stage, relocations } = judged;
    const cells = RESULTS.cells.map((cell) => (cell.object === 'task_state' ? { ...cell, status, stage, programs, relocations } : cell));
    // The judged cell must be valid in a results file.
    readResults(JSON.stringify({ ...RESULTS, cells }), 'results.json');
  },
});

fuzz({
  name: 'response header',
  corpus: [u32(0x31424d58, 500, 7, 1, 0)],
  read: (input) => parseResponseHeader(input),
});

fuzz({
  name: 'bell',
  corpus: [Buffer.from('ready fe000000 3000 0 0\ndone fe000000 3000 1f40 8badf00d\n')],
  read: (input, random) => {
    const take = bellLines(parseRing, (error) => {
      throw error;
    });
    for (let at = 0; at < input.length;) {
      const end = at + random.below(64) + 1;
      take(input.subarray(at, end));
      at = end;
    }
  },
});

fuzz({
  name: 'kernel messages',
  corpus: [
    Buffer.from('[    1.0] BUG: unable to handle page fault for address: ffff\n[    1.1] Oops: 0000 [#1] SMP\n'),
    Buffer.from('[   60.1] rcu: INFO: rcu_sched self-detected stall on CPU\n[   60.2] watchdog: BUG: soft lockup - CPU#0 stuck\n'),
  ],
  read: (input) => {
    const fault = findKernelFault(input.toString('utf8'));
    if (fault?.reason.includes('\n') === true) throw new Error(`a reason of several lines: ${JSON.stringify(fault.reason)}`);
  },
});

fuzz({
  name: 'mailbox request',
  corpus: [Buffer.from('task_state'), Buffer.from('ä'.repeat(200))],
  read: (input) => {
    const { bytes, responseOffset } = encodeRequest([{ type: 'object', name: input.toString('utf8'), elf: input }]);
    if (responseOffset < bytes.length || bytes.readUInt32LE(8) !== responseOffset) throw new Error('the request overlaps the response');
  },
});

const NAME_PARTS = [
  'a',
  'Z',
  '7',
  ' ',
  '-',
  '.',
  '..',
  '/',
  "'",
  '"',
  '\\',
  '\t',
  '\u001b',
  'ü',
  '€',
  '\u{1f427}',
  'TRAILER!!!',
  '%n',
] as const;

function entryName(random: Random, index: number): string {
  const parts = Array.from({ length: random.below(300) }, () => random.pick(NAME_PARTS));
  return `${index}${parts.join('')}`;
}

fuzz({
  name: 'cpio against cpio -t',
  cost: 200,
  corpus: [Buffer.from('content'), Buffer.alloc(0), Buffer.alloc(4096, 7)],
  read: async (input, random) => {
    const entries = Array.from({ length: 40 }, (_, index) => ({
      path: entryName(random, index),
      mode: 0o100644,
      content: input.subarray(random.below(input.length + 1)),
    }));
    const archive = writeCpio(entries);
    const listed = await execa('cpio', ['-t', '--quiet'], { input: archive, encoding: 'buffer' });
    const expected = Buffer.from(entries.map(({ path }) => `${path}\n`).join(''));
    const unpacked = await execa('cpio', ['-i', '--to-stdout', '--quiet'], {
      input: archive,
      encoding: 'buffer',
      stripFinalNewline: false,
    });
    if (!Buffer.from(listed.stdout).equals(expected.subarray(0, -1))) throw new Error('cpio -t lists other names');
    const contents = Buffer.concat(entries.map(({ content }) => content));
    if (!Buffer.from(unpacked.stdout).equals(contents)) throw new Error('cpio unpacks other contents');
  },
});
