// Semantic changes by the arguments of hooks: a program loads, but an argument is another thing than the program reads from it.
import { type Btf, kindOf, nameOf, type TypeAt, vlenOf } from '../bpf/btf/btf.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import { isComposite, memberOf, resolveType } from '../bpf/btf/types.ts';
import type { BpfObject, BpfProgram } from '../bpf/object/object.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { DEFAULT_LOADER, type Loader } from '../core-relo/loader.ts';
import { loadPredictor } from '../core-relo/relocate.ts';
import { findIn } from '../kernel-btf/kernel-names.ts';
import { type Argument, argumentAt, type Prototype, probePrototype, prototypeOf } from '../kernel-btf/prototype.ts';
import { reachFacts } from './findings/reach-facts.ts';
import { probedFunction } from './findings/symbols.ts';
import { objectReach } from './reach/input.ts';
import { type ArgumentUse, type Reach, reachOf } from './reach/reach.ts';

const MAX_DEPTH = 16;

/** Names of a struct and of all structs that begin at its first byte: a pointer to it may be cast to each of them. */
function namesAtStart(btf: Btf, id: number, depth = 0): string[] {
  const own = essentialName(nameOf(btf, id));
  if (depth > MAX_DEPTH || !isComposite(kindOf(btf, id))) return [own];
  const inner = Array.from({ length: vlenOf(btf, id) }, (_, index) => memberOf(btf, id, index)).flatMap((member) =>
    member?.bitOffset === 0 ? namesAtStart(btf, resolveType(btf, member.type), depth + 1) : [],
  );
  return [own, ...inner];
}

/** Whether C code casts between the two without a change of the address: a socket and its inet_sock. */
function canBeCast(kernel: KernelTypes, pointee: TypeAt, wanted: string): boolean {
  const name = essentialName(nameOf(pointee.btf, pointee.id));
  if (name === '' || namesAtStart(pointee.btf, pointee.id).includes(wanted)) return true;
  const other = findIn(kernel, 'struct', wanted) ?? findIn(kernel, 'union', wanted);
  return other !== null && namesAtStart(other.btf, other.id).includes(name);
}

/** What an argument is on a kernel, and what a program reads from it instead. */
export interface ArgumentChange {
  /** `argument 2 of function vfs_unlink`. */
  subject: string;
  /** `struct inode *dir here, but the program reads dentry.d_inode from it`. */
  what: string;
}

function changeOf(kernel: KernelTypes, prototype: Prototype, { position }: ArgumentUse, access: string): ArgumentChange | null {
  const found: Argument | 'missing' | null = argumentAt(prototype, position);
  if (found === null || found === 'missing') return null;
  const isResult = position > prototype.arguments.length;
  const subject = `argument ${position} of ${prototype.target}`;
  const here = `${isResult ? `the result (${found.text})` : found.text} here`;
  if (found.kind === 'number') return { subject, what: `${here}, a number, but the program reads ${access} at this address` };
  const wanted = essentialName(/^\w+/.exec(access)?.[0] ?? '');
  if (found.struct === null || wanted === '' || canBeCast(kernel, found.struct, wanted)) return null;
  return { subject, what: `${here}, but the program reads ${access} from it` };
}

/** A change in one sentence. */
export const changeText = ({ subject, what }: ArgumentChange): string => `${subject} is ${what}`;

/** A program that loads on a kernel, and how it uses the arguments of its hook. */
export interface HookedReach extends Pick<Reach, 'uses' | 'reads'> {
  program: BpfProgram;
  prototype: Prototype;
}

/** The function that a kprobe reads the arguments of; null for a return probe, for a place behind the start, and for other programs. */
function startsAt(program: BpfProgram): string | null {
  const isAtStart = /^\??kprobe\b/.test(program.section) && !(program.attachTo ?? program.section).includes('+');
  return isAtStart ? probedFunction(program) : null;
}

/** How each program that loads on a kernel uses the arguments of its hook. Programs without such arguments are left out. */
export function hookedReaches(object: BpfObject, kernel: KernelTypes, loader: Loader = DEFAULT_LOADER): HookedReach[] {
  const hooks = object.programs.flatMap((program) => {
    const probed = startsAt(program);
    const prototype = probed === null ? prototypeOf(program, kernel) : probePrototype(probed, kernel);
    return prototype ? [{ program, prototype }] : [];
  });
  if (hooks.length === 0) return [];
  const load = loadPredictor(object, kernel, loader);
  const reach = objectReach(object, reachFacts(object, kernel, loader));
  return hooks.flatMap(({ program, prototype }) => {
    const loaded = load(program.name, 'omit');
    if (loaded.errno !== 0) return [];
    const { hits, uses, reads } = reachOf(program, { ...reach.inputOf(loaded), prototype });
    return hits.some(({ certain }) => certain) ? [] : [{ program, prototype, uses, reads }];
  });
}

/**
 * Describes the relocations that a program applies to an argument of another type, keyed by their position in the object. Programs that do
 * not load are left out, and so are casts between a struct and the one that it begins with.
 */
export function argumentChanges(object: BpfObject, kernel: KernelTypes, loader: Loader = DEFAULT_LOADER): Map<number, ArgumentChange> {
  const changes = new Map<number, ArgumentChange>();
  if (object.relocations.length === 0) return changes;
  for (const { prototype, uses } of hookedReaches(object, kernel, loader)) {
    for (const use of uses) {
      const change = changeOf(kernel, prototype, use, object.relocations[use.ref]?.access ?? '');
      if (change !== null) changes.set(use.ref, change);
    }
  }
  return changes;
}
