// Makes a large matrix from a small real one: more kernels and programs, each with the differences that real ones have.
import { addLog, createLogStore, logText } from '../../harness/results/logs.ts';
import type { CellResult, KernelResult, ObjectResult, Results, LayoutCollection } from '../../harness/results/schema.ts';
import type { Findings } from '../../harness/results/explanation.ts';

interface Size {
  kernels: number;
  programs: number;
}

/** Makes point releases of each series: the last is the real kernel, and earlier ones have lower patch levels. */
function manyKernels(real: readonly KernelResult[], count: number): { twin: KernelResult; of: string; number: number }[] {
  const found = [];
  for (const [index, kernel] of real.entries()) {
    const twins = Math.floor((count * (index + 1)) / real.length) - Math.floor((count * index) / real.length);
    for (let number = twins - 1; number >= 0; number -= 1) {
      const version =
        number === 0 ? kernel.version : kernel.version.replace(/\d+$/, (patch) => String(Math.max(0, Number(patch) - number)));
      const id = number === 0 ? kernel.id : `${kernel.id}-${number}`;
      found.push({ twin: { ...kernel, id, version }, of: kernel.id, number });
    }
  }
  return found;
}

function renamed(name: string, copy: number): string {
  return copy === 0 ? name : `${name}_${copy}`;
}

function manyObjects(real: readonly ObjectResult[], count: number): { twin: ObjectResult; of: ObjectResult; copy: number }[] {
  const found = [];
  let left = count;
  for (let copy = 0; left > 0; copy += 1) {
    for (const object of real) {
      const programs = object.programs.slice(0, left).map((program) => ({ ...program, name: renamed(program.name, copy) }));
      left -= programs.length;
      if (programs.length === 0) break;
      const relocations = object.relocations.map((known) => ({ ...known, program: renamed(known.program, copy) }));
      const path = object.path.replace(object.id, renamed(object.id, copy));
      found.push({ twin: { ...object, id: renamed(object.id, copy), path, programs, relocations }, of: object, copy });
    }
  }
  return found;
}

/** Rewrites a text so that each kernel has different type ids, and each copy of an object different names. */
function rewriter(object: ObjectResult, copy: number, kernel: number): (text: string) => string {
  const names = new Map([object.id, ...object.programs.map(({ name }) => name)].map((name) => [name, renamed(name, copy)]));
  const pattern = new RegExp(`\\b(?:${[...names.keys()].join('|')})\\b|\\[(\\d+)\\]`, 'g');
  return (text) => text.replaceAll(pattern, (found, id?: string) => (id ? `[${Number(id) + 37 * kernel}]` : (names.get(found) ?? found)));
}

type Twins = readonly { twin: KernelResult; of: string; number: number }[];

/** Makes a different layout of each type for each kernel: the real layout with later members moved. */
function manyTypes({ types, omitted: left }: LayoutCollection, kernels: Twins): LayoutCollection {
  return {
    omitted: left,
    types: types.map((type) => ({
      ...type,
      missing: kernels.filter(({ of }) => type.missing.includes(of)).map(({ twin }) => twin.id),
      layouts: kernels.flatMap(({ twin, of, number }) => {
        const layout = type.layouts.find((each) => each.kernels.includes(of));
        if (!layout) return [];
        const places = layout.places.map(([member, bits], at): [number, number | null] => [
          member,
          bits === null ? null : bits + (at > 2 ? 64 * number : 0),
        ]);
        return [{ ...layout, kernels: [twin.id], places }];
      }),
    })),
  };
}

/** Spreads the real root causes over more kernels and programs. */
function manyCauses(real: Findings, kernels: Twins, objects: ReturnType<typeof manyObjects>): Findings {
  const twinsOf = (ids: readonly string[]) => kernels.filter(({ of }) => ids.includes(of)).map(({ twin }) => twin.id);
  const copiesOf = <Place extends { object: string; program: string }>(place: Place) =>
    objects
      .filter(({ of }) => of.id === place.object)
      .map(({ twin, copy }) => ({ ...place, object: twin.id, program: renamed(place.program, copy) }));
  const onTwins = <Item extends { kernels: string[] }>(item: Item) => ({ ...item, kernels: twinsOf(item.kernels) });
  return {
    kernels: kernels.flatMap(({ twin, of }) => real.kernels.filter(({ id }) => id === of).map((kernel) => ({ ...kernel, id: twin.id }))),
    causes: real.causes.map((cause) => ({
      ...cause,
      places: cause.places
        .flatMap((place) => copiesOf(place))
        .map((place) => ({ ...place, fails: twinsOf(place.fails), behind: twinsOf(place.behind) })),
      situations: cause.situations.map(onTwins),
      presence: cause.presence && { ...cause.presence, has: twinsOf(cause.presence.has), lacks: twinsOf(cause.presence.lacks) },
    })),
    semanticChanges: real.semanticChanges.flatMap((place) => copiesOf(onTwins(place))),
    guarded: real.guarded.flatMap((place) => copiesOf(onTwins(place))),
  };
}

/**
 * Makes results of `size.kernels` kernels and `size.programs` programs. Kernels are point releases of the real ones, with different type
 * ids in specs and logs. Objects are copies of the real ones with different names and offsets.
 * @param real results of a real run of all its objects on all its kernels
 */
export function manyResults(real: Results, size: Size): Results {
  const kernels = manyKernels(real.kernels, size.kernels);
  const objects = manyObjects(real.objects, size.programs);
  const cells = new Map(real.cells.map((cell) => [`${cell.kernel} ${cell.object}`, cell]));
  const logs = createLogStore();
  const made = objects.flatMap(({ twin: object, of, copy }) =>
    kernels.flatMap(({ twin: kernel, of: kernelId, number }): CellResult[] => {
      const cell = cells.get(`${kernelId} ${of.id}`);
      if (!cell) return [];
      const rewrite = rewriter(of, copy, number);
      const log = (id: string | null) => addLog(logs, rewrite(logText(real.logs, id)));
      const text = (value: string | null) => (value === null ? null : rewrite(value));
      const moved = (value: string | null) =>
        value === null || value === '0' || value === '1' ? value : String(BigInt(value) + BigInt(8 * copy));
      return [
        {
          ...cell,
          kernel: kernel.id,
          object: object.id,
          reason: text(cell.reason),
          command: cell.command?.map(rewrite) ?? null,
          durationMs: cell.durationMs + copy + number,
          attempts: cell.attempts.map((attempt) => ({ ...attempt, durationMs: attempt.durationMs + copy + number })),
          programs: cell.programs.slice(0, object.programs.length).map((program) => ({
            ...program,
            name: renamed(program.name, copy),
            reason: text(program.reason),
            logs: { libbpf: log(program.logs.libbpf), verifier: log(program.logs.verifier) },
          })),
          relocations: cell.relocations.map((relocation) => ({
            ...relocation,
            target: moved(relocation.target),
            candidates: relocation.candidates.map(({ spec, matches }) => ({ spec: rewrite(spec), matches })),
          })),
          logs: {
            libbpf: log(cell.logs.libbpf),
            warnings: log(cell.logs.warnings),
            verifier: log(cell.logs.verifier),
            kernel: log(cell.logs.kernel),
            console: log(cell.logs.console),
          },
        },
      ];
    }),
  );
  return {
    ...real,
    kernels: kernels.map(({ twin }) => twin),
    objects: objects.map(({ twin }) => twin),
    cells: made,
    logs,
    ...(real.layouts && { types: manyTypes(real.layouts, kernels) }),
    ...(real.explanation && { explanation: manyCauses(real.explanation, kernels, objects) }),
  };
}
