// Paths to a poisoned instruction, one program each: the prediction, and the answer of real verifiers.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { predictCell } from '../../../../harness/predict/predict.ts';
import { buildBtf } from '../../bpf/btf/build-btf.ts';
import { compileBpf } from '../../bpf/object/compile.ts';
import { mustReadBtf } from '../../bpf/object/samples.ts';
import { realRun } from '../../run/real-run.ts';

/** `poison` reads a field of a type that no kernel has. */
const SOURCE = `
struct nowhere { int field; } access_index;
struct task_struct { int pid; } access_index;
enum sizes { NONE, SOME };
#define poison(at) (((struct nowhere *)(at))->field)
#define poison_offset __builtin_preserve_field_info(((struct nowhere *)0)->field, 0)
#define there __builtin_preserve_type_info(*(struct nowhere *)0, 0)
#define bytes __builtin_preserve_type_info(*(struct nowhere *)0, 1)
#define task_there __builtin_preserve_type_info(*(struct task_struct *)0, 0)
#define PROGRAM(name) SEC("tp_btf/sched_process_exit") int name(u64 *ctx)
static u64 (*current_pid)(void) = (void *)14;
static u32 (*random)(void) = (void *)7;
static u64 (*now)(void) = (void *)5;
static u32 (*processor)(void) = (void *)8;
u64 seen; const volatile int off = 0; const volatile int on = 1;
static __noinline u64 inner(u64 value) { if (there) return poison_offset + value; return value; }
static __noinline u64 always(u64 value) { return poison_offset + value; }
static __noinline u64 if_seven(u64 value) { if (value == 7) return poison_offset; return value; }
__noinline int global_poison(int value) { seen = poison_offset; return value; }

PROGRAM(straight) { seen = poison_offset; return 0; }
PROGRAM(guarded) { if (there) seen = poison_offset; return 0; }
PROGRAM(guarded_by_size) { if (bytes > 4) seen = poison_offset; return 0; }
PROGRAM(guarded_the_wrong_way) { if (!there) seen = poison_offset; return 0; }
PROGRAM(guarded_by_what_is_there) { if (task_there) seen = poison_offset; return 0; }
PROGRAM(guarded_twice) { if (current_pid() == 7) { if (there) seen = poison_offset; else seen = 1; } return 0; }
PROGRAM(behind_a_helper) { if (current_pid() == 7) seen = poison_offset; return 0; }
PROGRAM(behind_low_bits) { if ((current_pid() & 6) == 6) seen = poison_offset; return 0; }
PROGRAM(behind_impossible_bits) { u64 low = current_pid() & 6; if (low == 8) seen = poison_offset; return 0; }
PROGRAM(behind_two_of_one) { u64 pid = current_pid(); if (pid == 7) seen = 1; else if (pid == 9) seen = poison_offset; return 0; }
PROGRAM(behind_a_variable) { if (seen > 100) seen = poison_offset; return 0; }
SEC("tp_btf/sched_process_exec") int behind_the_context(u64 *ctx) { if (ctx[1] & 1) seen = poison_offset; return 0; }
PROGRAM(switched_off) { if (off) seen = poison_offset; return 0; }
PROGRAM(switched_on) { if (on) seen = poison_offset; return 0; }
PROGRAM(in_a_guarded_subprogram) { seen = inner(current_pid()); return 0; }
PROGRAM(in_a_subprogram) { seen = always(current_pid()); return 0; }
PROGRAM(with_another_argument) { seen = if_seven(3); return 0; }
PROGRAM(with_the_argument) { seen = if_seven(7); return 0; }
PROGRAM(in_a_global_function) { return global_poison(1); }
PROGRAM(through_the_stack) { volatile u64 slot = there; if (slot) seen = poison_offset; return 0; }
PROGRAM(behind_a_sum) { u64 sum = now() + current_pid(); if (sum == 12) seen = poison_offset; return 0; }
PROGRAM(behind_the_processor) { if (processor() > 100000) seen = poison_offset; return 0; }
PROGRAM(behind_two_that_are_equal) { u32 a = random(), b = random(); if (a == b) seen = poison_offset; return 0; }
PROGRAM(after_a_loop)
{
	for (int i = 0; i < 20; i++)
		seen += random();
	if (there) seen = poison_offset;
	return 0;
}
// The compiler moves the poisoned instruction out of the loop, and so out of its guard.
PROGRAM(hoisted_out_of_a_loop)
{
	for (int i = 0; i < 20; i++) {
		if (i == 15 && there) seen = poison_offset;
		seen += random();
	}
	return 0;
}
`;

let folder = '';
let path = '';
let object: BpfObject;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reach-test-'));
  path = await compileBpf(folder, 'reach', SOURCE);
  object = readBpfObject(await readFile(path), 'reach');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const KERNEL = buildBtf([
  { name: 'int', kind: 1, size: 4, words: [0x01000020] },
  { name: 'task_struct', kind: 4, vlen: 1, size: 4, words: ['pid', 1, 0] },
]);

/** Keyed by program: `yes` if it fails, `no` if it does not, else `unknown`. */
function predictions(): Map<string, 'yes' | 'no' | 'unknown'> {
  const kernel = { vmlinux: indexNames(mustReadBtf(KERNEL)), modules: [] };
  const { programs } = predictCell(object, kernel);
  return new Map(
    programs.map(({ name, failure, possible }) => {
      if (failure) return [name, 'yes'];
      return [name, possible ? 'unknown' : 'no'];
    }),
  );
}

describe('a poisoned instruction', () => {
  it('a poisoned instruction is predicted as reached, not reached, or possibly reached', () => {
    expect(Object.fromEntries(predictions())).toMatchInlineSnapshot(`
      {
        "after_a_loop": "no",
        "behind_a_helper": "yes",
        "behind_a_sum": "unknown",
        "behind_a_variable": "yes",
        "behind_impossible_bits": "no",
        "behind_low_bits": "yes",
        "behind_the_context": "yes",
        "behind_the_processor": "unknown",
        "behind_two_of_one": "yes",
        "behind_two_that_are_equal": "unknown",
        "guarded": "no",
        "guarded_by_size": "no",
        "guarded_by_what_is_there": "yes",
        "guarded_the_wrong_way": "yes",
        "guarded_twice": "no",
        "hoisted_out_of_a_loop": "yes",
        "in_a_global_function": "yes",
        "in_a_guarded_subprogram": "no",
        "in_a_subprogram": "yes",
        "straight": "yes",
        "switched_off": "no",
        "switched_on": "yes",
        "through_the_stack": "unknown",
        "with_another_argument": "no",
        "with_the_argument": "yes",
      }
    `);
  });

  it('real verifiers reach poisoned instructions exactly as predicted', async () => {
    const { cells } = await realRun([path], ['debian:5.10', 'debian:6.12']);
    const predicted = predictions();
    const wrong = cells.flatMap(({ kernel, programs }) =>
      programs
        .map(({ name, class: failure, reason }) => ({ kernel, name, reached: predicted.get(name), failure, reason }))
        .filter(({ reached, failure }) => reached !== 'unknown' && (reached === 'yes') !== (failure?.startsWith('core-') === true)),
    );
    expect(wrong).toEqual([]);
    expect(cells.map(({ programs }) => programs.length)).toEqual([object.programs.length, object.programs.length]);
  });
});
