import { describe, expect, test } from 'vitest';
import { textRecords } from '../../../../harness/logs/libbpf/lines.ts';
import { relocationRecords } from '../../../../harness/verdict/relocations/records.ts';
import type { CellRelocation } from '../../../../harness/results/schema.ts';
import type { ObjectRelocation } from '../../../../harness/bpf/object/places.ts';
import { readAttempt, type ReadAttempt } from '../../../../harness/verdict/evidence/attempt.ts';
import type { LoadAttempt } from '../../../../harness/verdict/evidence/evidence.ts';
import { RECORDED, recordedEvidence, recordedObject, type RecordedObject } from '../recorded.ts';

/** `access (kind): outcome local -> target | reached, candidates, suspicious change, warnings`. */
function line(entry: CellRelocation, relocation: ObjectRelocation | undefined): string {
  const { outcome, local, target, reached, candidates, suspicious, warnings } = entry;
  const value = local === target ? `${local}` : `${local} -> ${target}`;
  const tried = candidates.map(({ spec, matches }) => `${matches ? '=' : '!'}${spec}`).join(' ');
  const facts = [reached && `reached ${reached}`, tried, suspicious && `suspicious: ${suspicious}`, ...warnings].filter(Boolean);
  return [`${relocation?.access} (${relocation?.kind}): ${outcome} ${value}`, ...facts].join(' | ');
}

function recordsOf(object: RecordedObject, version: string, names?: readonly string[]): string[] {
  const recorded = recordedObject(object);
  const attempts = recordedEvidence(object, version, names).attempts.map((each) => readAttempt(each, recorded));
  return relocationRecords(recorded, attempts).map((entry) => line(entry, recorded.relocations[entry.ref]));
}

describe('relocation records of recorded cells', () => {
  const cells = (['1.1.0', '1.5.1', '1.7.0'] as const).flatMap((version) =>
    (['core', 't2', 't9'] as const).map((object): [RecordedObject, string] => [object, version]),
  );
  test.each(cells)('the recorded logs of object %s with libbpf %s give its relocation records', (object, version) => {
    expect(recordsOf(object, version)).toMatchSnapshot();
  });
  test('the recorded logs of object t9 with libbpf 0.8.1 give its relocation records', () => {
    expect(recordsOf('t9', '0.8.1', RECORDED.t9)).toMatchSnapshot();
  });
});

const RELOCATION: ObjectRelocation = {
  index: 0,
  section: 'kprobe/f',
  program: 'p',
  insn: 1,
  kind: 'byte_off',
  spec: 'struct S.a (0:1 @ offset 8)',
  access: 'S.a',
  source: null,
};

function attempt(program: string | null, reached: LoadAttempt['reached'], text: string): ReadAttempt {
  return readAttempt(
    { program, reached, errno: reached === 'done' ? 0 : 22, openMs: 0, loadMs: 0, log: textRecords(text) },
    { programs: [], relocations: [] },
  );
}

function one(
  kind: ObjectRelocation['kind'],
  spec: string,
  lines: string,
  reached: LoadAttempt['reached'] = 'done',
): CellRelocation | undefined {
  const text = `libbpf: prog 'p': relo #0: <${kind}> [3] ${spec}\n${lines}`;
  return relocationRecords({ programs: [{ name: 'p' }], relocations: [{ ...RELOCATION, kind, spec }] }, [attempt(null, reached, text)])[0];
}

describe('outcomes', () => {
  const FIELD = 'struct S.a (0:1 @ offset 8)';
  const NONE = "libbpf: prog 'p': relo #0: no matching targets found\n";
  const POISON = "libbpf: prog 'p': relo #0: substituting insn #1 w/ invalid insn\n";

  test('a relocation with the same value is resolved, one with another value has moved', () => {
    expect(one('byte_off', FIELD, "libbpf: prog 'p': relo #0: patched insn #1 (LDX/ST/STX) off 8 -> 8\n")?.outcome).toBe('resolved');
    expect(one('byte_off', FIELD, "libbpf: prog 'p': relo #0: patched insn #1 (LDX/ST/STX) off 8 -> 16\n")?.outcome).toBe('moved');
  });

  test('another type id is resolved, because ids differ between kernels', () => {
    const text = "libbpf: prog 'p': relo #0: patched insn #1 (LDIMM64) imm64 3 -> 1140\n";
    expect(one('target_type_id', 'struct S', text)).toMatchObject({ outcome: 'resolved', local: '3', target: '1140' });
  });

  test.each(['field_exists', 'type_exists', 'enumval_exists', 'type_matches', 'type_size', 'target_type_id'] as const)(
    'a missing target of %s is absent-guarded',
    (kind) => {
      const text = `${NONE}libbpf: prog 'p': relo #0: patched insn #1 (ALU/ALU64) imm 1 -> 0\n`;
      expect(one(kind, FIELD, text)).toMatchObject({ outcome: 'absent-guarded', target: '0', reached: null });
    },
  );

  test('a poisoned relocation keeps the compiled value, and the verifier did not reach it if the program loads', () => {
    expect(one('byte_off', FIELD, NONE + POISON)).toEqual({
      ref: 0,
      outcome: 'poisoned',
      local: '8',
      target: null,
      reached: 'no',
      candidates: [],
      suspicious: null,
      warnings: [],
    });
  });

  test('if a program fails for another reason, it is unknown whether its poisoned relocations are reached', () => {
    const text = `${NONE}${POISON}libbpf: prog 'p': BPF program load failed: -EACCES\n`;
    expect(one('byte_off', FIELD, text, 'load')?.reached).toBe('unknown');
  });

  test('a relocation is incompatible if a candidate has the member with another kind of type', () => {
    const candidate = "libbpf: prog 'p': relo #0: non-matching candidate #0 <byte_off> [9] struct S (0:9 @ offset 104)\n";
    expect(one('byte_off', FIELD, candidate + NONE + POISON)?.outcome).toBe('incompatible');
  });

  test('an offset too big for the instruction is incompatible, an unknown kind of relocation is not-reached', () => {
    const failed = "libbpf: prog 'p': relo #0: failed to patch insn #1: -34\n";
    const big = "libbpf: prog 'p': relo #0: insn #1 (LDX/ST/STX) value too big: 40000\n";
    const unknown = "libbpf: prog 'p': relo #0: unrecognized CO-RE relocation <?> (99) at insn #1\n";
    expect(one('byte_off', FIELD, big + failed, 'prepare')).toMatchObject({ outcome: 'incompatible' });
    expect(one('byte_off', FIELD, unknown + failed, 'prepare')).toMatchObject({ outcome: 'not-reached' });
  });

  test('a field with another size or sign is suspicious, unless bitfield shifts adapt to it', () => {
    const size = "libbpf: prog 'p': relo #0: patched insn #1 (ALU/ALU64) imm 8 -> 4\n";
    const sign = "libbpf: prog 'p': relo #0: patched insn #1 (ALU/ALU64) imm 1 -> 0\n";
    expect(one('byte_sz', FIELD, size)?.suspicious).toBe('the field has 4 bytes here, 8 as compiled');
    expect(one('signed', FIELD, sign)?.suspicious).toBe('the field is unsigned here, signed as compiled');
    const relocations: ObjectRelocation[] = [
      { ...RELOCATION, kind: 'byte_sz' },
      { ...RELOCATION, index: 1, kind: 'lshift_u64' },
    ];
    const [entry] = relocationRecords({ programs: [{ name: 'p' }], relocations }, [
      attempt(null, 'done', `libbpf: prog 'p': relo #0: <byte_sz> [3] ${FIELD}\n${size}`),
    ]);
    expect(entry?.suspicious).toBeNull();
  });

  test('a member that is found in a type with another name is suspicious', () => {
    const text =
      "libbpf: prog 'p': relo #0: matching candidate #0 <byte_off> [9] struct T___2.a (0:1 @ offset 8)\n" +
      "libbpf: prog 'p': relo #0: patched insn #1 (LDX/ST/STX) off 8 -> 8\n";
    expect(one('byte_off', FIELD, text)?.suspicious).toBe('it resolves to struct T___2 here, compiled for struct S');
  });
});

describe('the attempt from which a relocation record is made', () => {
  const spec = "libbpf: prog 'p': relo #0: <byte_off> [3] struct S.a (0:1 @ offset 8)\n";
  const moved = `${spec}libbpf: prog 'p': relo #0: patched insn #1 (LDX/ST/STX) off 8 -> 16\n`;
  const same = `${spec}libbpf: prog 'p': relo #0: patched insn #1 (LDX/ST/STX) off 8 -> 8\n`;
  const object = { programs: [{ name: 'p' }, { name: 'q' }], relocations: [RELOCATION] };
  const outcomes = (attempts: ReadAttempt[]) => relocationRecords(object, attempts).map(({ outcome }) => outcome);

  test('a relocation record is made from the load of the whole object if it succeeded', () => {
    expect(outcomes([attempt(null, 'done', moved), attempt('p', 'done', same)])).toEqual(['moved']);
  });
  test("a relocation record is made from the program's own attempt if the whole object failed", () => {
    expect(outcomes([attempt(null, 'load', moved), attempt('q', 'done', ''), attempt('p', 'done', same)])).toEqual(['resolved']);
  });
  test("a relocation record is made from the attempt that went furthest if the program's own ended before", () => {
    expect(outcomes([attempt(null, 'load', moved), attempt('p', 'prepare', spec)])).toEqual(['moved']);
  });
  test('a relocation without any attempt is not-reached', () => {
    expect(outcomes([])).toEqual(['not-reached']);
  });
});
