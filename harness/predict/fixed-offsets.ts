// Finds programs that read structs of the kernel at offsets of the machine that compiled them, because their object has no CO-RE relocation.
import { attachTargetOf, usedSection } from '../bpf/object/attach-point.ts';
import type { BpfObject, BpfProgram } from '../bpf/object/object.ts';
import { type Code, compiledCode } from '../core-relo/code.ts';
import { fixedOffsetLines } from '../results/fixed-offsets.ts';
import type { ObjectResult } from '../results/schema.ts';
import { ALU, CLASS, type Insn, JMP, readInsn } from './reach/insn.ts';

/** bpf_probe_read_kernel() and bpf_probe_read_kernel_str(), which read at their third argument. */
const READS_KERNEL: ReadonlySet<number> = new Set([113, 115]);
/** bpf_probe_read() and bpf_probe_read_str(), which also read memory of processes. */
const READS_ANY: ReadonlySet<number> = new Set([4, 45]);
/** bpf_get_current_task() */
const CURRENT_TASK = 35;
const SOURCE = 3;
const LAST_ARGUMENT = 5;
const CONTEXT = 1;
const FRAME_POINTER = 10;
const WHOLE = 8;

/**
 * What a register has: an argument of the hook is a pointer into the kernel; `member` is a pointer plus an offset, `task-member` an offset in
 * the task_struct of the current task; `own` is memory that no kernel lays out: the stack, or the context of a program without typed arguments.
 */
type Held = 'context' | 'argument' | 'own' | 'constant' | 'member' | 'task' | 'task-member';

/** What a pointer plus an offset is. */
const MEMBER_OF = {
  context: 'context',
  own: 'own',
  argument: 'member',
  member: 'member',
  constant: 'member',
  task: 'task-member',
  'task-member': 'task-member',
} as const satisfies Record<Held, Held>;

class Registers {
  readonly #held = new Map<number, Held>([[FRAME_POINTER, 'own']]);

  constructor(typed: boolean) {
    this.#held.set(CONTEXT, typed ? 'context' : 'own');
  }

  /** True if the instruction reads a member of a struct of the kernel. */
  read(insn: Insn): boolean {
    switch (insn.class) {
      case CLASS.LDX: {
        const base = this.#held.get(insn.src);
        this.#set(insn.dst, base === 'context' && insn.size === WHOLE ? 'argument' : null);
        return base === 'argument';
      }
      case CLASS.LD:
        this.#set(insn.dst, null);
        return false;
      case CLASS.ALU64:
      case CLASS.ALU:
        this.#set(insn.dst, this.#computed(insn));
        return false;
      case CLASS.JMP:
        return insn.operation === JMP.CALL && this.#call(insn);
      default:
        return false;
    }
  }

  #set(register: number, held: Held | null): void {
    if (held === null) this.#held.delete(register);
    else this.#held.set(register, held);
  }

  #computed({ operation, fromRegister, dst, src, immediate }: Insn): Held | null {
    const [before, other] = [this.#held.get(dst) ?? null, fromRegister ? (this.#held.get(src) ?? null) : 'constant'];
    if (operation === ALU.MOV) return other;
    const isSum = operation === ALU.ADD && (fromRegister || immediate !== 0);
    if (!isSum || other === 'own' || other === 'context') return before === 'own' || before === 'context' ? before : null;
    if (before === 'own' || before === 'context') return before;
    if (other === 'constant') return MEMBER_OF[before ?? 'constant'];
    return before === 'constant' ? MEMBER_OF[other ?? 'constant'] : null;
  }

  #call({ src, immediate }: Insn): boolean {
    const source = this.#held.get(SOURCE);
    const readsKernel = source === 'member' && READS_KERNEL.has(immediate);
    const readsTask = source === 'task-member' && (READS_KERNEL.has(immediate) || READS_ANY.has(immediate));
    for (let register = 0; register <= LAST_ARGUMENT; register++) this.#held.delete(register);
    if (src === 0 && immediate === CURRENT_TASK) this.#held.set(0, 'task');
    return src === 0 && (readsKernel || readsTask);
  }
}

/** Whether a program gets pointers to structs of the kernel in its context. */
function hasTypedArguments(program: BpfProgram): boolean {
  const section = usedSection(program);
  return program.member !== undefined || (attachTargetOf(section, program.attachTo) !== null && !/^\??iter\b/.test(section));
}

function readsMember(program: BpfProgram, code: Code): boolean {
  const registers = new Registers(hasTypedArguments(program));
  for (let index = 0; index < program.insns; index++) {
    const insn = readInsn(code, index);
    if (!insn) return false;
    if (registers.read(insn)) return true;
    // The second half of a 64-bit constant.
    if (insn.class === CLASS.LD) index += 1;
  }
  return false;
}

/** Names of the programs that read members of kernel structs although the object has no relocation; empty for an object with relocations. */
export function readersAtFixedOffsets(object: BpfObject): string[] {
  if (object.relocations.length > 0) return [];
  const codeOf = compiledCode(object);
  return object.programs.filter((program) => readsMember(program, codeOf(program))).map(({ name }) => name);
}

/** The result of an object with the programs that read kernel structs at fixed offsets. `bpf` is null if the file of the object is missing. */
export function withFixedOffsets<Result extends Pick<ObjectResult, 'path' | 'fixedOffsets'>>({
  result,
  bpf,
}: {
  result: Result;
  bpf: BpfObject | null;
}): Result & Pick<ObjectResult, 'fixedOffsets'> {
  const readers = bpf ? readersAtFixedOffsets(bpf) : [];
  return readers.length === 0 ? result : { ...result, fixedOffsets: readers };
}

/** One note for each object whose programs read kernel structs at fixed offsets. */
export function fixedOffsetNotes(
  objects: readonly { result: Pick<ObjectResult, 'path' | 'fixedOffsets'>; bpf: BpfObject | null }[],
): string[] {
  return fixedOffsetLines(objects.map(withFixedOffsets));
}
