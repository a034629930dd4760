// Relocates with the prediction and with libbpf's functions, and compares lines and instructions.
import { execa } from 'execa';
import type { Btf, TypeAt } from '../../../harness/bpf/btf/btf.ts';
import type { NameIndex } from '../../../harness/bpf/btf/names.ts';
import type { PredictedLog } from '../../../harness/core-relo/log.ts';
import { patchInsn } from '../../../harness/core-relo/patch.ts';
import { resolveRelo } from '../../../harness/core-relo/resolve.ts';
import { valueOf } from '../../../harness/core-relo/value.ts';
import { parseLocalSpec } from '../../../harness/bpf/core-spec/spec.ts';
import { RELOCATION_KINDS } from '../../../harness/base/vocabulary.ts';
import { buildOracle, linesOf } from './oracles.ts';
import { accessOf, type RelocationSeed, rootOf } from './random-btf.ts';

/** One relocation, and the two instructions at its place. */
export interface Request {
  /** Its number. */
  kind: number;
  type: number;
  access: string;
  bytes: Buffer;
}

const OPCODES: Readonly<Record<RelocationSeed['form'], number>> = {
  alu: 0xb7,
  load: 0x61,
  store: 0x62,
  wide: 0x18,
  register: 0xbf,
  jump: 0x05,
};
const SIZE_BITS: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };

/** Two instructions that contain the compiled value, or another. */
function instruction({ form, size, asCompiled }: RelocationSeed, value: bigint): Buffer {
  const bytes = Buffer.alloc(16);
  const held = asCompiled ? value : value + 1n;
  bytes[0] = form === 'load' || form === 'store' ? (OPCODES[form] & ~0x18) | (SIZE_BITS[size] ?? 0) : OPCODES[form];
  if (form === 'load' || form === 'store') bytes.writeInt16LE(Number(BigInt.asIntN(16, held)), 2);
  else bytes.writeInt32LE(Number(BigInt.asIntN(32, held)), 4);
  if (form === 'wide') bytes.writeInt32LE(Number(BigInt.asIntN(32, held >> 32n)), 12);
  return bytes;
}

function requestOf(btf: Btf, seed: RelocationSeed): Request | null {
  const type = rootOf(btf, seed);
  if (type === null) return null;
  const access = accessOf(btf, type, seed);
  const kind = RELOCATION_KINDS[seed.kind] ?? 'byte_off';
  const parsed = parseLocalSpec(btf, kind, type, access);
  const value = parsed.ok ? valueOf(kind, parsed.spec) : null;
  return { kind: seed.kind, type, access, bytes: instruction(seed, value?.type === 'value' ? value.value : 0n) };
}

/** Two BTFs, and relocations from one to the other. */
export interface Question {
  name: string;
  local: Btf;
  target: NameIndex;
  /** Files of both BTFs, the local one first. */
  paths: readonly [string, string];
  requests: readonly Request[];
}

/** Relocations from random numbers. */
export function requestsFrom(local: Btf, seeds: readonly RelocationSeed[]): Request[] {
  return seeds.flatMap((seed) => requestOf(local, seed) ?? []);
}

/** Predicted lines and instructions, up to the first error. */
export function predictAnswer({ local, target, requests }: Question): string[] {
  const log: PredictedLog = [];
  const context = { local, kernel: { vmlinux: target, modules: [] }, log, candidates: new Map<number, TypeAt[]>() };
  const said: string[] = [];
  const flush = (end: string) => {
    said.push(...linesOf(log), end);
    log.length = 0;
  };
  for (const [index, { kind, type, access, bytes }] of requests.entries()) {
    const relo = { record: { insnOffset: 0, typeId: type, access, kind }, index, program: 'p' };
    const copy = Uint8Array.from(bytes);
    const resolution = resolveRelo(relo, context);
    const code = { view: new DataView(copy.buffer), littleEndian: true };
    const errno = typeof resolution === 'number' ? resolution : patchInsn({ code, insn: 0, relo, resolution, log });
    flush(errno === 0 ? `= ${Buffer.from(copy).toString('hex')}` : `! -${errno}`);
    if (errno !== 0) break;
  }
  return said;
}

function inputOf({ paths, requests }: Question): string[] {
  const lines = requests.map(({ kind, type, access, bytes }, at) => `relo p ${at} 0 ${kind} ${type} ${access} ${bytes.toString('hex')}`);
  return [`cell ${paths.join(' ')}`, ...lines];
}

/** Lines and instructions of libbpf's functions for each question, up to the first error. */
export async function askLibbpf(questions: readonly Question[]): Promise<string[][]> {
  const { stdout } = await execa(await buildOracle(), { input: questions.flatMap(inputOf).join('\n'), maxBuffer: 2 ** 28 });
  return stdout
    .split(/^# .*$/m)
    .slice(1)
    .map((answer) => {
      const lines = answer.split('\n').filter((line) => line !== '');
      const end = lines.findIndex((line) => line.startsWith('! '));
      return end < 0 ? lines : lines.slice(0, end + 1);
    });
}

/** For a typedef that is no enum, libbpf prints random memory as the enumerator. The prediction prints nothing. */
function withoutGarbage(said: readonly string[], actual: readonly string[]): string[] {
  const isNoEnum = /non-matching candidate #\d+ <enumval_\w+> \[\d+\] typedef \w+$/;
  return said.map((line, index) => {
    const own = actual[index] ?? '';
    return isNoEnum.test(own) && line.startsWith(`${own}::`) ? own : line;
  });
}

/** Compares the answers of libbpf with predictions: the first differences, and whether enough relocations had a target and enough had none. */
export function compare(questions: readonly Question[], answers: readonly (readonly string[])[]) {
  const pairs = questions.map((question, index) => {
    const engine = predictAnswer(question);
    return { name: question.name, engine, libbpf: withoutGarbage(answers[index] ?? [], engine) };
  });
  const count = (text: string) => answers.flat().filter((line) => line.includes(text)).length;
  return {
    differences: pairs.filter(({ engine: own, libbpf: other }) => own.join('\n') !== other.join('\n')).slice(0, 3),
    isTelling: count(' matching candidate ') > answers.length / 8 && count('no matching targets') > answers.length / 8,
  };
}

/** The comparison of equal predictions. */
export const SAME = { differences: [], isTelling: true };
