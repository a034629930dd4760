// Semantic changes: a relocation resolves and the program loads, but the field no longer means what was compiled.
import { type Btf, kindOf, nameOf } from '../bpf/btf/btf.ts';
import { arrayOf, resolveType, sizeOf } from '../bpf/btf/types.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { bitfieldPlace } from '../core-relo/value.ts';
import type { CoreSpec } from '../bpf/core-spec/spec.ts';
import type { CellRelocation, CellResult } from '../results/schema.ts';
import type { ObjectRelocation } from '../bpf/object/places.ts';
import type { RelocationKind } from '../base/vocabulary.ts';
import { argumentChanges, changeText } from '../predict/argument-changes.ts';
import { localSpecs } from './access.ts';
import { stepsOf, walk } from './path.ts';
import { presenceOf } from './presence.ts';
import { type IntegerFacts, integerFacts, typeText } from './type-text.ts';

/** Kinds by which a program learns size and sign from the kernel. It then handles differences itself. */
const WIDTHS: ReadonlySet<RelocationKind> = new Set(['byte_sz', 'lshift_u64', 'rshift_u64', 'signed']);

interface Leaf {
  btf: Btf;
  type: number;
  /** Width of a bitfield; 0 for other fields. */
  bits: number;
  /** Bits before a bitfield in the bytes that a program loads for it; null if no load contains all of it. */
  bitsBefore: number | null;
}

function leafOf(spec: CoreSpec): Leaf {
  const steps = stepsOf(spec);
  const { type, last } = walk(spec.btf, spec.rootId, steps);
  const bits = typeof steps.at(-1) === 'string' ? (last?.member.bitSize ?? 0) : 0;
  const place = bits > 0 ? bitfieldPlace(spec.bitOffset, bits, sizeOf(spec.btf, type) ?? 0) : null;
  return { btf: spec.btf, type, bits, bitsBefore: place && spec.bitOffset - place.byteOffset * 8 };
}

function signMark(compiled: IntegerFacts, here: IntegerFacts): string | null {
  const differs = compiled.size > 1 && !compiled.bool && !here.bool && compiled.signed !== here.signed;
  return differs
    ? `the field is ${here.signed ? 'signed' : 'unsigned'} here but was compiled as ${compiled.signed ? 'signed' : 'unsigned'}`
    : null;
}

/** Which bits the program reads at the place of a bitfield; null if it reads exactly those of the bitfield. */
function bitsRead({ bits, bitsBefore }: Leaf, width: number): string | null {
  const before = bitsBefore ?? 0;
  const common = Math.max(0, Math.min(width - before, bits));
  if (common === 0) return 'neighbouring bits are read instead';
  if (common < bits) return 'a part of the field is not read';
  return width > bits ? 'neighbouring bits are read too' : null;
}

/** Compares a bitfield of the kernel with an integer that the program reads at its place. */
function bitfieldMark(target: Leaf, width: number): string | null {
  const read = bitsRead(target, width);
  const size = target.bits === 1 ? 'one bit' : `${target.bits} bits`;
  return read === null ? null : `the field is ${size} here, but the program reads ${width} bits: ${read}`;
}

/** Compares an integer that the program reads with the compiled size and sign. */
function numberMark(local: Leaf, target: Leaf): string | null {
  const [compiled, here] = [integerFacts(local.btf, local.type), integerFacts(target.btf, target.type)];
  if (!compiled || !here || local.bits > 0) return null;
  if (target.bits > 0) return bitfieldMark(target, compiled.size * 8) ?? signMark(compiled, here);
  if (compiled.size > here.size)
    return `the program reads ${compiled.size} bytes, but the field has ${here.size} here: the bytes after it are read too`;
  if (compiled.size < here.size) return `the program reads ${compiled.size} of the ${here.size} bytes that the field has here`;
  return signMark(compiled, here);
}

/** Compares an array that the program copies with the compiled length. */
function arrayMark(local: Leaf, target: Leaf): string | null {
  const [compiled, here] = [
    arrayOf(local.btf, resolveType(local.btf, local.type)),
    arrayOf(target.btf, resolveType(target.btf, target.type)),
  ];
  const [size, sizeHere] = [sizeOf(local.btf, local.type), sizeOf(target.btf, target.type)];
  if (!compiled || !here || size === null || sizeHere === null || here.length === 0 || size <= sizeHere) return null;
  return `the field has ${sizeHere} bytes here but was compiled with ${size}`;
}

/** Compares the structs on the path. A field in another struct may have another meaning. */
function enclosingMark(local: CoreSpec, target: CoreSpec): string | null {
  for (const [at, { type, name }] of local.accessors.entries()) {
    const there = target.accessors[at];
    if (at < 2 || name === null || !there) continue;
    const [compiled, here] = [essentialName(nameOf(local.btf, type)), essentialName(nameOf(target.btf, there.type))];
    if (compiled !== '' && here !== '' && compiled !== here) {
      return `${name} is in ${typeText(target.btf, there.type)} here but was compiled in ${typeText(local.btf, type)}`;
    }
  }
  return null;
}

function markOf(kind: RelocationKind, local: CoreSpec, kernel: KernelTypes): string | null {
  const presence = presenceOf(local, kernel);
  if (kind === 'type_size')
    return presence.state === 'type-absent' ? `the kernel has no ${kindOf(local.btf, local.rootId)} of this name, so its size is 0` : null;
  if (kind !== 'byte_off' || presence.state !== 'present') return null;
  const [compiled, here] = [leafOf(local), leafOf(presence.spec)];
  return numberMark(compiled, here) ?? arrayMark(compiled, here) ?? enclosingMark(local, presence.spec);
}

/** Identifies an access in a (sub)program, for every kind of relocation. */
function accessKey({ program, section, access }: ObjectRelocation): string {
  return JSON.stringify([section, program, access]);
}

const WORKS: ReadonlySet<CellRelocation['outcome']> = new Set(['resolved', 'moved', 'absent-guarded']);

/**
 * Describes the semantic changes of relocations on a kernel, keyed by their position in the object. Relocations that fail are left out.
 * @param records predicted or observed records; a suspicious change in a record counts before any other
 */
export function semanticChangeMarks(object: BpfObject, records: readonly CellRelocation[], kernel: KernelTypes): Map<number, string> {
  const specs = localSpecs(object);
  const widths = new Set(object.relocations.filter(({ kind }) => WIDTHS.has(kind)).map(accessKey));
  const byArgument = argumentChanges(object, kernel);
  const marks = new Map<number, string>();
  for (const { ref, outcome, suspicious } of records) {
    const relocation = object.relocations[ref];
    const local = specs[ref];
    if (!relocation || !local || !WORKS.has(outcome)) continue;
    const change = byArgument.get(ref);
    const mark =
      suspicious ?? (change && changeText(change)) ?? (widths.has(accessKey(relocation)) ? null : markOf(relocation.kind, local, kernel));
    if (mark !== null) marks.set(ref, mark);
  }
  return marks;
}

/** Adds semantic changes to the relocations of a cell that are not suspicious already. */
export function withSemanticChanges(cell: CellResult, object: BpfObject, kernel: KernelTypes): CellResult {
  const marks = semanticChangeMarks(object, cell.relocations, kernel);
  const relocations = cell.relocations.map((entry) => ({ ...entry, suspicious: entry.suspicious ?? marks.get(entry.ref) ?? null }));
  return { ...cell, relocations };
}
