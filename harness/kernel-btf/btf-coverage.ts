// What the BTF of a kernel leaves out as a whole: all variables, or all modules.
import { kindOf } from '../bpf/btf/btf.ts';
import { type NameIndex, typesWithName } from '../bpf/btf/names.ts';
import { allMembers } from '../bpf/btf/types.ts';

/** Whether BTF has any variable. That of some kernels has none: pahole before 1.18 did not write them. */
export function describesVariables({ btf }: NameIndex): boolean {
  for (let id = btf.startId; id < btf.endId; id++) if (kindOf(btf, id) === 'var') return true;
  return false;
}

/**
 * Whether a kernel reads the BTF of its modules; null if its own BTF does not show it.
 * @see struct module in include/linux/module.h: `btf_data` since Linux 5.11, with CONFIG_DEBUG_INFO_BTF_MODULES
 */
export function readsModuleBtf(index: NameIndex): boolean | null {
  const { btf } = index;
  const id = typesWithName(index, 'module').find((each) => kindOf(btf, each) === 'struct');
  return id === undefined ? null : allMembers(btf, id).some(({ name }) => name === 'btf_data');
}
