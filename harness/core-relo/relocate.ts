// Predicts the CO-RE part of one load: applies all relocations in libbpf's order, and collects the lines that libbpf prints.
import type { CoreRelo } from '../bpf/btf/ext.ts';
import type { TypeAt } from '../bpf/btf/btf.ts';
import { functionsBySection, INSN_BYTES, type ObjectFunction, ownerFinder } from '../bpf/object/functions.ts';
import type { BpfObject, BpfProgram } from '../bpf/object/object.ts';
import type { KernelTypes } from './candidates.ts';
import { type Code, type CodeOf, compiledCode, copyOf, withChanged } from './code.ts';
import { DEFAULT_LOADER, type Loader } from './loader.ts';
import { ERRNO, type PredictedLog, say } from './log.ts';
import { patchInsn } from './patch.ts';
import { type LoadContext, type NumberedRelo, resolveRelo } from './resolve.ts';
import { targetModulesOf } from './target-modules.ts';

/** The predicted steps of a load before libbpf calls the kernel. */
export interface PredictedLoad {
  /** The only program that is loaded; null for the whole object. */
  program: string | null;
  /** 0, or the positive error number of the load. */
  errno: number;
  log: PredictedLog;
  /** Instructions after relocation, of every function of the object. */
  codeOf: CodeOf;
  /** The functions whose instructions the load may have changed. */
  changed: ReadonlyMap<ObjectFunction, Code>;
}

type SiblingsOf = NonNullable<LoadContext['siblings']>;

/** A CO-RE relocation of a section. */
interface Place {
  record: CoreRelo;
  index: number;
  /** Undefined for an instruction of no function. */
  owner: ObjectFunction | undefined;
}

/** The relocations of one section, sorted by the loads that meet them. */
interface Section {
  name: string;
  /** Position among the sections with relocations. */
  at: number;
  all: readonly Place[];
  /** Those that every load meets: in subprograms and outside of functions. */
  shared: ReadonlySet<Place>;
  /** Those of each program. */
  own: ReadonlyMap<ObjectFunction, readonly Place[]>;
  siblings: SiblingsOf;
}

interface Loading extends LoadContext {
  loader: Loader;
  /** Returns the instructions of a function, to be changed. */
  writable: (owner: ObjectFunction) => Code;
}

/** All relocations in the function of a relocation; functions are told apart by their names. */
function siblingsIn(places: readonly Place[]): SiblingsOf {
  let byName: Map<string, NumberedRelo[]> | null = null;
  const index = () => {
    const found = new Map<string, NumberedRelo[]>();
    for (const { record, index: number, owner } of places)
      if (owner) addTo(found, owner.name, { record, index: number, program: owner.name });
    return found;
  };
  return ({ program }) => {
    byName ??= index();
    return byName.get(program) ?? [];
  };
}

function addTo<Key, Value>(groups: Map<Key, Value[]>, key: Key, value: Value): void {
  const group = groups.get(key);
  if (group) group.push(value);
  else groups.set(key, [value]);
}

function sectionsOf({ ext, programs, subprograms }: BpfObject): Section[] {
  const functions = functionsBySection([...programs, ...subprograms]);
  const entries = new Set<ObjectFunction>(programs);
  return [...(ext?.relocations ?? [])].map(([name, records], at) => {
    const ownerOf = ownerFinder(functions.get(name) ?? []);
    const all = records.map((record, index): Place => ({ record, index, owner: ownerOf(record.insnOffset / INSN_BYTES) }));
    const shared = new Set<Place>();
    const own = new Map<ObjectFunction, Place[]>();
    for (const place of all) {
      const { owner } = place;
      if (owner && entries.has(owner)) addTo(own, owner, place);
      else shared.add(place);
    }
    return { name, at, all, shared, own, siblings: siblingsIn(all) };
  });
}

/** Applies one relocation. Returns 0, or the error number that ends the load. */
function relocate({ record, index, owner }: Place, section: Section, loading: Loading): number {
  const { log, loader } = loading;
  const insn = record.insnOffset / INSN_BYTES;
  if (!owner) {
    const what = `skipping CO-RE relocation #${index} for insn #${insn} belonging to eliminated weak subprogram`;
    say(log, 'debug', `sec '${section.name}': ${what}`);
    return 0;
  }
  const code = loading.writable(owner);
  const local = insn - owner.insnOffset;
  if ((local + 1) * INSN_BYTES > code.view.byteLength) return ERRNO.EINVAL;
  const relo = { record, index, program: owner.name };
  const prefix = `prog '${owner.name}': relo #${index}: `;
  const resolution = resolveRelo(relo, { ...loading, siblings: section.siblings });
  if (typeof resolution === 'number') {
    say(log, 'warn', `${prefix}failed to relocate: ${loader.errorText(resolution)}`);
    return resolution;
  }
  const failure = patchInsn({ code, insn: local, relo, resolution, log });
  if (failure !== 0) say(log, 'warn', `${prefix}failed to patch insn #${local}: ${loader.errorText(failure)}`);
  return failure;
}

/** The relocations of a section that the load of some programs meets, in libbpf's order. */
function placesFor({ all, shared, own }: Section, wanted: ReadonlySet<ObjectFunction>): readonly Place[] {
  const [only, ...more] = wanted;
  if (only && more.length === 0) {
    const places = own.get(only) ?? [];
    return shared.size === 0 ? places : [...shared, ...places].toSorted((a, b) => a.index - b.index);
  }
  return all.filter((place) => shared.has(place) || (place.owner && wanted.has(place.owner)));
}

/** A function that computes each result once. */
function remembering<Input extends object, Result>(compute: (input: Input) => Result): (input: Input) => Result {
  const results = new WeakMap<Input, Result>();
  return (input) => {
    const known = results.get(input);
    if (known !== undefined) return known;
    const result = compute(input);
    results.set(input, result);
    return result;
  };
}

/** Whether a load prints the lines of sections without a relocation that it meets. */
export type OtherSections = 'print' | 'omit';

/** Relocates a copy of an object, like one call of bpf_object__load: of the whole object with null, else with the only program of this name. */
export type LoadPredictor = (program: string | null, others: OtherSections) => PredictedLoad;

/**
 * Prepares the prediction of several loads of one object. With `omit`, the time for the load of a program does not grow with the number
 * of other programs; libbpf prints at least a line for every section.
 * @see bpf_object__relocate_core() in libbpf.c
 */
export function loadPredictor(object: BpfObject, kernel: KernelTypes, loader: Loader): LoadPredictor {
  const { btf, ext, programs } = object;
  const sections = sectionsOf(object);
  const sharing = sections.filter(({ shared }) => shared.size > 0);
  const sectionNamed = new Map(sections.map((section) => [section.name, section]));
  const compiled = compiledCode(object);
  const named = new Map<string, BpfProgram[]>();
  for (const program of programs) addTo(named, program.name, program);
  const byDefault = new Set<BpfProgram>(programs.filter(({ autoload }) => autoload !== false));
  const modulesOf = remembering((some: Iterable<BpfProgram>) => targetModulesOf(some, kernel));
  const sectionsFor = (wanted: ReadonlySet<ObjectFunction>) => {
    const own = [...wanted].flatMap((owner) => sectionNamed.get(owner.section) ?? []);
    return [...new Set([...sharing, ...own])].toSorted((a, b) => a.at - b.at);
  };
  return (program, others) => {
    const log: PredictedLog = [];
    const changed = new Map<ObjectFunction, Code>();
    const done = (errno: number): PredictedLoad => ({ program, errno, log, codeOf: withChanged(compiled, changed), changed });
    if (!btf || !ext) return done(0);
    const writable = (owner: ObjectFunction): Code => {
      const code = changed.get(owner) ?? copyOf(compiled(owner));
      changed.set(owner, code);
      return code;
    };
    const wanted = program === null || loader.resolves === 'all' ? byDefault : new Set(named.get(program));
    // A function outside of the programs may belong to each of them.
    const targetModules = ({ program: owner }: NumberedRelo) => modulesOf(named.get(owner) ?? wanted);
    const loading: Loading = { local: btf, kernel, log, loader, candidates: new Map<number, TypeAt[]>(), writable, targetModules };
    for (const section of others === 'print' ? sections : sectionsFor(wanted)) {
      say(log, 'debug', `sec '${section.name}': found ${section.all.length} CO-RE relocations`);
      for (const place of placesFor(section, wanted)) {
        const errno = relocate(place, section, loading);
        if (errno === 0) continue;
        say(log, 'warn', `failed to perform CO-RE relocations: ${loader.errorText(errno)}`);
        return done(errno);
      }
    }
    return done(0);
  };
}

/** Predicts one load, with all lines that libbpf prints. See `loadPredictor` for several loads of one object. */
export function predictLoad(
  object: BpfObject,
  kernel: KernelTypes,
  program: string | null = null,
  loader: Loader = DEFAULT_LOADER,
): PredictedLoad {
  return loadPredictor(object, kernel, loader)(program, 'print');
}
