// Predicts whether the verifier reaches an instruction that it rejects: follows a program's paths with relocated values and constant data.
import type { RefusedKfunc } from '../../kernel-btf/kfunc-differences.ts';
import { INSN_BYTES, type ObjectFunction } from '../../bpf/object/functions.ts';
import { branchOf, refine, type Taken } from './branch.ts';
import { ALU, CLASS, type Insn, JMP, MODE_ATOMIC, MODE_MEM, PSEUDO_CALL, readInsn } from './insn.ts';
import type { Code, CodeOf } from '../../core-relo/code.ts';
import { BAD_RELO } from '../../core-relo/patch.ts';
import { afterCallOf, afterStore, EMPTY_STACK, loadedFrom, LOST_STACK, type Stack, withoutFrame } from './stack.ts';
import { ANY, argumentIn, bitsOf, compute, constant, type Fresh, freshValues, operandOf, type Value } from './value.ts';
import { FRAME_POINTER, forgetAll, placeOf, type State, valuesKey } from './state.ts';
import type { Reference, References } from '../../bpf/object/references.ts';
import { type Argument, argumentAt, type Prototype } from '../../kernel-btf/prototype.ts';

/** Why the verifier rejects an instruction. */
export type Rejection =
  | { type: 'poison' }
  /** A call of a helper that the kernel lacks. */
  | { type: 'helper'; id: number }
  /** A call of a kfunc that the kernel lacks, or of a function that is none. */
  | { type: 'kfunc'; name: string; state: RefusedKfunc }
  /** A helper for per-CPU variables gets the address 0 of a weak variable that the kernel lacks. */
  | { type: 'variable'; name: string; helper: number }
  /** The kernel has no argument at this position, or one that the verifier lets no program read, or read memory through. */
  | { type: 'argument'; position: number; found: Argument | 'missing' };

/** A relocation of a struct that is applied to an argument of the hook. */
export interface ArgumentUse {
  position: number;
  /** Position in the object's relocations. */
  ref: number;
}

/**
 * An instruction that the verifier rejects, and whether it certainly reaches it. Hits after another hit are included, but are never
 * certain. Rejected instructions that are not among the hits are unreachable.
 */
export interface Hit {
  owner: ObjectFunction;
  insn: number;
  certain: boolean;
  rejection: Rejection;
}

export interface Reach {
  /** In the order in which the verifier reaches them. */
  hits: readonly Hit[];
  /** Each once. */
  uses: readonly ArgumentUse[];
  /** The positions of the arguments that the program reads from its context. */
  reads: ReadonlySet<number>;
  /** False if there were too many paths to follow. Then instructions that are not among the hits may be reachable, too. */
  complete: boolean;
}

/** Everything that the code of an object refers to, the same for all its loads. */
export interface ReachContext {
  /** The code before relocation, which shows what poisoned instructions did. */
  original: CodeOf;
  /** Returns the function that begins at an instruction of a section. */
  functionAt: (section: string, insn: number) => ObjectFunction | undefined;
  references: References;
  /** Returns the bytes of a data section. */
  constantData: (section: string) => Uint8Array;
  /** Returns the bytes of a `__kconfig` extern on the kernel; null for other externs, and if they are unknown. */
  kconfig: (name: string) => Uint8Array | null;
  /** Ids of the helpers that the kernel has; null if unknown. */
  helpers: ReadonlySet<number> | null;
  /**
   * Kernel functions that no program may call. Weak ones that the kernel lacks, or has with another prototype: libbpf makes their addresses
   * 0 and poisons their calls. And functions that the kernel has, but does not mark as kfuncs.
   */
  refused: ReadonlyMap<string, RefusedKfunc>;
  /** False if a module may have those that the kernel lacks. */
  isMissingCertain: boolean;
  /** Weak variables that the kernel certainly lacks. Their addresses are 0. */
  missingVariables: ReadonlySet<string>;
  /** The position of the `byte_off` relocation of an instruction in the object's relocations. */
  offsetAt: (owner: ObjectFunction, insn: number) => number | undefined;
  littleEndian: boolean;
}

/** The code of a load, and what it refers to. */
export interface ReachInput extends ReachContext {
  codeOf: CodeOf;
  /** The prototype of the program's target; absent if the program reads no arguments by position. */
  prototype?: Prototype;
}

/** What stands before the name of an extern in place of the section of constant data. */
const KCONFIG = '.kconfig ';
const OF_KERNEL: Value = { type: 'any', ofKernel: true };
const MAX_STEPS = 200_000;
const MAX_FRAMES = 8;
/** After more visits of one place, all values there count as unknown. */
const MAX_VISITS = 256;
const KFUNC_CALL = 2;
const MAY_GOTO = 0xe0;
/** Registers that a call preserves. */
const KEPT = [6, 7, 8, 9] as const;
const CLOBBERED = [0, 1, 2, 3, 4, 5] as const;
const WHOLE = 8;
/** The modes of a load with sign extension and of an ordinary load. */
const LOADS: ReadonlySet<number> = new Set([MODE_MEM, 0x80]);

/**
 * Helpers about whose result the verifier knows nothing: plain numbers, error numbers, and pointers that may be null.
 * @see enum bpf_func_id in include/uapi/linux/bpf.h
 */
const OPEN_RESULTS: ReadonlySet<number> = new Set([1, 4, 5, 7, 14, 15, 16, 35, 80, 112, 113, 118, 123, 125, 131]);

/** `bpf_per_cpu_ptr` and `bpf_this_cpu_ptr`. The verifier takes no number as their first argument, not even 0. */
const PERCPU_HELPERS: ReadonlySet<number> = new Set([153, 154]);

/** True for a poisoned instruction and for a call of a helper that the kernel lacks. */
function isRejected(insn: Insn, { helpers }: Pick<ReachContext, 'helpers'>): boolean {
  if (insn.class !== CLASS.JMP || insn.operation !== JMP.CALL || insn.src !== 0) return false;
  return insn.immediate === BAD_RELO || helpers?.has(insn.immediate) === false;
}

/** The position of the argument, from 1, that an instruction loads wholly or partly from the context; null if that is unknown. */
function positionOf({ offset }: Insn, base: Value, places?: readonly number[]): number | null {
  if (base.type !== 'context' || base.offset === null) return null;
  const at = base.offset + offset;
  if (places) return places.includes(at) ? places.indexOf(at) + 1 : null;
  return at >= 0 ? Math.floor(at / WHOLE) + 1 : null;
}

/** True if code contains a rejected instruction. Most objects contain none, so no path needs to be followed. */
export function hasRejected(code: Code, context: Pick<ReachContext, 'helpers'>): boolean {
  const count = code.view.byteLength / INSN_BYTES;
  for (let index = 0; index < count; index++) {
    const insn = readInsn(code, index);
    if (insn && isRejected(insn, context)) return true;
  }
  return false;
}

class Explorer {
  readonly hits: Hit[] = [];
  /** The argument to which each relocation is applied; null if paths differ. By the position of the relocation. */
  readonly uses = new Map<number, number | null>();
  readonly reads = new Set<number>();
  readonly #input: ReachInput;
  readonly #fresh: Fresh = freshValues();
  readonly #seen = new Map<string, boolean>();
  readonly #pending: State[] = [];
  readonly #numbers = new Map<ObjectFunction, number>();
  readonly #visits = new Map<string, number>();
  /** The code of the functions on the paths so far. */
  readonly #code = new Map<ObjectFunction, Code>();

  constructor(input: ReachInput) {
    this.#input = input;
  }

  explore(entry: ObjectFunction): boolean {
    this.#start(entry, true, { type: 'context', offset: 0 });
    for (let steps = 0; steps < MAX_STEPS; steps++) {
      const state = this.#pending.pop();
      if (!state) return true;
      this.#step(state);
    }
    return false;
  }

  #start(owner: ObjectFunction, certain: boolean, argument: Value = ANY): void {
    const registers: Value[] = Array.from({ length: FRAME_POINTER + 1 }, () => ANY);
    registers[1] = argument;
    registers[FRAME_POINTER] = this.#framePointer(0);
    this.#follow({ owner, insn: 0, registers, frames: [], stack: EMPTY_STACK, guessed: false, certain });
  }

  /** Offsets in the stack matter only for arguments. Without them, fewer states differ. */
  #framePointer(frame: number): Value {
    return { type: 'stack', frame, offset: this.#input.prototype ? 0 : null };
  }

  /** Continues where paths part or join, unless this place was already followed with the same values. */
  #follow(state: State): void {
    const place = placeOf(state, this.#numbers);
    const visits = (this.#visits.get(place) ?? 0) + 1;
    this.#visits.set(place, visits);
    const known = visits > MAX_VISITS ? forgetAll(state) : state;
    const key = `${place} ${valuesKey(known)}`;
    const before = this.#seen.get(key);
    if (before === true || before === known.certain) return;
    this.#seen.set(key, known.certain);
    this.#pending.push(known);
  }

  #step(state: State): void {
    const code = this.#codeOf(state.owner);
    const insn = readInsn(code, state.insn);
    // The verifier refuses an instruction with a register that does not exist.
    if (!insn || insn.dst > FRAME_POINTER || insn.src > FRAME_POINTER) return;
    switch (insn.class) {
      case CLASS.LD:
        this.#load64(state, insn, code);
        return;
      case CLASS.LDX: {
        const base = state.registers[insn.src] ?? ANY;
        if (this.#rejectsLoad(state, insn, base)) state.certain = false;
        state.registers[insn.dst] = this.#loaded(state, insn, base);
        break;
      }
      case CLASS.ST:
        this.#store(state, insn, null);
        break;
      case CLASS.STX:
        this.#store(state, insn, insn.mode === MODE_MEM ? (state.registers[insn.src] ?? ANY) : null);
        if (insn.mode === MODE_ATOMIC) for (const register of [0, insn.src]) state.registers[register] = ANY;
        break;
      case CLASS.ALU:
      case CLASS.ALU64:
        this.#compute(state, insn);
        break;
      case CLASS.JMP:
      case CLASS.JMP32:
        this.#jump(state, insn);
        return;
      default:
        break;
    }
    this.#pending.push({ ...state, insn: state.insn + 1 });
  }

  #store(state: State, insn: Insn, value: Value | null): void {
    if (this.#input.prototype) state.stack = afterStore(state.stack, insn, state.registers[insn.dst] ?? ANY, value);
  }

  /** The stack after the call of a function that is not followed. Only kernel functions return pointers that they got. */
  #stackAfterCall({ stack, registers }: State, insn: Insn): Stack {
    return this.#input.prototype ? afterCallOf(stack, registers.slice(1, CLOBBERED.length), insn.src === KFUNC_CALL) : stack;
  }

  #compute(state: State, insn: Insn): void {
    const [before, operand] = [state.registers[insn.dst] ?? ANY, operandOf(insn, state.registers)];
    const result = compute(insn, before, operand, this.#fresh);
    state.registers[insn.dst] = this.#relocated(state, result);
    if (insn.operation !== ALU.ADD || before.type === operand.type) return;
    const ref = this.#input.offsetAt(state.owner, state.insn);
    for (const each of [before, operand]) if (each.type === 'constant') this.#use(state, argumentIn(result), ref ?? each.ref);
  }

  /** Notes at a constant which relocation made it. */
  #relocated({ owner, insn }: State, value: Value): Value {
    const ref = this.#input.prototype && this.#input.offsetAt(owner, insn);
    return value.type === 'constant' && ref !== undefined ? { ...value, ref } : value;
  }

  /** Notes to what a relocation is applied. Where paths disagree, the program may take only one of them on a machine. */
  #use({ guessed }: State, position: number | null, ref: number | undefined): void {
    if (ref === undefined || guessed) return;
    const known = this.uses.get(ref);
    this.uses.set(ref, known === undefined || known === position ? position : null);
  }

  /** Whether the verifier refuses a load: of an argument that the kernel lacks, or through one that is a number to it. */
  #rejectsLoad(state: State, insn: Insn, base: Value): boolean {
    const { prototype, offsetAt } = this.#input;
    const isThrough = base.type !== 'context';
    const position = isThrough ? argumentIn(base) : positionOf(insn, base, prototype?.places);
    if (!prototype || !LOADS.has(insn.mode)) return false;
    if (isThrough) this.#use(state, position, offsetAt(state.owner, state.insn));
    if (position === null) return false;
    if (!isThrough && !state.guessed) this.reads.add(position);
    const found = prototype.refusedAt === 'never' ? null : argumentAt(prototype, position);
    if (found === null) return false;
    const isAtContext = found === 'missing' || found.kind === 'closed';
    if (isAtContext === isThrough) return false;
    if (found !== 'missing' && (found.kind === 'struct' || found.kind === 'other')) return false;
    const isRefused = found !== 'missing' || prototype.refusedAt === 'load';
    this.#hit({ ...state, certain: state.certain && isRefused }, { type: 'argument', position, found });
    return isRefused;
  }

  #referenceAt({ owner, insn }: State): Reference | undefined {
    return this.#input.references.get(owner.section)?.get(owner.insnOffset + insn);
  }

  #load64(state: State, insn: Insn, code: Code): void {
    if (insn.size !== WHOLE || insn.mode !== 0) {
      for (const register of CLOBBERED) state.registers[register] = ANY;
      this.#pending.push({ ...state, insn: state.insn + 1 });
      return;
    }
    const reference = this.#referenceAt(state);
    const upper = readInsn(code, state.insn + 1)?.immediate ?? 0;
    let value: Value = ANY;
    if (reference?.type === 'data') {
      const { section, offset } = reference;
      value = section.startsWith('.rodata') ? { type: 'constant-data', section, offset: offset + insn.immediate } : { type: 'data' };
    } else if (reference?.type === 'function') {
      // A callback is verified when a helper is called with it. Such calls are not followed, so its hits are not certain.
      const callee = this.#input.functionAt(reference.section, reference.insn + insn.immediate / WHOLE);
      if (callee) this.#start(callee, false);
      // A callback may write the stack of its caller.
      state.stack = { ...state.stack, escaped: true };
    } else if (reference?.type === 'extern') {
      const kfunc = this.#input.refused.get(reference.name);
      const isKnown = this.#input.kconfig(reference.name) !== null;
      if (isKnown) value = { type: 'constant-data', section: KCONFIG + reference.name, offset: insn.immediate };
      else if (this.#input.missingVariables.has(reference.name)) value = { type: 'constant', value: 0n, variable: reference.name };
      else value = kfunc === undefined || kfunc === 'unmarked' ? OF_KERNEL : constant(0n);
    } else if (!reference && insn.src === 0) {
      value = this.#relocated(state, constant((BigInt(upper) << 32n) | BigInt(insn.immediate >>> 0)));
    }
    state.registers[insn.dst] = value;
    this.#pending.push({ ...state, insn: state.insn + 2 });
  }

  #loaded({ stack }: State, insn: Insn, base: Value): Value {
    if (insn.mode !== MODE_MEM) return ANY;
    if (base.type === 'any' && base.ofKernel) return base;
    if (base.type === 'stack') return loadedFrom(stack, insn, base);
    const bits = bitsOf(insn.size);
    if (base.type === 'data') return this.#fresh(bits);
    // A part of an argument is no pointer.
    const { prototype } = this.#input;
    if (base.type === 'context' && insn.size === WHOLE && prototype)
      return this.#fresh(bits, true, positionOf(insn, base, prototype.places));
    if (base.type === 'context' || base.type === 'free') return this.#fresh(bits, insn.size === WHOLE);
    if (base.type !== 'constant-data') return ANY;
    const at = base.offset + insn.offset;
    const { constantData, kconfig } = this.#input;
    const data = base.section.startsWith(KCONFIG) ? kconfig(base.section.slice(KCONFIG.length)) : constantData(base.section);
    const bytes = [...(data ?? new Uint8Array()).subarray(Math.max(at, 0), Math.max(at, 0) + insn.size)];
    if (at < 0 || bytes.length < insn.size) return ANY;
    const ordered = this.#input.littleEndian ? bytes.toReversed() : bytes;
    return constant(ordered.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n));
  }

  #jump(state: State, insn: Insn): void {
    const next = state.insn + 1;
    if (insn.operation === JMP.EXIT) {
      this.#return(state);
    } else if (insn.operation === JMP.CALL) {
      this.#call(state, insn);
    } else if (insn.operation === JMP.JA) {
      this.#follow({ ...state, insn: next + (insn.class === CLASS.JMP ? insn.offset : insn.immediate) });
    } else {
      const operand = operandOf(insn, state.registers);
      const branch =
        insn.operation === MAY_GOTO ? ({ jump: 'yes', fall: 'yes' } as const) : branchOf(insn, state.registers[insn.dst] ?? ANY, operand);
      // The last pushed branch is followed first, because the verifier follows the fall-through before the jump.
      this.#branch(state, { insn, operand }, branch.jump, true);
      this.#branch(state, { insn, operand }, branch.fall, false);
    }
  }

  /** Follows one branch of a conditional jump with what the test shows about the value. */
  #branch(state: State, { insn, operand }: { insn: Insn; operand: Value }, taken: Taken, jumped: boolean): void {
    if (taken === 'no') return;
    const tested = state.registers[insn.dst] ?? ANY;
    const known = refine(insn, tested, operand, jumped);
    const isTested = (value: Value) => value === tested || (value.type === 'free' && tested.type === 'free' && value.id === tested.id);
    this.#follow({
      ...state,
      insn: state.insn + 1 + (jumped ? insn.offset : 0),
      registers: state.registers.map((value) => (isTested(value) ? known : value)),
      guessed: state.guessed || (this.#input.prototype !== undefined && tested.type === 'any' && tested.ofKernel === true),
      certain: state.certain && taken === 'yes',
    });
  }

  #codeOf(owner: ObjectFunction): Code {
    const code = this.#code.get(owner) ?? this.#input.codeOf(owner);
    this.#code.set(owner, code);
    return code;
  }

  #call(state: State, insn: Insn): void {
    if (isRejected(insn, this.#input)) {
      this.#hit(state, insn.immediate === BAD_RELO ? { type: 'poison' } : { type: 'helper', id: insn.immediate });
      this.#pastHit(state, insn);
      return;
    }
    const [, pointer = ANY] = state.registers;
    if (insn.src === 0 && PERCPU_HELPERS.has(insn.immediate) && pointer.type === 'constant' && pointer.variable !== undefined) {
      this.#hit(state, { type: 'variable', name: pointer.variable, helper: insn.immediate });
      this.#pastHit(state, insn);
      return;
    }
    const after = state.insn + 1;
    const reference = this.#referenceAt(state);
    const refused = reference?.type === 'extern' ? this.#input.refused.get(reference.name) : undefined;
    if (reference?.type === 'extern' && refused) {
      this.#hit(state, { type: 'kfunc', name: reference.name, state: refused });
      this.#pastHit(state, insn);
      return;
    }
    // Before relocation, the call of a kernel function has the distance -1, which the first instruction of a function would take to itself.
    if (insn.src === PSEUDO_CALL && reference?.type !== 'extern') {
      const isRelocated = reference?.type === 'function';
      const section = isRelocated ? reference.section : state.owner.section;
      const callee = this.#input.functionAt(
        section,
        (isRelocated ? reference.insn : state.owner.insnOffset + state.insn) + insn.immediate + 1,
      );
      if (callee) {
        this.#enter(state, insn, { callee, isGlobal: isRelocated && reference.global });
        return;
      }
    }
    const isOpen = insn.src === PSEUDO_CALL || (insn.src !== KFUNC_CALL && OPEN_RESULTS.has(insn.immediate));
    const registers = this.#afterCall(state.registers, isOpen ? this.#fresh(bitsOf(WHOLE)) : ANY);
    this.#pending.push({ ...state, insn: after, registers, stack: this.#stackAfterCall(state, insn) });
  }

  /** Continues after a hit, where the verifier ends. Later hits show what it would reach once this one is fixed; they are never certain. */
  #pastHit(state: State, insn: Insn): void {
    const next = { ...state, insn: state.insn + 1, certain: false };
    if (insn.immediate !== BAD_RELO) {
      this.#pending.push({ ...next, registers: this.#afterCall(state.registers, ANY), stack: this.#stackAfterCall(state, insn) });
      return;
    }
    const meant = readInsn(this.#input.original(state.owner), state.insn);
    const stores = meant && (meant.class === CLASS.ST || meant.class === CLASS.STX);
    if (stores) next.stack = LOST_STACK;
    const changes = meant && meant.class !== CLASS.ST && meant.class !== CLASS.STX;
    this.#pending.push({ ...next, registers: state.registers.map((value, register) => (changes && register === meant.dst ? ANY : value)) });
  }

  #afterCall(registers: readonly Value[], result: Value): Value[] {
    return [result, ...CLOBBERED.slice(1).map(() => ANY), ...registers.slice(CLOBBERED.length)];
  }

  /** Follows a call. The verifier checks a static function at each call, a global function once with unknown arguments. */
  #enter(state: State, insn: Insn, { callee, isGlobal }: { callee: ObjectFunction; isGlobal: boolean }): void {
    const after = state.insn + 1;
    if (isGlobal) {
      const registers = this.#afterCall(state.registers, this.#fresh(bitsOf(WHOLE)));
      this.#follow({ ...state, insn: after, registers, stack: this.#stackAfterCall(state, insn) });
      this.#start(callee, state.certain);
      return;
    }
    if (state.frames.length >= MAX_FRAMES) return;
    const kept = KEPT.map((register) => state.registers[register] ?? ANY);
    const registers = state.registers.map((value, register) => (register >= 1 && register <= 5 ? value : ANY));
    registers[FRAME_POINTER] = this.#framePointer(state.frames.length + 1);
    this.#follow({ ...state, owner: callee, insn: 0, registers, frames: [...state.frames, { owner: state.owner, insn: after, kept }] });
  }

  #return(state: State): void {
    const frame = state.frames.at(-1);
    if (!frame) return;
    const registers: Value[] = [
      state.registers[0] ?? ANY,
      ANY,
      ANY,
      ANY,
      ANY,
      ANY,
      ...frame.kept,
      this.#framePointer(state.frames.length - 1),
    ];
    const stack = withoutFrame(state.stack, state.frames.length);
    this.#follow({ ...state, owner: frame.owner, insn: frame.insn, registers, frames: state.frames.slice(0, -1), stack });
  }

  #hit({ owner, insn, certain }: State, rejection: Rejection): void {
    const known = this.hits.findIndex((hit) => hit.owner === owner && hit.insn === insn);
    const before = this.hits[known];
    const isCertain = certain && (rejection.type !== 'kfunc' || rejection.state !== 'missing' || this.#input.isMissingCertain);
    if (!before) this.hits.push({ owner, insn, certain: isCertain, rejection });
    else if (isCertain && !before.certain) this.hits[known] = { ...before, certain: isCertain };
  }
}

/**
 * Follows all paths through a program, like the verifier, and returns the poisoned instructions, unknown helpers and refused kfuncs that it reaches. Values
 * that it does not track (most stack memory, results of most helpers, ranges after comparisons) make a hit uncertain, never wrong.
 */
export function reachOf(program: ObjectFunction, input: ReachInput): Reach {
  const explorer = new Explorer(input);
  const complete = explorer.explore(program);
  const uses = [...explorer.uses].flatMap(([ref, position]) => (position === null ? [] : [{ position, ref }]));
  return { hits: explorer.hits, uses, reads: explorer.reads, complete };
}
