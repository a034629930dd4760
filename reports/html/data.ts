// What the page keeps for its script: an index in plain JSON, and everything of each object packed by itself, unpacked when somebody looks.
import { gzipSync } from 'node:zlib';
import type { CellRelocation, CellResult, ObjectResult, Results, LayoutCollection } from '../../harness/results/schema.ts';
import type { SourceLine } from '../../harness/bpf/object/places.ts';
import type { Status } from '../../harness/base/vocabulary.ts';
import { contradiction, shortKernelNames } from '../summary.ts';
import { grouped } from '../../harness/base/text.ts';
import { flakeText, sinceText } from '../history.ts';
import { visibleText } from '../../harness/base/visible.ts';
import { namePart } from './anchors.ts';
import { failureFacts, programFacts } from './facts.ts';
import { commandLine, repeatCommand, rerunCommand } from './reproduce.ts';
import { type Look, lookOf, STATUS_LOOKS } from './status.ts';
import { type TouchData, touchesOf, typeData } from './layouts.ts';

/** A log of a cell or of one of its programs. */
export interface LogData {
  title: string;
  /** What stands after `log/` in its link: `verifier/new_name`. */
  anchor: string;
  /** Position in the `texts` of its object. */
  text: number;
}

interface ProgramData {
  name: string;
  anchor: string;
  status: Status;
  /** `verify · core-field-missing · errno 22`. */
  facts: string;
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

const LOGS = [
  ['libbpf', 'libbpf'],
  ['warnings', 'libbpf warnings'],
  ['verifier', 'verifier'],
  ['kernel', 'kernel messages'],
  ['console', 'console'],
  ['stdout', 'command output'],
  ['stderr', 'command errors'],
] as const satisfies readonly (readonly [keyof CellResult['logs'], string])[];

/** Values by their position in a list that holds each once. */
function interned<Value>(keyOf: (value: Value) => string): { list: Value[]; add: (value: Value) => number } {
  const list: Value[] = [];
  const known = new Map<string, number>();
  const add = (value: Value) => {
    const key = keyOf(value);
    const at = known.get(key) ?? list.push(value) - 1;
    known.set(key, at);
    return at;
  };
  return { list, add };
}

const NO_TYPES: LayoutCollection = { types: [], omitted: [] };

function outcomeData(relocation: CellRelocation): OutcomeData {
  const { ref, local, target, reached, suspicious, warnings, candidates } = relocation;
  const other = relocation.predicted;
  const predicted = other ? `predicted ${other.outcome}${other.target === null ? '' : ` ${other.target}`}` : null;
  return { ref, look: lookOf(relocation), local, target, reached, suspicious, warnings, predicted, candidates };
}

function attemptsOf(cell: CellResult): string[] {
  return cell.attempts.map(({ isolation, durationMs, infra, reason }, index) => {
    const end = infra === null ? '' : `: ${infra}${reason === null ? '' : `, ${reason}`}`;
    return `attempt ${index + 1}, ${isolation === 'snapshot' ? 'from a snapshot' : 'booted'}, ${durationMs.toFixed(0)} ms${end}`;
  });
}

/** What was checked after a run, a line each. */
function checksOf({ checks = [] }: CellResult): string[] {
  return checks.map(({ what, expected, seen, passed }) => `${passed ? '✓' : '✕'} ${what}: expected ${expected}, seen ${seen}`);
}

function objectData(object: ObjectResult, cells: readonly CellResult[], results: Results, lines: readonly string[]): ObjectData {
  const outcomes = interned<OutcomeData>((outcome) => JSON.stringify(outcome));
  const own = interned<number>(String);
  const texts = interned<readonly number[]>((numbers) => numbers.join());
  const log = (title: string, anchor: string, id: string | null): LogData[] => {
    if (id === null || !Object.hasOwn(results.logs.texts, id)) return [];
    return [{ title, anchor, text: texts.add((results.logs.texts[id] ?? []).map(own.add)) }];
  };
  const byKernel = new Map(cells.map((cell) => [cell.kernel, cell]));
  const data = results.kernels.map((kernel): CellData | null => {
    const cell = byKernel.get(kernel.id);
    if (!cell) return null;
    return {
      status: cell.status,
      flaky: cell.flaky,
      reason: cell.reason,
      facts: failureFacts(cell),
      predicted: cell.predicted && `${cell.predicted.status}${cell.predicted.class === null ? '' : ` (${cell.predicted.class})`}`,
      attempts: [...attemptsOf(cell), ...checksOf(cell)],
      times: [
        ...(cell.reused
          ? [`from the run of ${cell.reused.at.slice(0, 16).replace('T', ' ')} UTC: nothing it depends on has changed since`]
          : []),
        `${cell.durationMs.toFixed(0)} ms on this host`,
        ...(cell.loadMs === null ? [] : [`${cell.loadMs.toFixed(1)} ms of libbpf's work inside the guest`]),
      ],
      again: repeatCommand(object, kernel),
      rerun: rerunCommand(object, kernel),
      qemu: cell.command && commandLine(cell.command),
      programs: cell.programs.map((program) => ({
        name: program.name,
        anchor: namePart(program.name),
        status: program.status,
        facts: programFacts(program),
        reason: program.reason,
        expected: program.expected,
        contradiction: contradiction(program),
        fingerprint: program.fingerprint ?? null,
        past: pastOf(results, { kernel: kernel.id, object: object.id, program: program.name }),
        logs: [
          ...log(`verifier log of ${program.name}`, `verifier/${namePart(program.name)}`, program.logs.verifier),
          ...log(`libbpf log of ${program.name} alone`, `libbpf/${namePart(program.name)}`, program.logs.libbpf),
        ],
      })),
      relocations: cell.relocations.map((relocation) => outcomes.add(outcomeData(relocation))),
      logs: LOGS.flatMap(([kind, title]) => log(title, kind, cell.logs[kind] ?? null)),
    };
  });
  return {
    relocations: object.relocations.map(({ program, index, insn, kind, access, spec, source }) => ({
      program,
      index,
      insn,
      kind,
      access,
      spec,
      source,
      touches: touchesOf(spec, results.layouts ?? NO_TYPES),
    })),
    outcomes: outcomes.list,
    cells: data,
    lines: own.list.map((line) => lines[line] ?? ''),
    texts: texts.list.map((text) => [...text]),
  };
}

/** Texts shown by their code where they could act or hide; those that are safe, nearly all, are left alone. */
function safeJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'string' ? visibleText(item) : item));
}

function pastOf({ history }: Results, place: { kernel: string; object: string; program: string }): string | null {
  const isHere = (item: { kernel: string; object: string; program: string | null }) =>
    item.kernel === place.kernel && item.object === place.object && item.program === place.program;
  const [failing, flaky] = [history?.failing.find(isHere), history?.flaky.find(isHere)];
  const said = [failing && `not as expected ${sinceText(failing)}`, flaky && `flaky in ${flakeText(flaky)}`];
  return said.filter((text) => text !== undefined).join('; ') || null;
}

function packed(value: unknown): string {
  return gzipSync(safeJson(value), { level: 9 }).toString('base64');
}

/** The data of the page. */
export function pageData(results: Results): PageData {
  const lines = results.logs.lines.map(visibleText);
  const cells = grouped(results.cells, ({ object }) => object);
  const names = shortKernelNames(results);
  return {
    kernels: results.kernels.map(({ id, release, arch, distribution }, index) => ({
      id: visibleText(id),
      anchor: namePart(id),
      name: visibleText(names[index] ?? id),
      facts: visibleText([release ?? 'never came up', arch, distribution].join(' · ')),
    })),
    objects: results.objects.map(({ id, programs }) => ({
      id: visibleText(id),
      anchor: namePart(id),
      programs: programs.map(({ name }) => ({ name: visibleText(name), anchor: namePart(name) })),
    })),
    looks: STATUS_LOOKS,
    packed: results.objects.map((object) => packed(objectData(object, cells.get(object.id) ?? [], results, lines))),
    types: (results.layouts?.types ?? []).map((type) => packed(typeData(type, results.kernels))),
    leftTypes: (results.layouts?.omitted ?? []).map(visibleText),
  };
}
