// Findings about struct_ops maps. The kernel needs their struct, and every member that a map sets.
import { vlenOf } from '../../bpf/btf/btf.ts';
import { findType, memberOf } from '../../bpf/btf/types.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { STRUCT_OPS_VALUE, type StructOpsMap, structOpsMaps, type StructOpsMember } from '../../bpf/object/struct-ops.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import type { Loader } from '../../core-relo/loader.ts';
import { findIn, whereMissing } from '../../kernel-btf/kernel-names.ts';
import type { Finding } from './finding.ts';

function missing(reason: string, certain: boolean): Finding {
  return { failure: { stage: 'relocate', class: 'attach-target-missing', reason }, certain, ofStructOps: true };
}

/** The first minor release of libbpf 1.x that loads an object without its struct_ops maps as if it had none. */
export const LEAVES_OUT_STRUCT_OPS = 4;

/**
 * The first minor release of libbpf 1.x that ignores the flavor of a struct, also looks for it in modules, and skips members without data
 * that the kernel lacks.
 */
const KNOWS_FLAVORS = 4;

function mapFindings(
  { name: map, type: essential, typeInObject, members }: StructOpsMap,
  kernel: KernelTypes,
  { libbpfMinor }: Loader,
): Finding[] {
  const isOld = libbpfMinor !== null && libbpfMinor < KNOWS_FLAVORS;
  const type = isOld ? typeInObject : essential;
  const value = findIn(isOld ? { ...kernel, modules: [] } : kernel, 'struct', STRUCT_OPS_VALUE + type);
  if (!value && isOld) return [missing(`struct_ops type ${type} is not in this kernel's BTF`, true)];
  if (!value) {
    const { where, certain } = whereMissing(kernel, STRUCT_OPS_VALUE + type, 'struct-ops');
    return [missing(`struct_ops type ${type} is ${where}`, certain)];
  }
  const own = findType(value.btf, 'struct', type) ?? 0;
  const has = new Set(Array.from({ length: vlenOf(value.btf, own) }, (_, at) => memberOf(value.btf, own, at)?.name));
  // libbpf counts a program as data.
  const isSet = ({ bytes, hasProgram }: StructOpsMember) => bytes.some((byte) => byte !== 0) || (libbpfMinor !== null && hasProgram);
  const lacking = members.filter((member) => !has.has(member.name) && (isOld || isSet(member)));
  return lacking.map(({ name }) => missing(`struct_ops member ${name} (map ${map}) is not in this kernel's BTF`, true));
}

/**
 * Finds structs that are no struct_ops type of the kernel, and members that the kernel's struct lacks.
 * @see find_struct_ops_kern_types() and bpf_map__init_kern_struct_ops() in libbpf.c
 */
export function structOpsFindings(object: BpfObject, kernel: KernelTypes, loader: Loader): Finding[] {
  return structOpsMaps(object).flatMap((map) => mapFindings(map, kernel, loader));
}
