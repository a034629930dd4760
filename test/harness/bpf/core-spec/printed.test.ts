import { expect, test } from 'vitest';
import { accessOf, isIncompatible, parseSpec } from '../../../../harness/bpf/core-spec/printed.ts';
import { essentialName } from '../../../../harness/bpf/btf/essential-name.ts';

test.each([
  ['[9] struct task_struct.comm[3] (0:2:3 @ offset 19)', 'task_struct.comm[3]'],
  ['struct task_struct.mm (0:40 @ offset 1096)', 'task_struct.mm'],
  ['[6] struct S[2].a.b (2:0:1 @ offset 36.3)', 'S[2].a.b'],
  ['[9] struct task_struct', 'struct task_struct'],
  ['[15] enum bpf_map_type___a::BPF_MAP_TYPE_NOPE = 999', 'enum bpf_map_type___a::BPF_MAP_TYPE_NOPE'],
  ['[15] enum64 E::LOW = -1', 'enum64 E::LOW'],
  ['[3] union <anon>.x (0:0 @ offset 0)', '<anon>.x'],
])('the spec %s is an access to %s', (text, access) => {
  const spec = parseSpec(text);
  expect(spec && accessOf(spec)).toBe(access);
});

test('a field spec is parsed', () => {
  expect(parseSpec('[6] struct S[2].a.b (2:0:1 @ offset 36.3)')).toEqual({
    typeId: 6,
    type: 'struct S',
    typeName: 'S',
    accessors: ['[2]', 'a', 'b'],
    raw: [2, 0, 1],
    offset: null,
    enumerator: null,
  });
});

test.each(['', '[9]', '[x] struct S', 'nothing'])('the text %j is not a spec', (text) => {
  expect(parseSpec(text)).toBeNull();
});

test.each([
  ['task_struct', 'task_struct'],
  ['task_struct___x', 'task_struct'],
  ['a___b___c', 'a___b'],
  ['___x', '___x'],
  ['a____b', 'a____b'],
  ['a___', 'a___'],
])('the name %s without its flavor is %s', (name, essential) => {
  expect(essentialName(name)).toBe(essential);
});

test.each([
  ['[1] struct S (0 @ offset 0)', false],
  ['[1] struct S (0:9 @ offset 104)', true],
  ['[1] struct S.a.b (0:3:1 @ offset 8)', false],
  ['[1] struct S.a (0:3:1 @ offset 8)', true],
  ['[1] struct S[2] (2 @ offset 8)', false],
  ['[1] struct S[2] (2:0 @ offset 8)', true],
])('a rejected candidate %s counts as incompatible: %s', (text, incompatible) => {
  const spec = parseSpec(text);
  expect(spec && isIncompatible(spec)).toBe(incompatible);
});
