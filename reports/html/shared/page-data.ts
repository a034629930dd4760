// The data that the page contains for its script. The renderer writes it, and the script reads it.
import type { SourceLine } from '../../../harness/bpf/object/places.ts';
import type { LayoutKind, Outcome, Status } from '../../../harness/base/vocabulary.ts';

/** The data of the page as plain JSON, so that its names need no unpacking. Large parts are packed. */
export interface PageData {
  kernels: KernelData[];
  objects: PageObject[];
  /** The ObjectData of each object as JSON, gzip, base64. */
  packed: string[];
  /** The TypeData of each type that relocations go through, packed in the same way. */
  types: string[];
}

/** A row: an object with its loader and settings. */
interface PageObject {
  id: string;
  anchor: string;
  programs: { name: string; anchor: string }[];
  /** Positions of the other rows of the same file: with another loader, or with other settings. */
  others: number[];
}

/** A kernel: its name in links, its short name, and its release, architecture and distribution. */
export interface KernelData {
  anchor: string;
  name: string;
  facts: string;
}

/** One object on every kernel. Data that several kernels share is stored once. */
export interface ObjectData {
  relocations: RelocationData[];
  outcomes: OutcomeData[];
  /** In the order of the kernels; null for a kernel on which the object was not tried. */
  cells: (CellData | null)[];
  /** Lines of logs, and the logs as lists of positions in them. */
  lines: string[];
  texts: number[][];
}

/** A relocation of an object. */
export interface RelocationData {
  program: string;
  index: number;
  insn: number;
  kind: string;
  access: string;
  spec: string;
  source: SourceLine | null;
  /** The types that it goes through, the outermost first; empty if the results do not have them. */
  touches: TouchData[];
}

/** A type that a relocation goes through, and the member or enumerator that it reads there. */
export interface TouchData {
  /** Position among the types of the page. */
  type: number;
  member: string | null;
}

/** The outcome of a relocation, on one kernel or on several. */
export interface OutcomeData {
  /** Position in the `relocations` of its object. */
  ref: number;
  outcome: Outcome;
  local: string | null;
  target: string | null;
  reached: string | null;
  suspicious: string | null;
  warnings: string[];
  /** The predicted outcome if it is another one. */
  predicted: string | null;
  candidates: { spec: string; matches: boolean }[];
}

/** One object on one kernel. */
export interface CellData {
  status: Status;
  flaky: boolean;
  reason: string | null;
  predicted: string | null;
  attempts: string[];
  times: string[];
  /** Commands to copy: run the cell again, run it in a fresh boot, and the command of QEMU. */
  again: string;
  rerun: string;
  qemu: string | null;
  programs: ProgramData[];
  /** Positions in the `outcomes` of its object. */
  relocations: number[];
  logs: LogData[];
}

/** One program of an object on one kernel. */
export interface ProgramData {
  name: string;
  anchor: string;
  status: Status;
  /** `verify · core-field-missing · errno 22`. */
  facts: string;
  /** The meaning of its failure class; null if it has none. */
  meaning: string | null;
  reason: string | null;
  expected: string | null;
  /** How it contradicts its prediction. */
  contradiction: string | null;
  /** The fingerprint of its root cause; null if it has none. */
  fingerprint: string | null;
  /** `not as expected since 2026-11-20, 4 runs; flaky in 3 of 14 runs`; null if no earlier run is known. */
  past: string | null;
  logs: LogData[];
}

/** A log of a cell or of one of its programs. */
export interface LogData {
  title: string;
  /** Its part of a link, after `log/`: `verifier/new_name`. */
  anchor: string;
  /** Position in the `texts` of its object. */
  text: number;
  /** Number of lines before those in the page, and the file beside the page with all of them; absent if all lines are in the page. */
  omitted?: { lines: number; file: string };
}

/** A member, and its offset in bits; null for a member without one. */
export type PlacedMember = [member: number, bitOffset: number | null];

/** A type on every kernel. */
export interface TypeData {
  name: string;
  /** For each kernel a position in `layouts`; -1 if the kernel has no such type, null if its BTF is not known. */
  kernels: (number | null)[];
  layouts: { kind: LayoutKind; size: number | null; others: number }[];
  members: { name: string; type: string; size: number | null; bitSize: number }[];
  /** One row for each member, which may have other names on other kernels: its place in each layout, null if the layout lacks it. */
  rows: (PlacedMember | null)[][];
}
