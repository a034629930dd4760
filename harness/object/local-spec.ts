// The local side of a CO-RE relocation: what was compiled, walked through the object's own BTF and written as libbpf writes it.
import { arrayOf, type Btf, enumeratorOf, kindOf, memberOf, nameOf, resolveType, sizeOf, vlenOf } from '../btf/btf.ts';
import type { RelocationKind } from '../results/words.ts';

const MAX_COMPONENTS = 64;

const TYPE_KINDS: ReadonlySet<RelocationKind> = new Set(['local_type_id', 'target_type_id', 'type_exists', 'type_size', 'type_matches']);
const ENUM_KINDS: ReadonlySet<RelocationKind> = new Set(['enumval_exists', 'enumval_value']);

/** Numbers of an access string such as `0:1:2`; null when it is none. */
function parseAccess(text: string): number[] | null {
  if (!/^\d{1,9}(:\d{1,9})*$/.test(text)) return null;
  const numbers = text.split(':').map(Number);
  return numbers.length <= MAX_COMPONENTS ? numbers : null;
}

function rootText(btf: Btf, id: number): string {
  return `${kindOf(btf, id)} ${nameOf(btf, id) || '<anon>'}`;
}

/** Names and bits of one step into a struct, union or array; null when it leads nowhere. */
function step(btf: Btf, id: number, index: number): { text: string; type: number; bits: number } | null {
  const array = arrayOf(btf, id);
  if (array) return { text: `[${index}]`, type: array.element, bits: index * (sizeOf(btf, array.element) ?? 0) * 8 };
  const member = memberOf(btf, id, index);
  return member && { text: member.name === '' ? '' : `.${member.name}`, type: member.type, bits: member.bitOffset };
}

function fieldSpec(btf: Btf, rootId: number, path: readonly number[]): string | null {
  let type = resolveType(btf, rootId);
  const [first = 0, ...rest] = path;
  let bits = first * (sizeOf(btf, type) ?? 0) * 8;
  // The first number takes the pointer for an array; it is only written when it is not the first element.
  let text = first > 0 ? `[${first}]` : '';
  for (const index of rest) {
    const next = step(btf, type, index);
    if (!next) return null;
    text += next.text;
    bits += next.bits;
    type = resolveType(btf, next.type);
  }
  const offset = `${Math.floor(bits / 8)}${bits % 8 === 0 ? '' : `.${bits % 8}`}`;
  return `${rootText(btf, rootId)}${text} (${path.join(':')} @ offset ${offset})`;
}

function enumSpec(btf: Btf, rootId: number, index: number): string | null {
  const enumerator = enumeratorOf(btf, resolveType(btf, rootId), index);
  return enumerator && `${rootText(btf, rootId)}::${enumerator.name} = ${enumerator.value}`;
}

/**
 * What a relocation accesses, in libbpf's words without the BTF id: `struct task_struct.mm (0:40 @ offset 1096)`.
 * Null when type and access string do not fit each other, which libbpf refuses too.
 * @see bpf_core_parse_spec() and bpf_core_format_spec() in libbpf's relo_core.c
 */
export function localSpec(btf: Btf, kind: RelocationKind, typeId: number, access: string): string | null {
  const path = parseAccess(access);
  if (!path || typeId <= 0 || typeId >= btf.endId) return null;
  if (TYPE_KINDS.has(kind)) return rootText(btf, typeId);
  if (ENUM_KINDS.has(kind)) return enumSpec(btf, typeId, path[0] ?? 0);
  return vlenOf(btf, resolveType(btf, typeId)) === 0 && path.length > 1 ? null : fieldSpec(btf, typeId, path);
}
