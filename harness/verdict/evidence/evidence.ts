// What a guest delivers about one cell, before anything is made of it.
import type { CommandEnd } from '../../guest/protocol/frames.ts';
import type { LogRecord } from '../../logs/record.ts';

/** One fresh open and load. */
export interface LoadAttempt {
  /** Null: the whole object with its default autoload; else only this program was autoloaded. */
  program: string | null;
  /**
   * How far libbpf's own API calls went: `open` = bpf_object__open failed, `prepare` = bpf_object__prepare failed (relocation, BTF load,
   * map creation; libbpf >= 1.6), `load` = bpf_object__load failed, `done` = loaded.
   */
  reached: 'open' | 'prepare' | 'load' | 'done';
  /** Positive; 0 when done. */
  errno: number;
  /** As measured in the guest. */
  openMs: number;
  loadMs: number;
  log: LogRecord[];
  /** What was attached after the load, or was to be; absent when that was not asked for. */
  attachments?: Attachment[];
}

/** One program, or one struct_ops map, that was to be attached. */
export interface Attachment {
  kind: 'program' | 'map';
  name: string;
  /** Positive; 0 when it was attached. */
  errno: number;
  /** What went wrong before libbpf was asked; empty when nothing did. */
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

/** A program that was to be loaded where that is possible, and is not: the kernel does not know its type, or has nothing it could attach to. */
export interface LeftOut {
  program: string;
  lacks: 'program-type' | 'attach-target';
  /** The type under libbpf's name, or the target. */
  what: string;
}

/** What commands printed. */
export interface Printed {
  stdout: string;
  stderr: string;
}

/** How an object's own loader ended, and all it printed. */
export interface CommandEvidence extends Printed {
  end: CommandEnd['end'];
  /** Exit status or signal; of an end that is no verdict, see CommandEnd. */
  value: number;
}

/** How a command that is a trigger ended. */
export interface TriggerEnd {
  end: CommandEnd['end'];
  /** See CommandEnd. */
  value: number;
  /** The last line it printed. */
  said: string;
}

/** What was seen when the whole object was run. By the index of the trigger or check in the plan. */
export interface RunCheckFacts {
  triggered: Map<number, { errno: number; returned: number }>;
  /** How commands among the triggers ended. */
  commands: Map<number, TriggerEnd>;
  events: Map<number, { errno: number; count: number }>;
  values: Map<number, { errno: number; value: Uint8Array }>;
  /** How often programs ran, by name, as far as the kernel counts it. */
  runs: Map<string, number>;
}

/** Everything a guest said about one cell. */
export interface CellEvidence {
  /** Empty when bpf_object__open failed. */
  programs: EvidenceProgram[];
  leftOut: LeftOut[];
  /** What was chosen of alternatives: of each group one program or map at most. */
  chosen: string[];
  /** First the whole object; only if that fails, and only when there is more than one, each program alone. */
  attempts: LoadAttempt[];
  /** Of an object that its own loader loads; its only attempt is then made from what that printed. */
  command?: CommandEvidence;
  /** What triggers printed; absent where none of them is a command. */
  triggersPrinted?: Printed;
  /** Absent where nothing was run. */
  runCheck?: RunCheckFacts;
  /** Lines of /dev/kmsg since the cell began. */
  kernelLog: string;
  console: string;
}
