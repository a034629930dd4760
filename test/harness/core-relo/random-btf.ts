// Pairs of made-up BTF that are similar enough for relocations to find targets, and relocations through them.
import * as fc from 'fast-check';
import { type Btf, kindOf, nameOf, vlenOf } from '../../../harness/bpf/btf/btf.ts';
import { arrayOf, isAnyEnum, isComposite, memberOf, resolveType } from '../../../harness/bpf/btf/types.ts';
import type { BtfKind } from '../../../harness/bpf/btf/kinds.ts';
import { RELOCATION_KINDS } from '../../../harness/base/vocabulary.ts';
import type { WrittenType } from '../bpf/btf/build-btf.ts';

const INTS: readonly WrittenType[] = [
  { name: 'int', kind: 1, size: 4, words: [0x01000020] },
  { name: 'unsigned int', kind: 1, size: 4, words: [0x00000020] },
  { name: 'long', kind: 1, size: 8, words: [0x01000040] },
  { name: 'u64', kind: 1, size: 8, words: [0x00000040] },
  { name: 'char', kind: 1, size: 1, words: [0x03000008] },
  { name: 'u16', kind: 1, size: 2, words: [0x00000010] },
  { name: '_Bool', kind: 1, size: 1, words: [0x04000008] },
  { name: 'odd', kind: 1, size: 4, words: [0x00040005] },
  { name: 'double', kind: 16, size: 8 },
];

/** Number of those types that are integers, which bitfields can have. */
const PLAIN_INTS = 7;

const pick = <T>(...values: T[]) => fc.constantFrom(...values);
const member = fc.record({ name: pick('a', 'b', 'c', 'd', ''), type: fc.nat(), step: pick(8, 16, 32, 64), bits: pick(0, 0, 0, 3, 9, 31) });
const enumerator = fc.record({ name: pick('A', 'B', 'B___z', 'C'), value: fc.integer() });
const typeName = pick('S', 'S', 'S___x', 'T', 'T___y');

/** A type before the ids of the types that it refers to are known. */
const sketch = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      is: fc.constant('composite' as const),
      union: fc.boolean(),
      name: pick('S', 'S', 'T', 'S___x', ''),
      members: fc.array(member, { maxLength: 6 }),
      bitfields: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('array' as const), of: fc.nat(), length: pick(0, 1, 2, 3, 5) }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('pointer' as const), to: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant('enum' as const),
      wide: fc.boolean(),
      signed: fc.boolean(),
      name: pick('E', 'E', 'E___f', 'S', ''),
      values: fc.array(enumerator, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('modifier' as const), kind: pick(9, 10, 11, 18), of: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('typedef' as const), name: typeName, of: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('forward' as const), name: typeName, union: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ is: fc.constant('prototype' as const), result: fc.nat(), parameters: fc.array(fc.nat(), { maxLength: 3 }) }),
  },
);
type Sketch = typeof sketch extends fc.Arbitrary<infer T> ? T : never;

/** A type refers only to earlier types, so that none contains itself. A pointer refers to any type. */
function write(what: Sketch, id: number, count: number): WrittenType {
  const before = (number: number) => 1 + (number % (id - 1));
  switch (what.is) {
    case 'composite': {
      let at = 0;
      const words = what.members.flatMap(({ name, type, step, bits }) => {
        const offset = what.union ? 0 : at;
        at += what.bitfields && bits > 0 ? bits : step;
        // Compilers allow only bitfields of integers, and libbpf divides by the size of their type.
        if (what.bitfields && bits > 0) return [name, 1 + (type % PLAIN_INTS), ((bits << 24) | offset) >>> 0];
        return [name, before(type), offset];
      });
      const vlen = what.members.length;
      return { name: what.name, kind: what.union ? 5 : 4, kindFlag: what.bitfields, vlen, size: Math.ceil(at / 64) * 8, words };
    }
    case 'array':
      return { kind: 3, words: [before(what.of), 1, what.length] };
    case 'pointer':
      return { kind: 2, size: 1 + (what.to % count) };
    case 'enum': {
      const words = what.values.flatMap(({ name, value }) => [name, value >>> 0, ...(what.wide ? [value < 0 ? 0xffffffff : 1] : [])]);
      return { name: what.name, kind: what.wide ? 19 : 6, kindFlag: what.signed, vlen: what.values.length, size: what.wide ? 8 : 4, words };
    }
    case 'modifier':
      return { kind: what.kind, size: before(what.of) };
    case 'typedef':
      return { name: what.name, kind: 8, size: before(what.of) };
    case 'forward':
      return { name: what.name, kind: 7, kindFlag: what.union };
    case 'prototype':
      return {
        kind: 13,
        vlen: what.parameters.length,
        size: before(what.result),
        words: what.parameters.flatMap((type) => ['', before(type)]),
      };
  }
}

/** libbpf uses the size of `long` as the size of a kernel's pointers. */
const NARROW_INTS = INTS.map((type) => (type.name === 'long' ? { ...type, size: 4, words: [0x01000020] } : type));

function writeAll(sketches: readonly Sketch[], ints: readonly WrittenType[] = INTS): WrittenType[] {
  const count = INTS.length + sketches.length;
  return [...ints, ...sketches.map((what, index) => write(what, INTS.length + 1 + index, count))];
}

/** On the other side, a sketch is unchanged, replaced or dropped. */
const change = fc.record({ how: pick('keep', 'keep', 'keep', 'replace', 'drop', 'twice'), by: sketch });

/** Two BTFs; the second is made from the first. */
export const typePairs = fc
  .tuple(
    fc.array(sketch, { minLength: 3, maxLength: 16 }),
    fc.array(change, { minLength: 16, maxLength: 16 }),
    pick(INTS, INTS, INTS, NARROW_INTS),
  )
  .map(([local, changes, ints]) => {
    const target = local.flatMap((what, index) => {
      const { how, by } = changes[index] ?? { how: 'keep', by: what };
      if (how === 'drop') return [];
      if (how === 'twice') return [what, by];
      return [how === 'replace' ? by : what];
    });
    return { local: writeAll(local), target: writeAll(target, ints) };
  });

/** Types of a kernel and of its module, and of another kernel that is made from the first. */
export const moduleTrios = fc.tuple(typePairs, fc.array(sketch, { minLength: 1, maxLength: 8 })).map(([{ local, target }, sketches]) => {
  const count = local.length + sketches.length;
  const module = sketches.map((what, index) => write(what, local.length + 1 + index, count));
  return { base: local, module, kernel: target };
});

/** Random numbers from which a relocation is made when the local types are known. */
export const relocationSeeds = fc.array(
  fc.record({
    kind: fc.nat(RELOCATION_KINDS.length - 1),
    type: fc.nat(),
    first: pick(0, 0, 0, 1, 2),
    steps: fc.array(fc.nat(9), { maxLength: 6 }),
    form: pick<'alu' | 'load' | 'store' | 'wide' | 'register' | 'jump'>('alu', 'load', 'store', 'wide', 'register', 'jump'),
    size: pick(1, 2, 4, 8),
    asCompiled: pick(true, true, true, false),
  }),
  { minLength: 1, maxLength: 6 },
);
export type RelocationSeed = typeof relocationSeeds extends fc.Arbitrary<(infer T)[]> ? T : never;

const TYPE_KINDS = new Set(['local_type_id', 'target_type_id', 'type_exists', 'type_size', 'type_matches']);

interface Roots {
  named: number[];
  enums: number[];
  composites: number[];
}

const roots = new WeakMap<Btf, Roots>();

/** The named types of a BTF, with their types behind typedefs. */
function rootsOf(btf: Btf): Roots {
  const known = roots.get(btf);
  if (known) return known;
  const named = Array.from({ length: btf.endId - 1 }, (_, index) => index + 1).filter((id) => nameOf(btf, id) !== '');
  const behind = (is: (kind: BtfKind) => boolean) => named.filter((id) => is(kindOf(btf, resolveType(btf, id))));
  const found = { named, enums: behind(isAnyEnum), composites: behind(isComposite) };
  roots.set(btf, found);
  return found;
}

/** A named type that fits the kind of relocation; any named type if none fits. */
export function rootOf(btf: Btf, { kind, type }: RelocationSeed): number | null {
  const name = RELOCATION_KINDS[kind] ?? 'byte_off';
  const { named, enums, composites } = rootsOf(btf);
  const valued = name.startsWith('enumval') ? enums : composites;
  const fits = TYPE_KINDS.has(name) ? named : valued;
  const choice = fits.length > 0 ? fits : named;
  return choice[type % choice.length] ?? null;
}

/** An access string that is usually valid. */
export function accessOf(btf: Btf, root: number, seed: RelocationSeed): string {
  const name = RELOCATION_KINDS[seed.kind] ?? 'byte_off';
  if (TYPE_KINDS.has(name)) return '0';
  if (name.startsWith('enumval')) return String((seed.steps[0] ?? 0) % (vlenOf(btf, resolveType(btf, root)) + 1));
  const path = [seed.first];
  let id = resolveType(btf, root);
  for (const step of seed.steps) {
    const array = arrayOf(btf, id);
    if (array) {
      path.push(step % (array.length + 1));
      id = resolveType(btf, array.element);
    } else if (isComposite(kindOf(btf, id)) && vlenOf(btf, id) > 0) {
      const index = step % vlenOf(btf, id);
      path.push(index);
      id = resolveType(btf, memberOf(btf, id, index)?.type ?? 0);
    } else break;
  }
  return path.join(':');
}
