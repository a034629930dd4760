// Finds the checks that guard a poisoned instruction, in programs with and without such a check.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { guardsOf } from '../../../../harness/predict/reach/guards.ts';
import { predictCell } from '../../../../harness/predict/predict.ts';
import { buildBtf } from '../../bpf/btf/build-btf.ts';
import { compileBpf } from '../../bpf/object/compile.ts';
import { mustReadBtf } from '../../bpf/object/samples.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guards-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The kernel lacks all these types. */
const SOURCE = `
struct one { int field; } access_index; struct two { int field; } access_index; struct three { int field; } access_index;
#define offset(type) __builtin_preserve_field_info(((struct type *)0)->field, 0)
#define there(type) __builtin_preserve_type_info(*(struct type *)0, 0)
#define has(type) __builtin_preserve_field_info(((struct type *)0)->field, 2)
#define PROGRAM(name) SEC("tp_btf/sched_process_exit") int name(u64 *ctx)
static u64 (*now)(void) = (void *)5;
u64 seen; const volatile int off = 0;
static __noinline u64 inner(u64 value) { if (there(two)) return offset(two) + value; return value; }

PROGRAM(by_type) { if (there(one)) seen = offset(one); return 0; }
PROGRAM(by_field) { if (has(one)) seen = offset(one); return 0; }
PROGRAM(by_another) { if (there(two)) seen = offset(one); return 0; }
PROGRAM(by_both) { if (there(one)) { if (there(two)) seen = offset(three); } return 0; }
PROGRAM(by_its_own_first) { if (has(two)) { if (has(one)) seen = offset(one); seen = 1; } else if (has(one)) seen = offset(one); return 0; }
PROGRAM(by_absence) { if (!there(one)) seen = 1; else seen = offset(one); return 0; }
PROGRAM(in_a_subprogram) { seen = inner(now()); return 0; }
PROGRAM(by_a_constant) { if (off) seen = offset(three); return 0; }
PROGRAM(by_nothing) { seen = offset(one); return 0; }
PROGRAM(behind_another) { seen = offset(one); seen += offset(two); return 0; }
PROGRAM(behind_another_and_guarded) { seen = offset(one); if (there(three)) seen += offset(two); return 0; }
`;

it('the guards of a relocation without a target are the checks that, if inverted, let the verifier reach it', async () => {
  const bpf = readBpfObject(await readFile(await compileBpf(folder, 'guards', SOURCE)), 'guards');
  const kernel = { vmlinux: indexNames(mustReadBtf(buildBtf([{ name: 'int', kind: 1, size: 4, words: [0x01000020] }]))), modules: [] };
  const cell = predictCell(bpf, kernel);
  const poisoned = cell.relocations.filter(({ outcome }) => outcome === 'poisoned');
  const unreached = new Set(poisoned.filter(({ reached }) => reached === 'no').map(({ ref }) => ref));
  const guards = guardsOf(bpf, kernel, unreached);
  const lines = poisoned.map(({ ref, reached }) => {
    const found = guards.get(ref)?.map((guard) => `${bpf.relocations[guard.ref]?.access} (${bpf.relocations[guard.ref]?.kind})`);
    return `${bpf.relocations[ref]?.program}: ${bpf.relocations[ref]?.access} reached: ${reached}${found ? `, guarded by ${found.join(' and ')}` : ''}`;
  });
  expect(lines).toMatchInlineSnapshot(`
    [
      "by_type: one.field reached: no, guarded by struct one (type_exists)",
      "by_field: one.field reached: no, guarded by one.field (field_exists)",
      "by_another: one.field reached: no, guarded by struct two (type_exists)",
      "by_both: three.field reached: no, guarded by struct one (type_exists) and struct two (type_exists)",
      "by_its_own_first: one.field reached: no, guarded by one.field (field_exists)",
      "by_absence: one.field reached: no, guarded by struct one (type_exists)",
      "by_a_constant: three.field reached: no",
      "by_nothing: one.field reached: yes",
      "behind_another: one.field reached: yes",
      "behind_another: two.field reached: unknown",
      "behind_another_and_guarded: one.field reached: yes",
      "behind_another_and_guarded: two.field reached: no, guarded by struct three (type_exists)",
      "inner: two.field reached: no, guarded by struct two (type_exists)",
    ]
  `);
});
