// Which struct_ops maps of an object its loader makes, and which of them it creates in the kernel.
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import { type StructOpsMap, structOpsMaps } from '../../bpf/object/struct-ops.ts';
import { STRUCT_OPS_SINCE, type StructOpsSection } from '../../bpf/object/struct-ops-members.ts';
import type { Loader } from '../../core-relo/loader.ts';

export type StructOpsRules = Pick<Loader, 'libbpfMinor' | 'cilium' | 'aya'>;

/**
 * Whether a loader makes maps of a struct_ops section. It skips other such sections, and their maps set no program.
 * @see elf_init_btf_maps() in libbpf.c, loadStructOpsMaps() in cilium/ebpf's elf_reader.go
 */
function makesMapsOf(section: StructOpsSection, { libbpfMinor, cilium, aya }: StructOpsRules): boolean {
  if (cilium !== null) return cilium !== '0.17' && section === '.struct_ops.link';
  return aya === null && STRUCT_OPS_SINCE[section] <= (libbpfMinor ?? 0);
}

/** The struct_ops maps that the loader makes, also those that it does not create in the kernel. */
export function madeStructOps(object: BpfObject, loader: StructOpsRules): StructOpsMap[] {
  return structOpsMaps(object).filter(({ section }) => makesMapsOf(section, loader));
}

/** The struct_ops maps that the loader creates in the kernel. */
export function createdStructOps(object: BpfObject, loader: StructOpsRules): StructOpsMap[] {
  const created = new Set(
    object.maps.filter(({ type, autocreate }) => type === 'struct_ops' && autocreate !== false).map(({ name }) => name),
  );
  return madeStructOps(object, loader).filter(({ name }) => created.has(name));
}

/** libbpf's message about a struct_ops program that no struct_ops map refers to. Releases before 1.4.2 say nothing, and the kernel refuses it. */
const UNUSED = `SEC("struct_ops") program isn't referenced anywhere, did you forget to use it?`;

/**
 * Why no struct_ops map sets a program under libbpf, which then gives the kernel no member for it. Null for programs of other types, and for
 * those that a map sets.
 */
export function setByNoMap({ type, member }: BpfProgram, object: BpfObject, loader: StructOpsRules): string | null {
  if (type !== 'struct_ops' || loader.libbpfMinor === null) return null;
  if (!member) return UNUSED;
  const maps = structOpsMaps(object).filter(({ name }) => member.maps.includes(name));
  if (maps.some(({ section }) => makesMapsOf(section, loader))) return null;
  const [map] = maps;
  if (!map) return null;
  const since = STRUCT_OPS_SINCE[map.section];
  return `libbpf skips struct_ops map ${map.name} in section ${map.section}, which only libbpf 1.${since} and newer know, so no map sets the program`;
}
