// BTF of a module with a distilled base (the kernel types it needs, by name and size only), relocated to a kernel's BTF.
import { type Btf, type BtfResult, kindFlag, kindOf, nameOf, type TypeAt, typeWord, vlenOf } from './btf.ts';
import { fieldsOf } from './fields.ts';
import type { BtfKind } from './kinds.ts';
import { type NameIndex, typesWithName } from './names.ts';
import { arrayOf, integerOf, isComposite, memberOf, referencedType, sizeField } from './types.ts';

const DISTILLED: ReadonlySet<BtfKind> = new Set(['int', 'float', 'enum', 'struct', 'union', 'fwd']);
const NAMED: ReadonlySet<BtfKind> = new Set(['int', 'float', 'enum', 'enum64', 'fwd', 'struct', 'union']);
const THROUGH: ReadonlySet<BtfKind> = new Set(['const', 'restrict', 'volatile', 'typedef', 'type_tag']);
/** A longer chain must be a circle. */
const MAX_CHAIN = 1024;

/**
 * Structs and unions of the base that are embedded in those of the module, so that the module depends on their size.
 * @see btf_mark_embedded_composite_type_ids() in libbpf's btf_relocate.c
 */
function embeddedIn(split: Btf): Set<number> {
  const embedded = new Set<number>();
  for (let id = split.startId; id < split.endId; id++) {
    if (!isComposite(kindOf(split, id))) continue;
    for (let index = 0; index < vlenOf(split, id); index++) {
      let at = memberOf(split, id, index)?.type ?? 0;
      for (let step = 0; step < MAX_CHAIN; step++) {
        const array = arrayOf(split, at);
        if (array) at = array.element;
        else if (THROUGH.has(kindOf(split, at))) at = referencedType(split, at);
        else break;
      }
      if (at < split.startId && isComposite(kindOf(split, at))) embedded.add(at);
    }
  }
  return embedded;
}

/** Whether a kernel type can be the one that a distilled type describes, apart from name and size. */
function canBe({ btf: distilled, id }: TypeAt, { btf: kernel, id: kernelId }: TypeAt, isEmbedded: boolean): boolean {
  const [kind, kernelKind] = [kindOf(distilled, id), kindOf(kernel, kernelId)];
  if (kind === 'fwd') {
    if (kernelKind === 'fwd') return kindFlag(distilled, id) === kindFlag(kernel, kernelId);
    // libbpf compares the flag of the kernel's type here, although the flag of structs and unions means bitfields.
    return (kernelKind === 'struct' && !kindFlag(kernel, kernelId)) || (kernelKind === 'union' && kindFlag(kernel, kernelId));
  }
  if (kind === 'int') return kernelKind === 'int' && integerOf(distilled, id).encoding === integerOf(kernel, kernelId).encoding;
  if (kind === 'float') return kernelKind === 'float';
  // In a distilled base, 64-bit enums are plain enums of that size.
  if (kind === 'enum') return kernelKind === 'enum' || kernelKind === 'enum64';
  return !isEmbedded || sizeField(distilled, id) === sizeField(kernel, kernelId);
}

/** Types of the kernel with the name of a distilled type, and with its size if the size counts. */
function namesakes(kernel: NameIndex, distilled: Btf, id: number): number[] {
  const { btf } = kernel;
  const same = typesWithName(kernel, nameOf(distilled, id)).filter((each) => NAMED.has(kindOf(btf, each)));
  const composites = same.filter((each) => isComposite(kindOf(btf, each))).length;
  return same.filter((each) => {
    const kind = kindOf(btf, each);
    if (kind === 'fwd' || (isComposite(kind) && composites < 2)) return true;
    return sizeField(btf, each) === sizeField(distilled, id);
  });
}

/**
 * Finds the kernel type for each type of a distilled base, or the reason why none or several match.
 * @see btf_relocate_map_distilled_base() in libbpf's btf_relocate.c
 */
function mapBase(split: Btf, distilled: Btf, kernel: NameIndex): Uint32Array | string {
  const map = new Uint32Array(distilled.endId);
  const embedded = embeddedIn(split);
  for (let id = 1; id < distilled.endId; id++) {
    const [kind, name] = [kindOf(distilled, id), nameOf(distilled, id)];
    if (!DISTILLED.has(kind)) return `type ${id} of its distilled base is of the unexpected kind ${kind}`;
    if (name === '') return `type ${id} of its distilled base has no name`;
    const candidates = namesakes(kernel, distilled, id);
    const fits = (kernelId: number, isEmbedded: boolean) => canBe({ btf: distilled, id }, { btf: kernel.btf, id: kernelId }, isEmbedded);
    const first = candidates.find((each) => fits(each, embedded.has(id)));
    // After the first match, libbpf no longer compares the sizes of embedded types.
    const second = candidates.find((each) => first !== undefined && each > first && fits(each, false));
    if (first === undefined) return `the kernel has no ${kind} ${name} as the module needs it`;
    if (second !== undefined) return `the kernel has several types ${name} that the module may mean (${first} and ${second})`;
    map[id] = first;
  }
  return map;
}

/**
 * Moves the BTF of a module from its distilled base to the BTF of a kernel, or returns the reason why that is impossible.
 * @param split the module's BTF, read with its distilled base
 * @see btf_relocate() in libbpf's btf_relocate.c, section .BTF.base of modules since Linux 6.11
 */
export function relocateBtf(split: Btf, kernel: NameIndex): BtfResult {
  const distilled = split.base;
  const { btf } = kernel;
  if (!distilled) return { ok: false, reason: 'BTF without a base has none to relocate from' };
  if (distilled.littleEndian !== btf.littleEndian) return { ok: false, reason: "its byte order is not the kernel's" };
  const base = mapBase(split, distilled, kernel);
  if (typeof base === 'string') return { ok: false, reason: base };
  const names = new Map<number, number>();
  for (const [id, target] of base.entries()) if (id > 0) names.set(typeWord(distilled, id, 0), typeWord(btf, target, 0));

  const words = Uint32Array.from(split.words);
  const stringStart = btf.stringStart + btf.strings.length;
  for (const [index, start] of split.starts.entries()) {
    const info = words[start + 1] ?? 0;
    const fields = fieldsOf((info >>> 24) & 0x7f, info & 0xffffff);
    for (const at of fields.types) {
      const id = words[start + at] ?? 0;
      if (id >= split.endId) return { ok: false, reason: `type ${split.startId + index} refers to type ${id}, which does not exist` };
      words[start + at] = id < distilled.endId ? (base[id] ?? 0) : id - distilled.endId + btf.endId;
    }
    for (const at of fields.names) {
      const offset = words[start + at] ?? 0;
      if (offset === 0) continue;
      const target = offset >= split.stringStart ? offset - split.stringStart + stringStart : names.get(offset);
      if (target === undefined) return { ok: false, reason: `type ${split.startId + index} has a name that is not the kernel's` };
      words[start + at] = target;
    }
  }
  return { ok: true, btf: { ...split, base: btf, startId: btf.endId, endId: btf.endId + split.starts.length, words, stringStart } };
}
