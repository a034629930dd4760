import { describe, expect, test } from 'vitest';
import { textRecords } from '../../../../harness/logs/libbpf/lines.ts';
import { relocationRecords } from '../../../../harness/verdict/relocations/records.ts';
import type { CellRelocation } from '../../../../harness/results/schema.ts';
import type { ObjectRelocation } from '../../../../harness/bpf/object/places.ts';
import { readAttempt, type ReadAttempt } from '../../../../harness/verdict/evidence/attempt.ts';
import type { LoadAttempt } from '../../../../harness/verdict/evidence/evidence.ts';
import { RECORDED, recordedEvidence, recordedObject, type RecordedObject } from '../recorded.ts';

/** `access (kind): outcome local -> target, reached; what is odd`. */
function line(entry: CellRelocation, relocation: ObjectRelocation | undefined): string {
  const { outcome, local, target, reached, candidates, suspicious, warnings } = entry;
  const value = local === target ? `${local}` : `${local} -> ${target}`;
  const tried = candidates.map(({ spec, matches }) => `${matches ? '=' : '!'}${spec}`).join(' ');
  const facts = [reached && `reached ${reached}`, tried, suspicious && `suspicious: ${suspicious}`, ...warnings].filter(Boolean);
  return [`${relocation?.access} (${relocation?.kind}): ${outcome} ${value}`, ...facts].join(' | ');
}

function recordsOf(object: RecordedObject, version: string, names?: readonly string[]): string[] {
  const recorded = recordedObject(object);
  const attempts = recordedEvidence(object, version, names).attempts.map(readAttempt);
  return relocationRecords(recorded, attempts).map((entry) => line(entry, recorded.relocations[entry.ref]));
}

describe('the ledger of recorded cells', () => {
  const cells = (['1.1.0', '1.5.1', '1.7.0'] as const).flatMap((version) =>
    (['core', 't2', 't9'] as const).map((object): [RecordedObject, string] => [object, version]),
  );
  test.each(cells)('%s with libbpf %s', (object, version) => {
    expect(recordsOf(object, version)).toMatchSnapshot();
  });
  test('t9 with libbpf 0.8.1', () => {
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
  return readAttempt({ program, reached, errno: reached === 'done' ? 0 : 22, openMs: 0, loadMs: 0, log: textRecords(text) });
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

  test('the same value is resolved, another has moved', () => {
    expect(one('byte_off', FIELD, "libbpf: prog 'p': relo #0: patched insn #1 (LDX/ST/STX) off 8 -> 8\n")?.outcome).toBe('resolved');
    expect(one('byte_off', FIELD, "libbpf: prog 'p': relo #0: patched insn #1 (LDX/ST/STX) off 8 -> 16\n")?.outcome).toBe('moved');
  });

  test('another type id is resolved: an id has no meaning of its own', () => {
    const text = "libbpf: prog 'p': relo #0: patched insn #1 (LDIMM64) imm64 3 -> 1140\n";
    expect(one('target_type_id', 'struct S', text)).toMatchObject({ outcome: 'resolved', local: '3', target: '1140' });
  });

  test.each(['field_exists', 'type_exists', 'enumval_exists', 'type_matches', 'type_size', 'target_type_id'] as const)(
    'a missing target of %s is guarded',
    (kind) => {
      const text = `${NONE}libbpf: prog 'p': relo #0: patched insn #1 (ALU/ALU64) imm 1 -> 0\n`;
      expect(one(kind, FIELD, text)).toMatchObject({ outcome: 'absent-guarded', target: '0', reached: null });
    },
  );

  test('poison keeps the value compiled in, and a program that loads did not reach it', () => {
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

  test('a program that fails for another reason says nothing about its poison', () => {
    const text = `${NONE}${POISON}libbpf: prog 'p': BPF program load failed: -EACCES\n`;
    expect(one('byte_off', FIELD, text, 'load')?.reached).toBe('unknown');
  });

  test('a candidate that has the member under another kind is incompatible', () => {
    const candidate = "libbpf: prog 'p': relo #0: non-matching candidate #0 <byte_off> [9] struct S (0:9 @ offset 104)\n";
    expect(one('byte_off', FIELD, candidate + NONE + POISON)?.outcome).toBe('incompatible');
  });

  test('an offset too big for the instruction is incompatible, an unknown kind is not reached', () => {
    const failed = "libbpf: prog 'p': relo #0: failed to patch insn #1: -34\n";
    const big = "libbpf: prog 'p': relo #0: insn #1 (LDX/ST/STX) value too big: 40000\n";
    const unknown = "libbpf: prog 'p': relo #0: unrecognized CO-RE relocation <?> (99) at insn #1\n";
    expect(one('byte_off', FIELD, big + failed, 'prepare')).toMatchObject({ outcome: 'incompatible' });
    expect(one('byte_off', FIELD, unknown + failed, 'prepare')).toMatchObject({ outcome: 'not-reached' });
  });

  test('a field of another size or sign is suspicious, unless bitfield shifts take it into account', () => {
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

  test('a member found in a type of another name is suspicious', () => {
    const text =
      "libbpf: prog 'p': relo #0: matching candidate #0 <byte_off> [9] struct T___2.a (0:1 @ offset 8)\n" +
      "libbpf: prog 'p': relo #0: patched insn #1 (LDX/ST/STX) off 8 -> 8\n";
    expect(one('byte_off', FIELD, text)?.suspicious).toBe('it is found in struct T___2, not in struct S');
  });
});

describe('which attempt a relocation is taken from', () => {
  const spec = "libbpf: prog 'p': relo #0: <byte_off> [3] struct S.a (0:1 @ offset 8)\n";
  const moved = `${spec}libbpf: prog 'p': relo #0: patched insn #1 (LDX/ST/STX) off 8 -> 16\n`;
  const same = `${spec}libbpf: prog 'p': relo #0: patched insn #1 (LDX/ST/STX) off 8 -> 8\n`;
  const object = { programs: [{ name: 'p' }, { name: 'q' }], relocations: [RELOCATION] };
  const outcomes = (attempts: ReadAttempt[]) => relocationRecords(object, attempts).map(({ outcome }) => outcome);

  test('the whole object when it loaded', () => {
    expect(outcomes([attempt(null, 'done', moved), attempt('p', 'done', same)])).toEqual(['moved']);
  });
  test("the program's own attempt when it did not", () => {
    expect(outcomes([attempt(null, 'load', moved), attempt('q', 'done', ''), attempt('p', 'done', same)])).toEqual(['resolved']);
  });
  test('whichever came furthest when its own ended before', () => {
    expect(outcomes([attempt(null, 'load', moved), attempt('p', 'prepare', spec)])).toEqual(['moved']);
  });
  test('none', () => {
    expect(outcomes([])).toEqual(['not-reached']);
  });
});
