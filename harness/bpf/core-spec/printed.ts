// Parses a relocation spec as libbpf prints it: `[9] struct task_struct.comm[3] (0:2:3 @ offset 19)`.

export interface Spec {
  /** Local or target BTF id; null if it was not printed. */
  typeId: number | null;
  /** `struct task_struct`, `enum bpf_map_type`: BTF kind and name of the root type. */
  type: string;
  /** Name of the root alone, `<anon>` if it has none. */
  typeName: string;
  /** Named members and array indices behind the root, in order: `['comm', '[3]']`. */
  accessors: string[];
  /** Member numbers and array indices from the root on; [] for types and enumerators. */
  raw: number[];
  /** Byte offset of a field that begins on a byte, null otherwise. */
  offset: number | null;
  enumerator: { name: string; value: string } | null;
}

const HEAD = /^(?:\[(\d{1,10})\] )?([a-z_0-9]{1,16}) /;
const FIELD_TAIL = / \((\d[\d:]*) @ offset (\d{1,10})(?:\.(\d))?\)$/;

function splitAccess(text: string): string[] {
  return text.match(/\.[^.[]+|\[\d+\]/g)?.map((part) => part.replace(/^\./, '')) ?? [];
}

/**
 * Parses a spec, with or without the BTF id in front; null if the text is not a spec.
 * @see bpf_core_format_spec() in libbpf's relo_core.c
 */
export function parseSpec(text: string): Spec | null {
  const head = HEAD.exec(text);
  if (!head) return null;
  const [whole, id, kind] = head;
  const rest = text.slice(whole.length);
  const base = { typeId: id === undefined ? null : Number(id), accessors: [], raw: [], offset: null, enumerator: null };

  const tail = FIELD_TAIL.exec(rest.slice(-512));
  if (tail) {
    const path = rest.slice(0, rest.length - tail[0].length);
    const cut = path.search(/[.[]/);
    const typeName = cut < 0 ? path : path.slice(0, cut);
    const raw = (tail[1] ?? '').split(':').map(Number);
    const offset = tail[3] === undefined ? Number(tail[2]) : null;
    return { ...base, type: `${kind} ${typeName}`, typeName, accessors: cut < 0 ? [] : splitAccess(path.slice(cut)), raw, offset };
  }

  const colons = rest.lastIndexOf('::');
  const equals = rest.lastIndexOf(' = ');
  if (colons >= 0 && equals > colons) {
    const typeName = rest.slice(0, colons);
    const enumerator = { name: rest.slice(colons + 2, equals), value: rest.slice(equals + 3) };
    return { ...base, type: `${kind} ${typeName}`, typeName, enumerator };
  }
  return { ...base, type: `${kind} ${rest}`, typeName: rest };
}

/** The access as C writes it: `task_struct.comm[3]`, `enum bpf_map_type::BPF_MAP_TYPE_ARRAY`, `struct task_struct`. */
export function accessOf(spec: Spec): string {
  if (spec.enumerator) return `${spec.type}::${spec.enumerator.name}`;
  if (spec.raw.length === 0) return spec.type;
  return spec.typeName + spec.accessors.map((part) => (part.startsWith('[') ? part : `.${part}`)).join('');
}

/**
 * Whether a candidate that did not match has a member of the wanted name with an incompatible kind. libbpf then
 * removes the name but keeps the member number, so there are more numbers than names.
 * @see bpf_core_match_member() in libbpf's relo_core.c
 */
export function isIncompatible(candidate: Spec): boolean {
  // A leading index treats the pointer as an array; it is the first number, the root's own.
  const steps = candidate.accessors[0]?.startsWith('[') ? candidate.accessors.length : candidate.accessors.length + 1;
  return candidate.raw.length > steps;
}
