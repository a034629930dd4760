// Requirements of a program besides relocations: helpers, functions, map types, program types. BTF shows whether a kernel meets them.
import type { Btf } from '../bpf/btf/btf.ts';
import type { BtfKind } from '../bpf/btf/kinds.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { findIn, type NameUse, partsOfName } from '../kernel-btf/kernel-names.ts';
import { STRUCT_OPS_VALUE } from '../bpf/object/struct-ops.ts';
import { kconfigValue } from '../kernel-btf/kconfig.ts';
import { enumeratorsOf } from '../kernel-btf/enumerators.ts';
import type { FailureClass } from '../base/failures.ts';
import { namedMembers } from './path.ts';

export type Requirement =
  | { what: 'helper'; name: string; number: number | null }
  | { what: 'function'; name: string }
  | { what: 'tracepoint'; name: string }
  | { what: 'kfunc'; name: string }
  | { what: 'map-type'; name: string }
  | { what: 'program-type'; name: string }
  /** `isTyped`: whether the object declares its type, so that libbpf looks for it in BTF; null if that is unknown. */
  | { what: 'symbol'; name: string; isTyped: boolean | null }
  | { what: 'kconfig'; name: string }
  | { what: 'struct-ops-type'; name: string }
  /** The member of the type; `name` is the name of the member. */
  | { what: 'struct-ops-member'; name: string; type: string };

const TRACEPOINT = 'btf_trace_';

/** The requirement that a failure is about, from its class and subject; null if BTF cannot show it. */
export function requirementOf(failure: FailureClass, subject: string): Requirement | null {
  if (failure === 'helper-unknown') {
    const [, name, number] = /^helper (\w+)(?:#(\d+))?/.exec(subject) ?? [];
    return name === undefined ? null : { what: 'helper', name, number: number === undefined ? null : Number(number) };
  }
  if (failure === 'attach-target-missing') {
    const type = /^struct_ops type (\w+)/.exec(subject)?.[1];
    if (type !== undefined) return { what: 'struct-ops-type', name: type };
    const name = /^attach target (\w+(?::\w+)?)/.exec(subject)?.[1];
    if (name === undefined) return null;
    return { what: partsOfName(name).name.startsWith(TRACEPOINT) ? 'tracepoint' : 'function', name };
  }
  if (failure === 'kfunc-missing') {
    const name = /^kfunc (\w+)/.exec(subject)?.[1];
    return name === undefined ? null : { what: 'kfunc', name };
  }
  if (failure === 'map-type-unsupported') {
    const name = /^map type (\w+)/.exec(subject)?.[1];
    return name === undefined ? null : { what: 'map-type', name };
  }
  if (failure === 'ksym-missing' || failure === 'kconfig-missing') {
    const name = /^kernel (?:symbol|configuration) (\w+)/.exec(subject)?.[1];
    if (name === undefined) return null;
    return failure === 'ksym-missing' ? { what: 'symbol', name, isTyped: null } : { what: 'kconfig', name };
  }
  const name = failure === 'program-type-unsupported' ? /^program type (\w+)/.exec(subject)?.[1] : undefined;
  return name === undefined ? null : { what: 'program-type', name };
}

/** The kernel's number for a map type; null if it lacks the type. */
export function mapTypeNumber(kernel: KernelTypes, name: string): bigint | null {
  return enumeratorsOf(kernel, 'bpf_map_type')?.get(`BPF_MAP_TYPE_${name.toUpperCase()}`) ?? null;
}

/** Finds the type of a kind and name in the BTF of a kernel or of its modules; null without one. */
export function typeIn(kernel: KernelTypes, kind: BtfKind, name: string): { btf: Btf; id: number } | null {
  return findIn(kernel, kind, name);
}

function hasEnumerator(kernel: KernelTypes, type: string, name: string): boolean | null {
  return enumeratorsOf(kernel, type)?.has(name) ?? null;
}

/** Whether a kernel meets a requirement; null if its BTF does not show it. */
export function meetsRequirement(kernel: KernelTypes, requirement: Requirement): boolean | null {
  switch (requirement.what) {
    case 'helper':
      return hasEnumerator(kernel, 'bpf_func_id', requirement.name.replace(/^bpf_/, 'BPF_FUNC_'));
    case 'map-type':
      return hasEnumerator(kernel, 'bpf_map_type', `BPF_MAP_TYPE_${requirement.name.toUpperCase()}`);
    case 'program-type':
      return hasEnumerator(kernel, 'bpf_prog_type', `BPF_PROG_TYPE_${requirement.name.toUpperCase()}`);
    case 'tracepoint':
      return typeIn(kernel, 'typedef', requirement.name) !== null;
    case 'function':
    case 'kfunc':
      return typeIn(kernel, 'func', requirement.name) !== null;
    case 'struct-ops-type':
      return typeIn(kernel, 'struct', STRUCT_OPS_VALUE + requirement.name) !== null;
    case 'struct-ops-member': {
      const type = typeIn(kernel, 'struct', requirement.type);
      return type && namedMembers(type.btf, type.id).some(({ name }) => name === requirement.name);
    }
    case 'symbol':
      if (typeIn(kernel, 'var', requirement.name)) return true;
      // BTF contains only a few variables, so one that is not looked up there may still exist.
      return requirement.isTyped === true ? false : null;
    case 'kconfig':
      return kernel.config === null || kernel.config === undefined ? null : kconfigValue(kernel.config, requirement.name) !== undefined;
  }
}

/** The name of a target as in a section, without the prefix that BTF gives to tracepoints, hooks and iterators. */
export function targetOf(name: string): string {
  return name.replace(/^(?:btf_trace_|bpf_lsm_|bpf_iter_)/, '');
}

/**
 * The name in BTF that a module may have, and what the object needs it for; null for any other requirement.
 * @see ATTACH_POINTS in attach-point.ts: only vmlinux has LSM hooks
 */
export function nameInModules(requirement: Requirement): { name: string; use: NameUse } | null {
  const { name } = requirement;
  switch (requirement.what) {
    case 'function':
      return name.startsWith('bpf_lsm_') ? null : { name, use: 'attach' };
    case 'tracepoint':
      return { name, use: 'tracepoint' };
    case 'kfunc':
      return { name, use: 'kfunc' };
    case 'symbol':
      return { name, use: requirement.isTyped === false ? 'address' : 'variable' };
    case 'struct-ops-type':
      return { name: STRUCT_OPS_VALUE + name, use: 'struct-ops' };
    case 'struct-ops-member':
    case 'helper':
    case 'map-type':
    case 'program-type':
    case 'kconfig':
      return null;
  }
}

/** A requirement whose name is that of a function or tracepoint to attach to. */
export type TargetRequirement = Extract<Requirement, { what: 'tracepoint' | 'function' }>;

/** How BTF has each: its kind, and what stands before the name. */
export const TARGETS = {
  tracepoint: { kind: 'typedef', start: TRACEPOINT },
  function: { kind: 'func', start: '' },
} as const satisfies Record<TargetRequirement['what'], { kind: BtfKind; start: string }>;
