import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../../harness/base/errors.ts';
import { compilerOf } from '../../../../harness/bpf/object/compiler.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { generatedObject } from '../../../bench/generated-object.ts';
import { compileBpf } from './compile.ts';
import { type SampleObject, sampleObjects } from './samples.ts';

let objects: SampleObject[] = [];
let folder = '';
beforeAll(async () => {
  objects = await sampleObjects();
  folder = await mkdtemp(join(tmpdir(), 'object-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const read = ({ bytes, name }: SampleObject) => readBpfObject(bytes, name);

/** One line for each relocation: its place, its access, and its source line. */
function relocationLines({ relocations }: BpfObject): string[] {
  return relocations.map(({ index, program, insn, kind, spec, access, source }) => {
    const text = source === null ? '' : ` | ${source.exact ? '' : 'near '}${source.text}`;
    return `#${index} ${program}+${insn} ${kind} ${spec} = ${access}${text}`;
  });
}

const SOURCE = `
struct task_struct { int pid; struct { char comm[16]; unsigned flag : 3; }; struct list { struct task_struct *next; } list; } access_index;
enum hook { HOOK_IN, HOOK_OUT = 7 };
struct { int (*type)[2]; int (*max_entries)[16]; u32 *key; u64 *value; } counts SEC(".maps");
int total; const volatile int limit = 3;
static __noinline int helper(struct task_struct *task) { return task->pid + limit; }
SEC("tp_btf/x") int first(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	total += task->comm[3] + BPF_CORE_READ_BITFIELD(task, flag);
	return helper(task) + helper(task->list.next);
}
SEC("?kprobe/y") int second(u64 *ctx)
{
	return bpf_core_type_exists(struct task_struct) + bpf_core_enum_value(enum hook, HOOK_OUT) + (long)&counts;
}
`;

describe('an object', () => {
  it('an object has its programs, subprograms, maps and relocations', async () => {
    const object = readBpfObject(await readFile(await compileBpf(folder, 'object', SOURCE)), 'object');
    const { programs, subprograms, maps, license, littleEndian } = object;
    expect({ littleEndian, license, programs, subprograms, maps }).toMatchInlineSnapshot(`
      {
        "license": "GPL",
        "littleEndian": true,
        "maps": [
          {
            "autocreate": true,
            "flags": null,
            "hasInner": false,
            "hasValueType": true,
            "keySize": 4,
            "maxEntries": 16,
            "name": "counts",
            "type": "array",
            "valueSize": 8,
          },
          {
            "autocreate": true,
            "flags": null,
            "hasInner": false,
            "hasValueType": false,
            "keySize": 4,
            "maxEntries": 1,
            "name": ".rodata",
            "type": "array",
            "valueSize": 4,
          },
          {
            "autocreate": true,
            "flags": null,
            "hasInner": false,
            "hasValueType": false,
            "keySize": 4,
            "maxEntries": 1,
            "name": ".bss",
            "type": "array",
            "valueSize": 4,
          },
        ],
        "programs": [
          {
            "attachTo": null,
            "autoload": true,
            "hasGivenType": false,
            "insnOffset": 0,
            "insns": 42,
            "name": "first",
            "section": "tp_btf/x",
            "type": "tracing",
          },
          {
            "attachTo": null,
            "autoload": false,
            "hasGivenType": false,
            "insnOffset": 0,
            "insns": 8,
            "name": "second",
            "section": "?kprobe/y",
            "type": "kprobe",
          },
        ],
        "subprograms": [
          {
            "insnOffset": 0,
            "insns": 6,
            "name": "helper",
            "section": ".text",
          },
        ],
      }
    `);
    expect(relocationLines(object)).toMatchInlineSnapshot(`
      [
        "#0 first+1 byte_off struct task_struct.comm[3] (0:1:0:3 @ offset 7) = task_struct.comm[3] | total += task->comm[3] + BPF_CORE_READ_BITFIELD(task, flag);",
        "#1 first+2 byte_off struct task_struct.flag (0:1:1 @ offset 20) = task_struct.flag | total += task->comm[3] + BPF_CORE_READ_BITFIELD(task, flag);",
        "#2 first+6 byte_sz struct task_struct.flag (0:1:1 @ offset 20) = task_struct.flag | total += task->comm[3] + BPF_CORE_READ_BITFIELD(task, flag);",
        "#3 first+21 lshift_u64 struct task_struct.flag (0:1:1 @ offset 20) = task_struct.flag | total += task->comm[3] + BPF_CORE_READ_BITFIELD(task, flag);",
        "#4 first+22 signed struct task_struct.flag (0:1:1 @ offset 20) = task_struct.flag | total += task->comm[3] + BPF_CORE_READ_BITFIELD(task, flag);",
        "#5 first+24 rshift_u64 struct task_struct.flag (0:1:1 @ offset 20) = task_struct.flag | total += task->comm[3] + BPF_CORE_READ_BITFIELD(task, flag);",
        "#6 first+26 rshift_u64 struct task_struct.flag (0:1:1 @ offset 20) = task_struct.flag | total += task->comm[3] + BPF_CORE_READ_BITFIELD(task, flag);",
        "#7 first+38 byte_off struct task_struct.list.next (0:2:0 @ offset 24) = task_struct.list.next | return helper(task) + helper(task->list.next);",
        "#0 helper+0 byte_off struct task_struct.pid (0:0 @ offset 0) = task_struct.pid | static __noinline int helper(struct task_struct *task) { return task->pid + limit; }",
        "#0 second+2 type_exists struct task_struct = struct task_struct | return bpf_core_type_exists(struct task_struct) + bpf_core_enum_value(enum hook, HOOK_OUT) + (long)&counts;",
        "#1 second+4 enumval_value enum hook::HOOK_OUT = 7 = enum hook::HOOK_OUT | return bpf_core_type_exists(struct task_struct) + bpf_core_enum_value(enum hook, HOOK_OUT) + (long)&counts;",
      ]
    `);
  });

  it('a big-endian object is read like a little-endian one', async () => {
    const little = readBpfObject(await readFile(await compileBpf(folder, 'object', SOURCE)), 'object');
    const big = readBpfObject(await readFile(await compileBpf(folder, 'object', SOURCE, 'bpfeb')), 'object');
    expect([little.littleEndian, big.littleEndian]).toEqual([true, false]);
    expect(big.programs).toEqual(little.programs);
    expect(big.maps).toEqual(little.maps);
    expect(relocationLines(big)).toEqual(relocationLines(little));
  });

  it('an object names its compiler unless the name was stripped', async () => {
    const path = await compileBpf(folder, 'object', SOURCE);
    const compiler = async (of: string) => compilerOf(readBpfObject(await readFile(of), 'object').elf);
    expect(await compiler(path)).toBeNull();
    const whole = join(folder, 'whole.o');
    await execa('clang', ['-target', 'bpf', '-g', '-O2', '-c', '-x', 'c', '-', '-o', whole], {
      input: 'int only(void *ctx) { return 0; }',
    });
    const { stdout: clang } = await execa('clang', ['--version']);
    expect(await compiler(whole)).toBe(/\S*\s?clang version \S+/.exec(clang)?.[0]);
    const strings = join(folder, 'strings');
    await writeFile(strings, 'main.rs\0clang LLVM (rustc version 1.95.0 (59807616e 2026-04-14))\0');
    const rust = join(folder, 'rust.o');
    await execa('llvm-objcopy', [`--add-section=.debug_str=${strings}`, path, rust]);
    expect(await compiler(rust)).toBe('clang LLVM (rustc version 1.95.0 (59807616e 2026-04-14))');
  });

  it('an object has the maps of a section of legacy definitions, in their order, with their numbers', async () => {
    const source = `struct definition { unsigned int type, key_size, value_size, max_entries, flags, more; };
struct definition second SEC("maps/b") = { 90, 4, 8, 16, 1 };
struct definition first SEC("maps") = { 30, 0, 8, 64 };
struct definition third SEC("maps/b") = { 1, 4, 4, 1 };
SEC("xdp") int p(void *ctx) { return 2; }`;
    const { maps } = readBpfObject(await readFile(await compileBpf(folder, 'legacy', source)), 'legacy');
    expect(
      maps.map(({ name, type, keySize, valueSize, maxEntries, flags }) => [name, type, keySize, valueSize, maxEntries, flags]),
    ).toEqual([
      ['second', 'type 90', 4, 8, 16, 1],
      ['third', 'hash', 4, 4, 1, 0],
      ['first', 'bloom_filter', 0, 8, 64, 0],
    ]);
  });

  it('a single function in .text is a program, but two functions are not', async () => {
    const one = readBpfObject(await readFile(await compileBpf(folder, 'one', 'int only(void *ctx) { return 0; }')), 'one');
    expect(one.programs).toEqual([
      { name: 'only', section: '.text', insnOffset: 0, insns: 2, autoload: true, attachTo: null, type: null, hasGivenType: false },
    ]);
    const two = await readFile(await compileBpf(folder, 'two', 'int a(void *ctx) { return 0; } int b(void *ctx) { return 1; }'));
    expect(() => readBpfObject(two, 'two.o')).toThrow(
      new UserError('two.o: it has no program: no executable section besides .text has a function'),
    );
  });
});

it('an object with more programs than a guest may report is refused', () => {
  const object = generatedObject({ programs: 65_537, relocations: 1 });
  expect(() => readBpfObject(object, 'many.o')).toThrow(
    new UserError('many.o: it has 65537 programs; corematrix loads objects with at most 65536'),
  );
});

describe('sample objects', () => {
  it('sample objects have the functions and instruction counts that llvm-objdump shows', async () => {
    for (const sample of objects) {
      const { programs, subprograms } = read(sample);
      const { stdout } = await execa('llvm-objdump', ['--disassemble', '--no-show-raw-insn', sample.path]);
      const starts = new Map([...stdout.matchAll(/^[0-9a-f]+ <(\w+)>:\n +(\d+):/gm)].map(([, name, insn]) => [name, Number(insn)]));
      for (const { name, insnOffset } of [...programs, ...subprograms]) expect([name, starts.get(name)]).toEqual([name, insnOffset]);
      expect(programs.length).toBeGreaterThan(0);
    }
  });

  it('every relocation of the sample objects is on the line that names its access', () => {
    const lines = objects.map(({ name, bytes }) => [name, relocationLines(readBpfObject(bytes, name))] as const);
    expect(Object.fromEntries(lines)).toMatchSnapshot();
  });
});

describe('files that are no BPF object', () => {
  it('files that are not BPF objects are refused in one line', async () => {
    const messages = [() => readBpfObject(new Uint8Array(), 'empty.o'), () => readBpfObject(Buffer.from('hello'), 'text.o')].map(
      (attempt) => {
        try {
          attempt();
          return 'read';
        } catch (error) {
          return error;
        }
      },
    );
    expect(messages).toEqual([new UserError('empty.o: the file is empty'), new UserError('text.o: not an ELF file')]);
    const host = await readFile(process.execPath);
    expect(() => readBpfObject(host, 'node')).toThrow(/^node: an ELF file for .*, not a BPF object \(clang -target bpf\)$/);
  });
});

describe('damaged objects', () => {
  it('damaged objects are read or refused, and never cause another error', () => {
    const outcome = (bytes: Uint8Array) => {
      try {
        readBpfObject(bytes, 'damaged.o');
        return true;
      } catch (error) {
        return error instanceof UserError && /^damaged\.o: [^\n]+$/.test(error.message);
      }
    };
    const byte = fc.integer({ min: 0, max: 255 });
    const damage = fc.record({
      object: fc.nat(),
      cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
      bytes: fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), byte), { maxLength: 16 }),
    });
    const readsOrRefuses = fc.check(
      fc.property(damage, ({ object, cut, bytes }) => {
        const sample = objects[object % objects.length]?.bytes ?? new Uint8Array();
        const copy = Uint8Array.from(sample);
        for (const [where, value] of bytes) copy[Math.floor(where * copy.length)] = value;
        return outcome(cut === null ? copy : copy.subarray(0, Math.floor(cut * copy.length)));
      }),
      { numRuns: 3000 },
    );
    expect(readsOrRefuses).toMatchObject({ failed: false, counterexample: null });
  });
});
