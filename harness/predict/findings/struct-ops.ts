// Findings about struct_ops maps. The kernel needs their struct, and every member that a map sets.
import { vlenOf } from '../../bpf/btf/btf.ts';
import { findType, memberOf } from '../../bpf/btf/types.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { STRUCT_OPS_VALUE, type StructOpsMap, type StructOpsMember } from '../../bpf/object/struct-ops.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import type { Loader } from '../../core-relo/loader.ts';
import { findIn, whereMissing } from '../../kernel-btf/kernel-names.ts';
import type { Finding } from './finding.ts';
import { createdStructOps, madeStructOps, type StructOpsRules } from './made-struct-ops.ts';

function missing(map: string, reason: string, certain: boolean): Finding {
  return { failure: { stage: 'relocate', class: 'attach-target-missing', reason }, certain, structOpsMap: map };
}

/** The first minor release of libbpf 1.x that loads an object without its struct_ops maps as if it had none. */
export const LEAVES_OUT_STRUCT_OPS = 4;

/**
 * The first minor release of libbpf 1.x that ignores the flavor of a struct, also looks for it in modules, and skips members without data
 * that the kernel lacks.
 */
const KNOWS_FLAVORS = 4;

const isBefore = ({ libbpfMinor }: StructOpsRules, minor: number) => libbpfMinor !== null && libbpfMinor < minor;

/** What the BTF of a kernel lacks of the struct of a map. */
export function structOpsTypeFindings(
  { name: map, type: essential, typeInObject, members }: StructOpsMap,
  kernel: KernelTypes,
  loader: StructOpsRules,
): Finding[] {
  const { libbpfMinor } = loader;
  const isOld = isBefore(loader, KNOWS_FLAVORS);
  const type = isOld ? typeInObject : essential;
  const value = findIn(isOld ? { ...kernel, modules: [] } : kernel, 'struct', STRUCT_OPS_VALUE + type);
  if (!value && isOld) return [missing(map, `struct_ops type ${type} is not in this kernel's BTF`, true)];
  if (!value) {
    const { where, certain } = whereMissing(kernel, STRUCT_OPS_VALUE + type, 'struct-ops');
    return [missing(map, `struct_ops type ${type} is ${where}`, certain)];
  }
  const own = findType(value.btf, 'struct', type) ?? 0;
  const has = new Set(Array.from({ length: vlenOf(value.btf, own) }, (_, at) => memberOf(value.btf, own, at)?.name));
  // libbpf counts a program as data.
  const isSet = ({ bytes, hasProgram }: StructOpsMember) => bytes.some((byte) => byte !== 0) || (libbpfMinor !== null && hasProgram);
  const lacking = members.filter((member) => !has.has(member.name) && (isOld || isSet(member)));
  return lacking.map(({ name }) => missing(map, `struct_ops member ${name} (map ${map}) is not in this kernel's BTF`, true));
}

/** Why a kernel before 6.4 does not create a map that a link registers: it does not know BPF_F_LINK. */
const WITHOUT_LINKS = 'this kernel has no links of struct_ops maps, which SEC(".struct_ops.link") needs';

/**
 * What a kernel lacks for a map that a link registers; null for other maps, and without a type that is older, because the BTF may lack both.
 * @see bpf_struct_ops_map_alloc_check() in kernel/bpf/bpf_struct_ops.c
 */
export function lackingLink({ section }: StructOpsMap, kernel: KernelTypes): string | null {
  const isKnown = findIn(kernel, 'struct', 'bpf_struct_ops') === null || findIn(kernel, 'struct', 'bpf_struct_ops_link') !== null;
  return !section.endsWith('.link') || isKnown ? null : WITHOUT_LINKS;
}

function linkFindings(map: StructOpsMap, kernel: KernelTypes): Finding[] {
  const lacking = lackingLink(map, kernel);
  if (lacking === null) return [];
  const reason = `map '${map.name}' (struct_ops): cannot be created: EINVAL: ${lacking}`;
  return [{ failure: { stage: 'map-create', class: 'map-create-failed', reason }, certain: true, structOpsMap: map.name }];
}

/**
 * Finds structs that are no struct_ops type of the kernel, members that the kernel's struct lacks, and maps that it does not create.
 * Releases of libbpf before 1.4 also look up the structs of maps that they do not create.
 * @see find_struct_ops_kern_types() and bpf_map__init_kern_struct_ops() in libbpf.c
 */
export function structOpsFindings(object: BpfObject, kernel: KernelTypes, loader: Loader): Finding[] {
  const created = createdStructOps(object, loader);
  const lookedUp = isBefore(loader, LEAVES_OUT_STRUCT_OPS) ? madeStructOps(object, loader) : created;
  // cilium/ebpf also creates such a map on kernels without links.
  const linked = loader.libbpfMinor === null ? [] : created;
  return [...lookedUp.flatMap((map) => structOpsTypeFindings(map, kernel, loader)), ...linked.flatMap((map) => linkFindings(map, kernel))];
}
