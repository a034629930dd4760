// Arguments of hooks that are another parameter, or the result, on other kernels, although the program loads on all of them.
import { hookedReaches } from '../predict/argument-changes.ts';
import { type Argument, argumentAt, type Prototype } from '../kernel-btf/prototype.ts';
import { grouped } from '../base/text.ts';
import type { MovedArgument } from '../results/explanation.ts';
import type { ExplainedObject } from './failures.ts';
import type { KernelCache } from './kernel-cache.ts';

/** What a program reads at a position on a kernel. */
interface Read {
  kernel: string;
  program: string;
  position: number;
  found: Argument;
  isResult: boolean;
  prototype: Prototype;
}

/** Reads for a relocation are left out: a semantic change names the struct that the program finds there. */
function readsOn(kernel: string, { program, prototype, reads, uses }: ReturnType<typeof hookedReaches>[number]): Read[] {
  const relocated = new Set(uses.map(({ position }) => position));
  return [...reads].flatMap((position): Read[] => {
    const found = argumentAt(prototype, position);
    const isResult = position > prototype.arguments.length;
    if (found === null || found === 'missing' || relocated.has(position) || (found.name === '' && !isResult)) return [];
    return [{ kernel, program: program.name, position, found, isResult, prototype }];
  });
}

/** `int flags`; the names of tracepoints are not part of their types. */
function readText({ found: { text, name }, isResult }: Read): string {
  if (isResult) return `the result (${text})`;
  return text.endsWith(name) ? text : `${text}${text.endsWith('*') ? '' : ' '}${name}`;
}

const positionOf = ({ arguments: own }: Prototype, name: string): number => own.findIndex((each) => each.name === name) + 1;

/**
 * Whether one parameter is at another position on the other kernel, or a parameter is where the other kernel has the result. A parameter that
 * is only renamed is none: its new name is at no other position here, and its old name at none there.
 */
function hasMoved(here: Read, there: Read): boolean {
  if (here.isResult || there.isResult) return here.isResult !== there.isResult;
  if (here.found.name === there.found.name) return false;
  return positionOf(there.prototype, here.found.name) > 0 || positionOf(here.prototype, there.found.name) > 0;
}

/** The moved argument among the reads of one program at one position; null if all read the same parameter. */
function movedAmong(object: string, reads: readonly Read[]): MovedArgument | null {
  const [first] = reads;
  const moved = reads.filter((read) => reads.some((other) => hasMoved(read, other)));
  if (!first || moved.length === 0) return null;
  const byText = grouped(moved, readText);
  const parameters = [...byText].map(([text, own]) => ({ text, kernels: own.map(({ kernel }) => kernel) }));
  return { object, program: first.program, subject: `argument ${first.position} of ${first.prototype.target}`, parameters };
}

/**
 * Finds what a program reads by position where another kernel has another parameter. The evidence is the names of parameters in
 * BTF: one of the two parameters must be at another position of the other kernel's prototype. Kernels where the program does not load are
 * left out, and so are those on which it does not read the position.
 */
export async function movedArguments(objects: readonly ExplainedObject[], cache: KernelCache): Promise<MovedArgument[]> {
  const found: MovedArgument[] = [];
  for (const { result, bpf } of objects) {
    const reads: Read[] = [];
    for (const { id } of bpf ? cache.kernels : []) {
      const types = await cache.typesOf(id);
      if (bpf && types) reads.push(...hookedReaches(bpf, types).flatMap((reach) => readsOn(id, reach)));
    }
    for (const own of grouped(reads, ({ program, position }) => JSON.stringify([program, position])).values()) {
      const moved = movedAmong(result.id, own);
      if (moved) found.push(moved);
    }
  }
  return found;
}
