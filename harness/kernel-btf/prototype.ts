// The prototype of a program's target on a kernel: the arguments that the program reads from its context by position.
import { type Btf, kindOf, type TypeAt, vlenOf } from '../bpf/btf/btf.ts';
import { typeText } from '../bpf/btf/type-text.ts';
import { findType, isAnyEnum, isComposite, memberOf, parameterOf, referencedType, resolveType, sizeOf } from '../bpf/btf/types.ts';
import { type AttachTarget, hookTargetOf, nameInBtf, usedSection } from '../bpf/object/attach-point.ts';
import type { BpfProgram } from '../bpf/object/object.ts';
import { STRUCT_OPS_VALUE } from '../bpf/object/struct-ops.ts';
import type { StructOpsMember } from '../bpf/object/struct-ops-members.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { enumeratorsOf } from './enumerators.ts';
import { findIn, partsOfName } from './kernel-names.ts';

export interface Argument {
  /** `unsigned int prev_state`; the type alone if BTF has no name. */
  text: string;
  /** `prev_state`; empty if BTF has no name, as for the arguments of struct_ops members. */
  name: string;
  /**
   * `number` and `bytes`: the verifier refuses to read memory through it. `bytes` is a pointer to anything but a struct or union, and every
   * pointer in a raw tracepoint. `struct`: a pointer to a struct or union. `closed`: a pointer that the verifier lets no program read from its
   * context.
   */
  kind: 'number' | 'bytes' | 'struct' | 'closed' | 'other';
  /** The struct or union that it points to; null for other arguments. */
  struct: TypeAt | null;
}

/** What a program of a hook finds in its context. */
export interface Prototype {
  /** `tracepoint sched_switch`, `LSM hook inode_setattr`, `function vfs_unlink`. */
  target: string;
  arguments: readonly Argument[];
  /** What the context has after the last argument; `void` if unknown, null if nothing is there. */
  result: Argument | 'void' | null;
  /** When the kernel refuses a program that reads an argument after the last. `never`: the context has the registers of the machine. */
  refusedAt: 'load' | 'attach' | 'never';
  /** The byte offset of each argument in the context, if it is not one word for each argument. */
  places?: readonly number[];
}

const POINTER_BYTES = 8;
const WORDS: Readonly<Record<string, string>> = { btf_trace_: 'tracepoint', bpf_lsm_: 'LSM hook', bpf_iter_: 'iterator', '': 'function' };
/** Programs whose context has the result of the function after its arguments. */
const READS_RESULT = /^\??(?:fexit|fmod_ret|fsession|lsm|lsm_cgroup)\b/;

/** What a pointer leads to, if not every kernel lets a program read the pointer. */
type Pointee = 'integer' | 'no-struct';

/**
 * Whether the kernel's verifier lets programs read such a pointer. BTF has no version, so a name that came with the change decides: a helper
 * of Linux 5.18, and a test function of Linux 7.1. True if the kernel's BTF cannot show it.
 * @see btf_ctx_access() in kernel/bpf/btf.c: "func '%s' arg%d type %s is not a struct"
 */
function isOpen(kernel: KernelTypes, pointee: Pointee): boolean {
  if (pointee === 'integer') return enumeratorsOf(kernel, 'bpf_func_id')?.has('BPF_FUNC_ima_file_hash') !== false;
  return findIn(kernel, 'func', 'bpf_fentry_test_ppvoid') !== null || findIn(kernel, 'func', 'bpf_fentry_test1') === null;
}

/**
 * What a pointer leads to; null for what every verifier lets programs read: `void`, structs and strings. Older verifiers look behind one `const`
 * of a string and behind nothing else, so `const void *` and `u8 *` (a typedef) are none of these. Enums, arrays, pointers, functions, and
 * structs that the kernel only declares count as no struct.
 * @see is_string_ptr() in kernel/bpf/btf.c
 */
function pointeeOf(btf: Btf, pointer: number): Pointee | null {
  const direct = referencedType(btf, pointer);
  const behind = resolveType(btf, direct);
  const kind = kindOf(btf, behind);
  if (direct === 0 || isComposite(kind)) return null;
  if (kind !== 'int') return 'no-struct';
  const text = kindOf(btf, direct) === 'const' ? referencedType(btf, direct) : direct;
  return text === behind && sizeOf(btf, behind) === 1 ? null : 'integer';
}

function argumentOf(kernel: KernelTypes, btf: Btf, type: number, name: string): Argument {
  const declared = typeText(btf, type);
  const text = name === '' ? declared : `${declared}${declared.endsWith('*') ? '' : ' '}${name}`;
  const id = resolveType(btf, type);
  const kind = kindOf(btf, id);
  if (kind === 'int' || isAnyEnum(kind)) return { text, name, kind: 'number', struct: null };
  if (kind !== 'ptr') return { text, name, kind: 'other', struct: null };
  const behind = resolveType(btf, referencedType(btf, id));
  const pointee = pointeeOf(btf, id);
  if (pointee !== null && !isOpen(kernel, pointee)) return { text, name, kind: 'closed', struct: null };
  // The verifier takes all other pointers for numbers.
  return isComposite(kindOf(btf, behind))
    ? { text, name, kind: 'struct', struct: { btf, id: behind } }
    : { text, name, kind: 'bytes', struct: null };
}

/** Null if an argument takes no single place in the context: a struct by value, a large integer, variable arguments. */
function argumentsOf(kernel: KernelTypes, btf: Btf, proto: number, skipped: number): Argument[] | null {
  const found: Argument[] = [];
  for (let index = skipped; index < vlenOf(btf, proto); index++) {
    const parameter = parameterOf(btf, proto, index);
    const id = parameter ? resolveType(btf, parameter.type) : 0;
    if (!parameter || id === 0 || isComposite(kindOf(btf, id)) || (sizeOf(btf, id) ?? 0) > POINTER_BYTES) return null;
    found.push(argumentOf(kernel, btf, parameter.type, parameter.name));
  }
  return found;
}

const ITERATOR = 'bpf_iter_';

/** The kernel gives iterators keys and values of maps as buffers, which they may read. @see ctx_arg_info in kernel/bpf/map_iter.c */
const asBuffer = (argument: Argument): Argument =>
  argument.kind === 'bytes' || argument.kind === 'closed' ? { ...argument, kind: 'other' } : argument;

const TRACEPOINT = 'btf_trace_';

/**
 * The arguments of a tracepoint with their names, which the type of its probes lacks, and the function that calls the probes has.
 * @see DECLARE_TRACE() in include/linux/tracepoint.h
 */
function namedArguments(kernel: KernelTypes, tracepoint: string, own: readonly Argument[]): readonly Argument[] {
  const found = findIn(kernel, 'func', `__traceiter_${tracepoint}`);
  const proto = found && referencedType(found.btf, found.id);
  if (!found || proto === null || vlenOf(found.btf, proto) !== own.length + 1) return own;
  return own.map((argument, index) => ({ ...argument, name: parameterOf(found.btf, proto, index + 1)?.name ?? '' }));
}

const RAW = /^\??raw_(?:tp|tracepoint)(\.w)?\//;

/**
 * The arguments of a raw tracepoint as the verifier takes them: as numbers. A writable program may use the first as a buffer.
 * @see raw_tp_prog_is_valid_access() and raw_tp_writable_prog_is_valid_access() in kernel/trace/bpf_trace.c
 */
function untyped(own: readonly Argument[], isWritable: boolean): Argument[] {
  return own.map((argument, index) => {
    if (index === 0 && isWritable) return { ...argument, kind: 'other' };
    return argument.kind === 'number' ? argument : { ...argument, kind: 'bytes' };
  });
}

function prototypeIn(kernel: KernelTypes, { kind, symbol, name }: AttachTarget, section: string): Prototype | null {
  const target = findIn(kernel, kind, nameInBtf({ symbol, name }));
  if (!target) return null;
  const { btf, id } = target;
  // Tracepoints are typedefs of pointers to functions.
  const proto = kind === 'func' ? referencedType(btf, id) : resolveType(btf, referencedType(btf, resolveType(btf, id)));
  if (kindOf(btf, proto) !== 'func_proto') return null;
  const unnamed = argumentsOf(kernel, btf, proto, kind === 'func' ? 0 : 1);
  if (!unnamed) return null;
  const found = symbol === TRACEPOINT ? namedArguments(kernel, name, unnamed) : unnamed;
  const what = `${WORDS[symbol] ?? 'function'} ${name}`;
  const raw = RAW.exec(section);
  // @see max_ctx_offset in __bpf_probe_register(), kernel/trace/bpf_trace.c
  if (raw) return { target: what, arguments: untyped(found, raw[1] !== undefined), result: null, refusedAt: 'attach' };
  const own = symbol === ITERATOR ? found.map(asBuffer) : found;
  const returned = referencedType(btf, proto);
  const result = resolveType(btf, returned) === 0 ? 'void' : argumentOf(kernel, btf, returned, '');
  return { target: what, arguments: own, result: READS_RESULT.test(section) ? result : null, refusedAt: 'load' };
}

/** Where a program is attached, as far as its prototype depends on it. */
export type HookedProgram = Pick<BpfProgram, 'section' | 'attachTo' | 'member'> & Partial<Pick<BpfProgram, 'hasGivenType'>>;

/** The prototype of a struct_ops member, in the BTF of the kernel or of the module that has the struct_ops type. */
function memberPrototype(kernel: KernelTypes, { type, member }: StructOpsMember): Prototype | null {
  const value = findIn(kernel, 'struct', STRUCT_OPS_VALUE + type);
  const own = value && findType(value.btf, 'struct', type);
  if (!value || own === null) return null;
  const { btf } = value;
  for (let index = 0; index < vlenOf(btf, own); index++) {
    const found = memberOf(btf, own, index);
    if (found?.name !== member) continue;
    const proto = resolveType(btf, referencedType(btf, resolveType(btf, found.type)));
    const parameters = kindOf(btf, proto) === 'func_proto' ? argumentsOf(kernel, btf, proto, 0) : null;
    return parameters && { target: `struct_ops member ${type}.${member}`, arguments: parameters, result: null, refusedAt: 'load' };
  }
  return null;
}

/** The registers that pass the first arguments, as members of the kernel's `struct pt_regs`. @see bpf_tracing.h of libbpf */
const X86_REGISTERS = ['di', 'si', 'dx', 'cx', 'r8', 'r9'] as const;

/** The byte offsets of the first arguments in the registers; null for a machine that is not known. */
function registerPlaces(kernel: KernelTypes): number[] | null {
  const registers = findIn(kernel, 'struct', 'pt_regs');
  if (!registers) return null;
  const { btf, id } = registers;
  const members = Array.from({ length: vlenOf(btf, id) }, (_, index) => memberOf(btf, id, index));
  const places = X86_REGISTERS.flatMap((name) => {
    const member = members.find((each) => each?.name === name);
    return member ? [member.bitOffset / 8] : [];
  });
  return places.length === X86_REGISTERS.length ? places : null;
}

/**
 * What a kprobe at the start of a function finds in the registers. Null if the kernel lacks the function, or for a machine other than x86-64.
 * The kernel and its verifier know nothing of it: any program may read any register.
 */
export function probePrototype(name: string, kernel: KernelTypes): Prototype | null {
  const found = findIn(kernel, 'func', name);
  const places = found && registerPlaces(kernel);
  const own = found && argumentsOf(kernel, found.btf, referencedType(found.btf, found.id), 0);
  return places && own && { target: `function ${name}`, arguments: own, result: null, refusedAt: 'never', places };
}

/** The name of a program's hook for "corematrix types diff"; null for programs that read no arguments by position. */
export function hookName(program: HookedProgram): string | null {
  if (program.member) return program.member.type;
  const target = hookTargetOf(usedSection(program), program.attachTo);
  return target && partsOfName(nameInBtf(target)).name;
}

/**
 * The prototype of a program's target; null if the program reads no arguments by position, or if the kernel lacks the target.
 * @see btf_ctx_access() in kernel/bpf/btf.c
 */
export function prototypeOf(program: HookedProgram, kernel: KernelTypes): Prototype | null {
  if (program.member) return memberPrototype(kernel, program.member);
  const section = usedSection(program);
  const target = hookTargetOf(section, program.attachTo);
  return target && prototypeIn(kernel, target, section);
}

/** What is at a position of the context, from 1; `missing` if nothing is there, null if it is unknown. */
export function argumentAt(prototype: Prototype, position: number): Argument | 'missing' | null {
  const own = prototype.arguments[position - 1];
  if (own) return own;
  if (position > prototype.arguments.length + 1 || prototype.result === null) return 'missing';
  return prototype.result === 'void' ? null : prototype.result;
}

/** `(bool, struct task_struct *, struct task_struct *)`. */
export function prototypeText({ arguments: own }: Prototype): string {
  return `(${own.map(({ text }) => text).join(', ') || 'void'})`;
}
