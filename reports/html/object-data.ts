// Everything of one object on every kernel, for the script of the page.
import type {
  CellProgram,
  CellRelocation,
  CellResult,
  KernelResult,
  LayoutCollection,
  ObjectResult,
  Results,
} from '../../harness/results/schema.ts';
import type { LargeLog } from '../../harness/results/large-log.ts';
import { libraryName } from '../../harness/base/loader-name.ts';
import { UNEXPECTED } from '../../harness/results/unexpected.ts';
import { detached } from '../../harness/base/detached.ts';
import { visibleText } from '../../harness/base/visible.ts';
import { flakeText, sinceText } from '../model/history-groups.ts';
import { logsCutText } from '../model/logs-cut.ts';
import { logPath, type LogPlace } from '../model/log-path.ts';
import { commandLine, repeatCommand, rerunCommand } from '../model/reproduce.ts';
import { contradiction } from '../model/summary.ts';
import { namePart } from './anchors.ts';
import { programFacts } from './failure-facts.ts';
import { interned } from './interned.ts';
import type { LogRoom } from './log-room.ts';
import { touchesOf } from './layout-data.ts';
import { classMeaning } from './legend.ts';
import type { CellData, LogData, ObjectData, OutcomeData, ProgramData, RelocationData } from './shared/page-data.ts';

/**
 * Titles of the logs of a cell, in the order in which they are shown.
 * @param library the library that loaded the object
 */
const logTitles = (library: string) =>
  ({
    libbpf: library,
    warnings: `${library} warnings`,
    verifier: 'verifier',
    kernel: 'kernel messages',
    console: 'console',
    stdout: 'command output',
    stderr: 'command errors',
  }) satisfies Record<keyof CellResult['logs'], string>;

/** Whether a cell needs attention. */
function needsAttention({ status }: CellResult): boolean {
  return UNEXPECTED.includes(status);
}

function cellLogs(cell: CellResult, library: string, logs: ObjectLogs): LogData[] {
  const ids = new Map(Object.entries(cell.logs));
  const place = { kernel: cell.kernel, object: cell.object, program: null, isFailure: needsAttention(cell) };
  return Object.entries(logTitles(library)).flatMap(([kind, title]) => logs.add(title, kind, { ...place, kind, id: ids.get(kind) }));
}

/** As many lines of a log that is not in the table of lines are in the page, each up to this length. */
const LARGE_LINES = 200;
const LARGE_LINE_LENGTH = 300;

const NO_LAYOUTS: LayoutCollection = { types: [], omitted: [] };

/** A log of a cell: its id in the results, and whether its cell needs attention. */
interface PlacedLog extends LogPlace {
  id: string | null | undefined;
  isFailure: boolean;
}

/** The logs of one object, lines and whole logs each once. */
interface ObjectLogs {
  /** A log by its id in the results; empty when the cell has no such log. */
  add: (title: string, anchor: string, log: PlacedLog) => LogData[];
  data: () => Pick<ObjectData, 'lines' | 'texts'>;
}

/** The last lines of a large log: the page must not hold gigabytes. */
function endOf(log: LargeLog): { shown: string[]; omitted: number } {
  const lines = log.read().split('\n');
  const shown = lines.slice(-LARGE_LINES).map((line) => detached(visibleText(line.slice(0, LARGE_LINE_LENGTH))));
  return { shown, omitted: lines.length - shown.length };
}

function objectLogs({ logs }: Results, { lines, room }: PageLogs): ObjectLogs {
  const own = interned<string>((line) => line);
  const texts = interned<readonly number[]>((positions) => positions.join());
  const add: ObjectLogs['add'] = (title, anchor, { id, isFailure, ...place }) => {
    const log = typeof id === 'string' && Object.hasOwn(logs.texts, id) ? logs.texts[id] : undefined;
    if (log === undefined) return [];
    const end = Array.isArray(log) ? { shown: log.map((line) => lines[line] ?? ''), omitted: 0 } : endOf(log);
    const hasRoom = room.take(end.shown, (line) => !own.has(line), isFailure);
    const { shown, omitted } = hasRoom ? end : { shown: [], omitted: end.shown.length + end.omitted };
    return [
      { title, anchor, text: texts.add(shown.map(own.add)), ...(omitted > 0 && { omitted: { lines: omitted, file: logPath(place) } }) },
    ];
  };
  const data = () => ({ lines: [...own.list], texts: texts.list.map((text) => [...text]) });
  return { add, data };
}

function relocationData(relocation: ObjectResult['relocations'][number], { layouts = NO_LAYOUTS }: Results): RelocationData {
  const { program, index, insn, kind, access, spec, source } = relocation;
  return { program, index, insn, kind, access, spec, source, touches: touchesOf(spec, layouts) };
}

function outcomeData(relocation: CellRelocation): OutcomeData {
  const { ref, outcome, local, target, reached, suspicious, warnings, candidates } = relocation;
  const other = relocation.predicted;
  const predicted = other ? `predicted ${other.outcome}${other.target === null ? '' : ` ${other.target}`}` : null;
  return { ref, outcome, local, target, reached, suspicious, warnings, predicted, candidates };
}

/** The past of a program on a kernel: since when it fails, and how often it was flaky. */
function pastOf({ history }: Results, { kernel, object }: CellResult, program: string): string | null {
  const isHere = (item: { kernel: string; object: string; program: string | null }) =>
    item.kernel === kernel && item.object === object && item.program === program;
  const [failing, flaky] = [history?.failing.find(isHere), history?.flaky.find(isHere)];
  const texts = [failing && `not as expected ${sinceText(failing)}`, flaky && `flaky in ${flakeText(flaky)}`];
  return texts.filter((text) => text !== undefined).join('; ') || null;
}

function programData(program: CellProgram, cell: CellResult, { object, results, logs }: Surroundings): ProgramData {
  const { name, status, reason, expected, fingerprint = null } = program;
  const anchor = namePart(name);
  const place = { kernel: cell.kernel, object: cell.object, program: name, isFailure: needsAttention(cell) };
  return {
    name,
    anchor,
    status,
    facts: programFacts(program),
    meaning: program.class && classMeaning(program.class),
    reason,
    expected,
    contradiction: contradiction(program),
    fingerprint,
    past: pastOf(results, cell, name),
    logs: [
      ...logs.add(`verifier log of ${name}`, `verifier/${anchor}`, { ...place, kind: 'verifier', id: program.logs.verifier }),
      ...logs.add(`${libraryName(object.loader)} log of ${name} alone`, `libbpf/${anchor}`, {
        ...place,
        kind: 'libbpf',
        id: program.logs.libbpf,
      }),
    ],
  };
}

/** The attempts of a cell, then its run checks, one line each. */
function attemptLines({ attempts, checks = [] }: CellResult): string[] {
  const attempted = attempts.map(({ isolation, durationMs, infra, reason }, index) => {
    const end = infra === null ? '' : `: ${infra}${reason === null ? '' : `, ${reason}`}`;
    return `attempt ${index + 1}, ${isolation === 'snapshot' ? 'from a snapshot' : 'booted'}, ${durationMs.toFixed(0)} ms${end}`;
  });
  const checked = checks.map(({ what, expected, seen, passed }) => `${passed ? '✓' : '✕'} ${what}: expected ${expected}, seen ${seen}`);
  return [...attempted, ...checked];
}

function timeLines(cell: CellResult, library: string): string[] {
  const { reused, durationMs, loadMs } = cell;
  const cut = logsCutText({ cells: [cell] });
  const earlier = reused?.at.slice(0, 16).replace('T', ' ');
  return [
    ...(earlier === undefined ? [] : [`from the run of ${earlier} UTC: nothing it depends on has changed since`]),
    `${durationMs.toFixed(0)} ms on this host`,
    ...(loadMs === null ? [] : [`${loadMs.toFixed(1)} ms of ${library}'s work inside the guest`]),
    ...(cut === null ? [] : [cut]),
  ];
}

function predictedText({ predicted }: CellResult): string | null {
  return predicted && `${predicted.status}${predicted.class === null ? '' : ` (${predicted.class})`}`;
}

/** What a cell has in common with the other cells of its object. */
interface Surroundings {
  object: ObjectResult;
  results: Results;
  logs: ObjectLogs;
  /** The position of an outcome among those of the object. */
  addOutcome: (outcome: OutcomeData) => number;
}

function cellData(cell: CellResult, kernel: KernelResult, surroundings: Surroundings): CellData {
  const { object, logs, addOutcome } = surroundings;
  const library = libraryName(object.loader);
  return {
    status: cell.status,
    flaky: cell.flaky,
    reason: cell.reason,
    predicted: predictedText(cell),
    attempts: attemptLines(cell),
    times: timeLines(cell, library),
    again: repeatCommand(object, kernel),
    rerun: rerunCommand(object, kernel),
    qemu: cell.command && commandLine(cell.command),
    programs: cell.programs.map((program) => programData(program, cell, surroundings)),
    relocations: cell.relocations.map((relocation) => addOutcome(outcomeData(relocation))),
    logs: cellLogs(cell, library, logs),
  };
}

/** What all objects of the page share: the lines of all logs, made safe to show, and the room for logs. */
export interface PageLogs {
  lines: readonly string[];
  room: LogRoom;
}

/**
 * The data of an object.
 * @param cells those of the object
 */
export function objectData(object: ObjectResult, cells: readonly CellResult[], results: Results, page: PageLogs): ObjectData {
  const outcomes = interned<OutcomeData>((outcome) => JSON.stringify(outcome));
  const logs = objectLogs(results, page);
  const surroundings = { object, results, logs, addOutcome: outcomes.add };
  const byKernel = new Map(cells.map((cell) => [cell.kernel, cell]));
  const all = results.kernels.map((kernel) => {
    const cell = byKernel.get(kernel.id);
    return cell ? cellData(cell, kernel, surroundings) : null;
  });
  return {
    relocations: object.relocations.map((relocation) => relocationData(relocation, results)),
    outcomes: [...outcomes.list],
    cells: all,
    ...logs.data(),
  };
}
