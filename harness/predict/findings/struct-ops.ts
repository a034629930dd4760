// Findings about struct_ops maps. The kernel needs their struct, and every member that a map fills with data.
import { vlenOf } from '../../bpf/btf/btf.ts';
import { findType, memberOf } from '../../bpf/btf/types.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { STRUCT_OPS_VALUE, type StructOpsMap, structOpsMaps } from '../../bpf/object/struct-ops.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import type { Loader } from '../../core-relo/loader.ts';
import { findIn, whereMissing } from '../../kernel-btf/kernel-names.ts';
import type { Finding } from './finding.ts';

function missing(reason: string, certain: boolean): Finding {
  return { failure: { stage: 'relocate', class: 'attach-target-missing', reason }, certain };
}

function mapFindings({ name: map, type, members }: StructOpsMap, kernel: KernelTypes, { libbpfMinor }: Loader): Finding[] {
  const value = findIn(kernel, 'struct', STRUCT_OPS_VALUE + type);
  if (!value) {
    const { where, certain } = whereMissing(kernel, STRUCT_OPS_VALUE + type, 'struct-ops');
    return [missing(`struct_ops type ${type} is ${where}`, certain)];
  }
  const own = findType(value.btf, 'struct', type) ?? 0;
  const has = new Set(Array.from({ length: vlenOf(value.btf, own) }, (_, at) => memberOf(value.btf, own, at)?.name));
  // Since 1.4, libbpf skips members without data, such as programs, that the kernel lacks.
  const needsAll = libbpfMinor !== null && libbpfMinor < 4;
  const lacking = members.filter(({ name, bytes }) => !has.has(name) && (needsAll || bytes.some((byte) => byte !== 0)));
  return lacking.map(({ name }) => missing(`struct_ops member ${name} (map ${map}) is not in this kernel's BTF`, true));
}

/**
 * Finds structs that are no struct_ops type of the kernel, and members that the kernel's struct lacks.
 * @see find_struct_ops_kern_types() and bpf_map__init_kern_struct_ops() in libbpf.c
 */
export function structOpsFindings(object: BpfObject, kernel: KernelTypes, loader: Loader): Finding[] {
  return structOpsMaps(object).flatMap((map) => mapFindings(map, kernel, loader));
}
