// What the page carries for its script: the renderer writes it, the script reads it.
import type { SourceLine } from '../../../harness/bpf/object/places.ts';
import type { LayoutKind, Status } from '../../../harness/base/vocabulary.ts';
import type { Look } from './looks.ts';

/** A member, and where it is in bits; null for what lies nowhere. */
export type PlacedMember = [member: number, bitOffset: number | null];

/** A type on every kernel. */
export interface TypeData {
  name: string;
  /** For each kernel a position in `layouts`; -1 where there is no such type, null where nothing is known. */
  kernels: (number | null)[];
  layouts: { kind: LayoutKind; size: number | null; others: number }[];
  members: { name: string; type: string; size: number | null; bitSize: number }[];
  /** One member each, under whatever name it goes: for each layout where it is, null where it is not. */
  rows: (PlacedMember | null)[][];
}

/** A type that a relocation goes through, and the member or enumerator it takes there. */
export interface TouchData {
  /** Position among the types of the page. */
  type: number;
  member: string | null;
}

/** A log of a cell or of one of its programs. */
export interface LogData {
  title: string;
  /** What stands after `log/` in its link: `verifier/new_name`. */
  anchor: string;
  /** Position in the `texts` of its object. */
  text: number;
}

export interface ProgramData {
  name: string;
  anchor: string;
  status: Status;
  /** `verify · core-field-missing · errno 22`. */
  facts: string;
  /** What its failure class means; null where it has none. */
  meaning: string | null;
  reason: string | null;
  expected: string | null;
  /** How it contradicts what BTF foretold. */
  contradiction: string | null;
  /** Of its root cause; null where it has none. */
  fingerprint: string | null;
  /** `not as expected since 2026-11-20, 4 runs; flaky in 3 of 14 runs`; null where earlier runs say nothing. */
  past: string | null;
  logs: LogData[];
}

/** What became of a relocation on one kernel or on several. */
export interface OutcomeData {
  /** Position in the `relocations` of its object. */
  ref: number;
  look: Look;
  local: string | null;
  target: string | null;
  reached: string | null;
  suspicious: string | null;
  warnings: string[];
  /** What the engine says instead, where it says something else. */
  predicted: string | null;
  candidates: { spec: string; matches: boolean }[];
}

export interface CellData {
  status: Status;
  flaky: boolean;
  reason: string | null;
  facts: string;
  predicted: string | null;
  attempts: string[];
  times: string[];
  /** Commands to copy: the same cell by corematrix, and what QEMU ran. */
  again: string;
  rerun: string;
  qemu: string | null;
  programs: ProgramData[];
  /** Positions in the `outcomes` of its object. */
  relocations: number[];
  logs: LogData[];
}

/** Everything of one object on every kernel; what several kernels have in common is there once. */
export interface ObjectData {
  relocations: {
    program: string;
    index: number;
    insn: number;
    kind: string;
    access: string;
    spec: string;
    source: SourceLine | null;
    /** The types it goes through, the outermost first; none where the results do not have them. */
    touches: TouchData[];
  }[];
  outcomes: OutcomeData[];
  /** In the order of the kernels; null where there is no such cell. */
  cells: (CellData | null)[];
  /** Lines of logs, and the logs as positions in them. */
  lines: string[];
  texts: number[][];
}

/** What is needed to find one's way. */
export interface PageData {
  kernels: { id: string; anchor: string; name: string; facts: string }[];
  objects: { id: string; anchor: string; programs: { name: string; anchor: string }[] }[];
  looks: Readonly<Record<Status, Look>>;
  /** For each object its ObjectData as JSON, gzip, base64. */
  packed: string[];
  /** For each type that relocations go through its TypeData, packed likewise. */
  types: string[];
  /** Names of types too large for the results to keep. */
  leftTypes: string[];
}
