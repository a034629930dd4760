// Cells made from recorded libbpf logs. Each log is the load of one program of an object.
import { readFileSync } from 'node:fs';
import { parseTextLog } from '../../../harness/logs/libbpf/parse.ts';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import { accessOf, parseSpec } from '../../../harness/bpf/core-spec/printed.ts';
import type { ObjectRelocation } from '../../../harness/bpf/object/places.ts';
import type { CellEvidence, LoadAttempt } from '../../../harness/verdict/evidence/evidence.ts';
import type { JudgedObject } from '../../../harness/verdict/rules/context.ts';

const FOLDER = new URL('../../fixtures/libbpf-logs/', import.meta.url);

/** Programs of the recorded objects, in the order of the file. */
export const RECORDED = {
  core: ['prog_ok', 'prog_bad', 'prog_bad2', 'prog_badenum'],
  t2: ['incompat', 'ambig', 'oob', 'down', 'memsz', 'bitf'],
  t3a: ['unk_helper', 'not_allowed', 'weakk', 'inf', 'uninit', 'fe', 'tpb', 'l'],
  t4: ['t4'],
  t5: ['t5'],
  t6: ['t6'],
  t7: ['t7'],
  t9: ['int_vs_enum', 'prune', 'fwd', 'existord'],
} as const satisfies Record<string, readonly string[]>;

export type RecordedObject = keyof typeof RECORDED;

export const RECORDED_OBJECTS = ['core', 't2', 't3a', 't4', 't5', 't6', 't7', 't9'] as const satisfies readonly RecordedObject[];

function recordedText(version: string, name: string): string {
  return readFileSync(new URL(`v${version}.${name}.log`, FOLDER), 'utf8');
}

/** The name of the program in a log. In objects with a single program it differs from the name of the log. */
function programName(name: string): string {
  return /^t\d$/.test(name) ? 'k' : name;
}

function attempt(version: string, name: string, program: string | null): LoadAttempt {
  const text = recordedText(version, name);
  const result = Number(/^LOAD (-?\d+)/m.exec(text)?.[1]);
  return { program, reached: result === 0 ? 'done' : 'load', errno: Math.abs(result), openMs: 0, loadMs: 0, log: textRecords(text) };
}

/** An object with the relocations that libbpf 1.7.0 printed. */
export function recordedObject(object: RecordedObject): JudgedObject {
  const relocations = new Map<string, ObjectRelocation>();
  for (const name of RECORDED[object]) {
    for (const { index, section, program, kind, spec, patch, poisoned } of parseTextLog(recordedText('1.7.0', name)).relocations) {
      const parsed = parseSpec(spec ?? '');
      if (!parsed || kind === null || section === null) continue;
      const insn = patch?.insn ?? Math.min(...poisoned, 1);
      const plain = (spec ?? '').replace(/^\[\d+\] /, '');
      relocations.set(`${section}${index}`, { index, section, program, insn, kind, spec: plain, access: accessOf(parsed), source: null });
    }
  }
  const programs = RECORDED[object].map((name) => ({ name: programName(name), section: 'tp_btf/x', type: 'tracing', insns: 3 }));
  return { programs, relocations: [...relocations.values()], maps: [{ name: 'rb', type: 'ringbuf' }] };
}

/** An attempt with the whole object, which ends at the first failing program, then one with each program alone. */
export function recordedEvidence(object: RecordedObject, version: string, names: readonly string[] = RECORDED[object]): CellEvidence {
  const alone = names.map((name) => attempt(version, name, programName(name)));
  const whole = alone.find(({ reached }) => reached !== 'done') ?? alone[0];
  const attempts = [...(whole ? [{ ...whole, program: null }] : []), ...(names.length > 1 ? alone : [])];
  const programs = names.map((name) => ({ name: programName(name), section: 'tp_btf/x', type: 'tracing', autoload: true, insns: 3 }));
  return { programs, leftOut: [], chosen: [], attempts, kernelLog: '', console: '' };
}
