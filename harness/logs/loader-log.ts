// The facts that a loader gave about one load, without any verdict: read from the log of libbpf, or reported by cilium/ebpf or aya.
import type { RelocationKind } from '../base/vocabulary.ts';

/** An error as printed, and its positive number if the text has one. */
export interface PrintedError {
  text: string;
  errno: number | null;
}

export interface CandidateFacts {
  /** Without the relocation kind: `[114] struct task_struct.pid (0:92 @ offset 1264)`. */
  spec: string;
  matches: boolean;
}

/** One CO-RE relocation as the loader processed it. */
export interface RelocationFacts {
  /** Null in logs without debug lines. */
  section: string | null;
  /** Program or subprogram as printed; bpftool prints the section name instead. */
  program: string;
  /** libbpf's `relo #N`, which counts within the section's record in .BTF.ext. */
  index: number;
  kind: RelocationKind | null;
  /** The local spec without its kind: `[9] struct task_struct.state (0:1 @ offset 8)`. */
  spec: string | null;
  candidates: CandidateFacts[];
  /** `no matching targets found`. */
  noTarget: boolean;
  /** The rewritten operand, decimal; null when the instruction was not patched. */
  patch: { insn: number; form: 'ALU' | 'LDX' | 'LDIMM64'; from: string; to: string } | null;
  /** Access size in bytes, if it was changed. */
  memSize: { from: number; to: number } | null;
  /** Instructions replaced by an invalid one, within the (sub)program; two for a 64-bit load, in the order printed. */
  poisoned: number[];
  /** A candidate matched, but its size or sign does not allow the access as compiled. */
  wrongAccess: boolean;
  /** The loader's message if candidates disagreed. */
  ambiguity: string | null;
  warnings: string[];
  /** The error that ended the whole load at this relocation, or null. */
  error: string | null;
}

/** The candidates that the loader found for a local type, by its BTF id. */
interface TypeTargets {
  localId: number;
  localType: string;
  targets: { id: number; type: string; btf: string }[];
}

/** The start of a subprogram's copy in a program that calls it, in instructions. */
export interface Subprogram {
  insns: number;
  /** Null if no call to it was printed. */
  offset: number | null;
}

export interface MapFailure {
  map: string;
  step: 'create' | 'create-inner' | 'set-up' | 'pin';
  error: PrintedError;
}

export interface ExternFailure {
  kind: 'kconfig' | 'ksym' | 'kfunc';
  name: string;
  /** The loader's own words. */
  detail: string;
  /** Where the kernel lacks the name: in its BTF, or in its list of symbols. Null for one that it has, and for Kconfig values. */
  missingIn: 'btf' | 'symbols' | null;
}

export interface BtfFailure {
  /** Of the kernel: absent or unreadable. Of the object: absent, or rejected by the kernel although it is needed. */
  kind: 'kernel-missing' | 'object-missing' | 'object-refused';
  text: string;
}

/** What the loader told about loading one program. `error` and `missingTarget` are null if it told no failure. */
export interface ProgramFacts {
  /** Null if a log of libbpf <= 0.6 was cut before the name. */
  program: string | null;
  /** The result of bpf(BPF_PROG_LOAD). */
  error: PrintedError | null;
  /** The verifier's whole log, or null. */
  verifierLog: string | null;
  /** The kernel function, tracepoint or hook that is not in the kernel's BTF. */
  missingTarget: string | null;
  /** Other messages of the loader about the program. */
  warnings: string[];
}

/** A reference that the loader replaced by an invalid instruction because its target does not exist. */
export interface PoisonedReference {
  program: string;
  insn: number;
  kind: 'map' | 'kfunc';
  name: string;
}

/** The subject of the last message of failure. */
export type EndedBy = 'btf' | 'extern' | 'relocation' | 'map' | 'program' | Exclude<LoaderLog['failures'][number]['topic'], 'memlock'>;

/** The facts of one load. */
export interface LoaderLog {
  relocations: RelocationFacts[];
  targets: TypeTargets[];
  /** By program: the subprograms appended to it by name, in order. */
  layouts: Map<string, Map<string, Subprogram>>;
  /** Programs that the loader skipped. */
  skipped: string[];
  /** Relocations of weak subprograms the linker dropped. */
  eliminated: { section: string; index: number }[];
  poisonedReferences: PoisonedReference[];
  maps: MapFailure[];
  externs: ExternFailure[];
  btf: BtfFailure[];
  /** The log of bpf(BPF_BTF_LOAD), or null. */
  btfLog: string | null;
  programs: ProgramFacts[];
  /** `failed to perform CO-RE relocations`. */
  relocationFailed: PrintedError | null;
  /** All other failures: struct_ops, privileges, ELF, attaching. */
  failures: { topic: 'settings' | 'struct-ops' | 'permission' | 'memlock' | 'object' | 'attach'; text: string }[];
  /** A loader stops at the first step that fails, so the last message of failure is the one that ended the load. Null without one. */
  ended: EndedBy | null;
  /** Every warning, as printed, in order. */
  warnings: string[];
}

/** A log without facts. */
export function newLog(): LoaderLog {
  return {
    relocations: [],
    targets: [],
    layouts: new Map(),
    skipped: [],
    eliminated: [],
    poisonedReferences: [],
    maps: [],
    externs: [],
    btf: [],
    btfLog: null,
    programs: [],
    relocationFailed: null,
    failures: [],
    ended: null,
    warnings: [],
  };
}
