// Layouts of the types that relocations go through, for the script of the page: every member followed from kernel to kernel.
import { parseSpec } from '../../harness/bpf/core-spec/printed.ts';
import { essentialName } from '../../harness/bpf/btf/essential-name.ts';
import type { KernelResult, TypeLayouts, LayoutCollection } from '../../harness/results/schema.ts';
import { lineagesOf } from '../../harness/results/layouts/lineage.ts';
import { entriesOf } from '../../harness/results/collected-layouts.ts';
import type { PlacedMember, TouchData, TypeData } from './shared/page-data.ts';

/** The data of a type: its layouts, and every member followed across them. */
export function typeData(type: TypeLayouts, kernels: readonly KernelResult[]): TypeData {
  const places = new Map<object, PlacedMember>();
  const layouts = type.layouts.map((layout) => {
    const entries = entriesOf(type, layout);
    for (const [at, entry] of entries.entries()) places.set(entry, layout.places[at] ?? [0, null]);
    return { kind: layout.kind, text: type.name, size: layout.size, entries, inner: [], others: layout.others };
  });
  const found = new Map<string, number>(type.missing.map((kernel) => [kernel, -1]));
  for (const [at, layout] of type.layouts.entries()) for (const kernel of layout.kernels) found.set(kernel, at);
  return {
    name: type.name,
    kernels: kernels.map(({ id }) => found.get(id) ?? null),
    layouts: type.layouts.map(({ kind, size, others }) => ({ kind, size, others })),
    members: type.members,
    rows: lineagesOf(layouts).map(({ entries }) => entries.map((entry) => (entry && places.get(entry)) ?? null)),
  };
}

/** The struct type of a member, without array and qualifiers. */
function typeOfMember(type: TypeLayouts, member: string): string | null {
  const declared = type.members.find(({ name }) => name === member)?.type;
  return declared?.replace(/(?:\[\d*\])+$/, '').replaceAll(/\b(?:const|volatile) /g, '') ?? null;
}

/** The types and members of a relocation, the outermost type first; it ends at a type that the results omit. */
export function touchesOf(spec: string, store: LayoutCollection): TouchData[] {
  const parsed = parseSpec(spec);
  if (!parsed) return [];
  const touches: TouchData[] = [];
  const position = (name: string | null) => store.types.findIndex((type) => type.name === name);
  let at = position(essentialName(parsed.type.replace(/^typedef /, '').replace(/^enum64 /, 'enum ')));
  if (parsed.enumerator && at >= 0) return [{ type: at, member: essentialName(parsed.enumerator.name) }];
  if (parsed.accessors.length === 0 && at >= 0) return [{ type: at, member: null }];
  for (const member of parsed.accessors) {
    const type = store.types[at];
    if (member.startsWith('[')) continue;
    if (!type) break;
    touches.push({ type: at, member });
    at = position(typeOfMember(type, member));
  }
  return touches;
}
