// The data of the page for its script: an index in plain JSON, and a packed part for each object, which is unpacked on demand.
import { gzipSync } from 'node:zlib';
import type { CellRelocation, CellResult, ObjectResult, Results, LayoutCollection } from '../../harness/results/schema.ts';
import { contradiction, shortKernelNames } from '../model/summary.ts';
import { grouped } from '../../harness/base/text.ts';
import { flakeText, sinceText } from '../model/history-groups.ts';
import { visibleText } from '../../harness/base/visible.ts';
import { namePart } from './anchors.ts';
import { programFacts } from './failure-facts.ts';
import { commandLine, repeatCommand, rerunCommand } from '../model/reproduce.ts';
import type { CellData, LogData, ObjectData, OutcomeData, PageData } from './shared/page-data.ts';
import { touchesOf, typeData } from './layout-data.ts';
import { classMeaning } from './legend.ts';

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
  const { ref, outcome, local, target, reached, suspicious, warnings, candidates } = relocation;
  const other = relocation.predicted;
  const predicted = other ? `predicted ${other.outcome}${other.target === null ? '' : ` ${other.target}`}` : null;
  return { ref, outcome, local, target, reached, suspicious, warnings, predicted, candidates };
}

function attemptsOf(cell: CellResult): string[] {
  return cell.attempts.map(({ isolation, durationMs, infra, reason }, index) => {
    const end = infra === null ? '' : `: ${infra}${reason === null ? '' : `, ${reason}`}`;
    return `attempt ${index + 1}, ${isolation === 'snapshot' ? 'from a snapshot' : 'booted'}, ${durationMs.toFixed(0)} ms${end}`;
  });
}

/** The checks of a run check, one line each. */
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
        meaning: program.class && classMeaning(program.class),
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

/** Escapes texts with control characters; nearly all texts are safe and stay unchanged. */
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
      anchor: namePart(id),
      name: visibleText(names[index] ?? id),
      facts: visibleText([release ?? 'never came up', arch, distribution].join(' · ')),
    })),
    objects: results.objects.map(({ id, programs }) => ({
      id: visibleText(id),
      anchor: namePart(id),
      programs: programs.map(({ name }) => ({ name: visibleText(name), anchor: namePart(name) })),
    })),
    packed: results.objects.map((object) => packed(objectData(object, cells.get(object.id) ?? [], results, lines))),
    types: (results.layouts?.types ?? []).map((type) => packed(typeData(type, results.kernels))),
  };
}
