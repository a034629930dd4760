// Evidence: what a guest delivers about one cell, before a verdict is made of it.
import type { CommandEnd, Frame, TargetFacts } from '../../guest/protocol/frames.ts';
import type { LogRecord } from '../../logs/record.ts';

type FrameOf<Type extends Frame['type']> = Omit<Extract<Frame, { type: Type }>, 'type'>;

/** What a loader program reported about one attempt. */
export interface LoaderReport {
  /** The failure that ended the attempt, last. */
  failures: FrameOf<'failure'>[];
  verifierLogs: FrameOf<'verifier-log'>[];
  relocations: FrameOf<'core-relocation'>[];
  /** Functions in the final programs. */
  subprograms: FrameOf<'subprogram'>[];
}

/** One fresh open and load. */
export interface LoadAttempt {
  /** Null for the whole object with its default autoload; otherwise the only program that was autoloaded. */
  program: string | null;
  /**
   * The call that failed: `open` = bpf_object__open, `prepare` = bpf_object__prepare (relocation, BTF load, map creation;
   * libbpf >= 1.6), `load` = bpf_object__load. `done` = loaded.
   */
  reached: 'open' | 'prepare' | 'load' | 'done';
  /** Positive; 0 if loaded. */
  errno: number;
  /** As measured in the guest. */
  openMs: number;
  loadMs: number;
  log: LogRecord[];
  /** What a loader program reported; absent if libbpf loads, whose log has all of it. */
  reported?: LoaderReport;
  /** Results of attaching after the load; absent if nothing was to be attached. */
  attachments?: Attachment[];
}

/** One program, or one struct_ops map, that was to be attached. */
export interface Attachment {
  kind: 'program' | 'map';
  name: string;
  /** Positive; 0 if attached. */
  errno: number;
  /** The error that occurred before libbpf was called; empty if none did. */
  detail: string;
  log: LogRecord[];
}

/** A program as bpf_object__open saw it. */
interface EvidenceProgram {
  name: string;
  section: string;
  /** libbpf_bpf_prog_type_str(). */
  type: string;
  /** The default, before an attempt changed it. */
  autoload: boolean;
  insns: number;
}

/** A program with `autoload: if-supported` that was not loaded: the kernel lacks its type or its attach target. */
export interface LeftOut {
  program: string;
  lacks: 'program-type' | 'attach-target';
  /** libbpf's name of the type, or the target. */
  what: string;
}

/** The output of commands. */
export interface Printed {
  stdout: string;
  stderr: string;
}

/** How a custom loader ended, with its output. */
export interface CommandEvidence extends Printed {
  end: CommandEnd['end'];
  /** Exit status or signal; see CommandEnd for other ends. */
  value: number;
}

/** How a command trigger ended. */
export interface TriggerEnd {
  end: CommandEnd['end'];
  /** See CommandEnd. */
  value: number;
  /** The last line it printed. */
  said: string;
}

/** Observations of a run check. Maps are keyed by the index of the trigger or check in the plan, if not described otherwise. */
export interface RunCheckFacts {
  triggered: Map<number, { errno: number; returned: number }>;
  /** Ends of command triggers. */
  commands: Map<number, TriggerEnd>;
  events: Map<number, { errno: number; count: number }>;
  values: Map<number, { errno: number; value: Uint8Array }>;
  /** Number of runs by program name, for programs whose runs the kernel counts. */
  runs: Map<string, number>;
}

/** Everything that a guest delivered about one cell. */
export interface CellEvidence {
  /** Empty if bpf_object__open failed. */
  programs: EvidenceProgram[];
  leftOut: LeftOut[];
  /** Kernel functions that programs could not be attached to; absent without one. `program` is empty if the verifier refused the function. */
  targets?: Omit<TargetFacts, 'type'>[];
  /** Names of the chosen alternatives: at most one program or map of each group. */
  chosen: string[];
  /** First the whole object. If it fails and has several programs, each program alone follows. */
  attempts: LoadAttempt[];
  /** Present if a custom loader loads the object. The only attempt is then made from its output. */
  command?: CommandEvidence;
  /** The file that an executable wrote, or the error that prevents reading it; absent if none was asked for. */
  collected?: { errno: number; text: string };
  /** The output of command triggers; absent if no trigger is a command. */
  triggersPrinted?: Printed;
  /** Absent if no run check was made. */
  runCheck?: RunCheckFacts;
  /** Lines of /dev/kmsg since the start of the cell. */
  kernelLog: string;
  console: string;
}
