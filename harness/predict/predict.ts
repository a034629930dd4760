// Predicts one object on one kernel offline: the record of every relocation, and which programs fail.
import type { PredictedCell, PredictedProgram, ProgramFinding } from './predicted-cell.ts';
import type { RelocationFacts } from '../logs/loader-log.ts';
import type { ObjectFunction } from '../bpf/object/functions.ts';
import { grouped } from '../base/text.ts';
import type { BpfObject, BpfProgram } from '../bpf/object/object.ts';
import { relocationRecords } from '../verdict/relocations/records.ts';
import type { CellRelocation } from '../results/schema.ts';
import type { Reached } from '../base/vocabulary.ts';
import { type ReadAttempt, readAttempt } from '../verdict/evidence/attempt.ts';
import { HELPER_NAMES } from '../bpf/object/helper-names.ts';
import { refusedKfunc } from '../verdict/rules/verifier.ts';
import { isAboutSymbols } from '../verdict/rules/attach.ts';
import { coreFinding } from '../verdict/rules/core-reason.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { chooseAlternatives, decideBySupport } from './chosen-alternatives.ts';
import { DEFAULT_LOADER, type Loader } from '../core-relo/loader.ts';
import type { Mode } from '../plan/settings/mode-name.ts';
import { type Hit, type Reach, reachOf } from './reach/reach.ts';
import { type ObjectReach, objectReach } from './reach/input.ts';
import { type LoadPredictor, loadPredictor } from '../core-relo/relocate.ts';
import {
  damageFindings,
  namelessArguments,
  programRefusedByLibbpf,
  programWithoutTarget,
  refusedByLoader,
  usdtWithoutMaps,
} from './findings/object-only.ts';
import { isKnownToCilium } from '../bpf/object/section-names.ts';
import { attachByNameFindings, certainlyWithoutTarget } from './findings/attach-by-name.ts';
import { attachTypeFindings, deviceTypeFindings, withoutAttachFunction } from './findings/attach-type.ts';
import { callbackFindings } from './findings/callbacks.ts';
import { mayGotoFindings } from './findings/may-goto.ts';
import { kfuncAddressFindings } from './findings/kfunc-addresses.ts';
import { kfuncTypeFindings } from './findings/kfunc-types.ts';
import { LEAVES_OUT_STRUCT_OPS } from './findings/struct-ops.ts';
import { refusedTargetFindings } from './findings/refused-target.ts';
import { unmetNeeds } from './findings/load-needs.ts';
import { reachFacts } from './findings/reach-facts.ts';
import { objectFindings, programFindings } from './findings/support.ts';
import { enumeratorsOf } from '../kernel-btf/enumerators.ts';
import { type Prototype, prototypeOf } from '../kernel-btf/prototype.ts';
import { argumentFailure } from './findings/arguments.ts';
import { neededNames } from './findings/needed-names.ts';
import type { Finding, PredictedFailure } from './findings/finding.ts';
import { stepOf } from './findings/order.ts';
import { isLoadedByMap } from './struct-ops-loading.ts';
import { withPartners } from './struct-ops-partners.ts';

type Prototypes = ReadonlyMap<string, Prototype>;

interface ExaminedLoad {
  errno: number;
  attempt: ReadAttempt;
  /** The programs that are loaded. */
  programs: readonly BpfProgram[];
  facts: FactsIndex;
  /** Keyed by the name of each program that is loaded. */
  reach: Map<string, Reach>;
  prototypes: Prototypes;
}

/** The relocations of a load; for large objects a search through all of them would take minutes. */
interface FactsIndex {
  /** By number and (sub)program; see `placeKey`. */
  byNumber: ReadonlyMap<string, RelocationFacts>;
  /** By poisoned instruction and (sub)program. */
  byPoison: ReadonlyMap<string, RelocationFacts>;
}

const placeKey = (program: string, number: number) => `${number} ${program}`;

/** If several facts have one place, the first counts. */
function indexOf(relocations: readonly RelocationFacts[]): FactsIndex {
  const byNumber = new Map<string, RelocationFacts>();
  const byPoison = new Map<string, RelocationFacts>();
  for (const facts of relocations.toReversed()) {
    byNumber.set(placeKey(facts.program, facts.index), facts);
    for (const insn of facts.poisoned) byPoison.set(placeKey(facts.program, insn), facts);
  }
  return { byNumber, byPoison };
}

/** An object with what its loads have in common. */
interface Loadable {
  object: BpfObject;
  load: LoadPredictor;
  reach: ObjectReach;
  /** Keyed by name. */
  programs: ReadonlyMap<string, readonly BpfProgram[]>;
  /** What the programs that read arguments by position find on the kernel, keyed by program. */
  prototypes: Prototypes;
}

function prototypesOn(kernel: KernelTypes, programs: readonly BpfProgram[]): Prototypes {
  // Cut-down BTF may have another function of this name.
  if (kernel.onlyCustom || !enumeratorsOf(kernel, 'bpf_prog_type')) return new Map();
  return new Map(
    programs.flatMap((program) => {
      const prototype = prototypeOf(program, kernel);
      return prototype ? [[program.name, prototype] as const] : [];
    }),
  );
}

function loadable(object: BpfObject, kernel: KernelTypes, loader: Loader): Loadable {
  const programs = grouped(object.programs, ({ name }) => name);
  return {
    object,
    load: loadPredictor(object, kernel, loader),
    reach: objectReach(object, reachFacts(object, kernel, loader)),
    programs,
    prototypes: prototypesOn(kernel, object.programs),
  };
}

/** Predicts one load, and follows the paths through it. */
function examine({ object, load: loadOf, reach, programs, prototypes }: Loadable, program: string | null): ExaminedLoad {
  const load = loadOf(program, 'omit');
  const { errno } = load;
  const attempt = readAttempt({ program, reached: errno === 0 ? 'done' : 'prepare', errno, openMs: 0, loadMs: 0, log: load.log }, object);
  const loaded = program === null ? object.programs.filter(({ autoload }) => autoload !== false) : (programs.get(program) ?? []);
  const facts = indexOf(attempt.log.relocations);
  const examined = { errno, attempt, programs: loaded, facts, reach: new Map<string, Reach>(), prototypes };
  const mayHit = reach.mayHit(load);
  if (errno !== 0 || (!mayHit && prototypes.size === 0)) return examined;
  const input = reach.inputOf(load);
  for (const each of loaded) {
    const prototype = prototypes.get(each.name);
    if (mayHit || prototype) examined.reach.set(each.name, reachOf(each, prototype ? { ...input, prototype } : input));
  }
  return examined;
}

/** Finds the poisoned relocation of an instruction. */
function factsAt({ facts }: ExaminedLoad, owner: ObjectFunction, insn: number): RelocationFacts | undefined {
  return facts.byPoison.get(placeKey(owner.name, insn));
}

function relocationFailure(object: BpfObject, { errno, attempt }: ExaminedLoad): PredictedFailure | null {
  if (errno === 0) return null;
  const facts = attempt.log.relocations.findLast(({ error }) => error !== null);
  if (facts) return { stage: 'relocate', ...coreFinding(facts, object) };
  const reason = attempt.log.warnings.at(-1) ?? 'the loader refuses a CO-RE relocation of the object';
  return { stage: 'relocate', class: 'core-other', reason };
}

function hitFailure(object: BpfObject, examined: ExaminedLoad, program: string, { owner, insn, rejection }: Hit): PredictedFailure | null {
  if (rejection.type === 'kfunc') return { stage: 'verify', ...refusedKfunc(rejection.name, rejection.state) };
  if (rejection.type === 'helper') {
    const name = HELPER_NAMES[rejection.id];
    const reason = `helper ${name === undefined ? '' : name}#${rejection.id} is unknown to this kernel`;
    return { stage: 'verify', class: 'helper-unknown', reason };
  }
  if (rejection.type === 'variable') {
    const helper = `${HELPER_NAMES[rejection.helper]}#${rejection.helper}`;
    const reason = `helper ${helper} gets the address 0 of the weak variable ${rejection.name}, which is not in this kernel`;
    return { stage: 'verify', class: 'verifier-rejected', reason };
  }
  if (rejection.type === 'argument') {
    const prototype = examined.prototypes.get(program);
    return prototype ? argumentFailure(prototype, rejection) : null;
  }
  const facts = factsAt(examined, owner, insn);
  return facts ? { stage: 'verify', ...coreFinding(facts, object) } : null;
}

/**
 * The failure at the first instruction that the verifier rejects.
 * @param certain true for instructions that it certainly reaches, false for those that it may reach
 */
function verifierFailure(object: BpfObject, examined: ExaminedLoad, program: string, certain: boolean): PredictedFailure | null {
  const hit = examined.reach.get(program)?.hits.find((each) => each.certain === certain);
  return hit ? hitFailure(object, examined, program, hit) : null;
}

/** What decides on one program besides its load. */
interface Known {
  /** About the program, and about what all programs share. */
  findings: readonly Finding[];
  /** It meets failures in an order of its own. */
  loader: Loader;
  /** Whether the loader may read the object otherwise than this module does, so that nothing is certain. */
  isDamaged: boolean;
}

/** What relocations and the verifier have against a program. */
function codeFindings(object: BpfObject, examined: ExaminedLoad, program: string): Finding[] {
  const certain = [relocationFailure(object, examined), verifierFailure(object, examined, program, true)];
  const possible = verifierFailure(object, examined, program, false);
  return [
    ...certain.flatMap((failure) => (failure ? [{ failure, certain: true }] : [])),
    ...(possible ? [{ failure: possible, certain: false }] : []),
  ];
}

/** The prediction for a program that its loader does not load. */
const notLoaded = (name: string): PredictedProgram => ({ name, isDamaged: false, failure: null, possible: null, findings: [] });

const uncertain = (finding: Finding): Finding => ({ ...finding, certain: false });

/** Predicts one program; the first failure in the order of libbpf and the kernel decides. A program that is not loaded has none. */
function programIn(object: BpfObject, examined: ExaminedLoad, program: BpfProgram, known: Known): PredictedProgram {
  const { loader, isDamaged } = known;
  const { name, autoload, attachTo } = program;
  if (autoload === false) return notLoaded(name);
  const code = codeFindings(object, examined, name);
  const findings = isDamaged ? [...known.findings, ...code].map(uncertain) : known.findings;
  const all = isDamaged ? findings : [...findings, ...code];
  // libbpf looks up a target that the loader sets before everything else.
  const named =
    attachTo === null
      ? undefined
      : findings.find(({ failure: { class: failureClass, stage, reason }, refusesTarget }) => {
          return failureClass === 'attach-target-missing' && stage !== 'attach' && !isAboutSymbols(reason) && !refusesTarget;
        })?.failure;
  const first = (certain: boolean): PredictedFailure | null => {
    const wanted = all.filter((finding) => finding.certain === certain);
    return wanted.toSorted((a, b) => stepOf(a, loader) - stepOf(b, loader))[0]?.failure ?? null;
  };
  const certain = first(true);
  const failure = certain && (named ?? certain);
  const possible = failure ? null : first(false);
  const inCode = (examined.reach.get(name)?.hits ?? []).flatMap((hit): ProgramFinding[] => {
    const unknown = hit.rejection.type === 'poison' ? null : hitFailure(object, examined, name, hit);
    return unknown ? [{ failure: unknown, certain: hit.certain && !isDamaged, at: { program: hit.owner.name, insn: hit.insn } }] : [];
  });
  return { name, isDamaged, failure, possible, findings: [...findings.map((finding) => ({ ...finding, at: null })), ...inCode] };
}

/** What several loads show about each instruction, so that no relocation searches through all loads. */
interface LoadsIndex {
  /** The facts of the first load with a relocation. By number and (sub)program; see `placeKey`. */
  facts: ReadonlyMap<string, RelocationFacts>;
  /** Poisoned instructions that a loaded program reaches, and whether it certainly does. By instruction and (sub)program. */
  hits: ReadonlyMap<string, boolean>;
  /** False if a program has too many paths to follow. */
  complete: boolean;
}

function loadsIndex(loads: readonly ExaminedLoad[]): LoadsIndex {
  const facts = new Map<string, RelocationFacts>();
  const hits = new Map<string, boolean>();
  let complete = true;
  for (const load of loads) {
    for (const [key, each] of load.facts.byNumber) if (!facts.has(key)) facts.set(key, each);
    for (const reach of load.reach.values()) {
      complete &&= reach.complete;
      for (const { rejection, owner, insn, certain } of reach.hits) {
        const key = placeKey(owner.name, insn);
        if (rejection.type === 'poison') hits.set(key, certain || hits.get(key) === true);
      }
    }
  }
  return { facts, hits, complete };
}

/** Whether any of the loaded programs reaches one of the instructions. Several programs may reach a relocation in a subprogram. */
function reachedIn({ hits, complete }: LoadsIndex, function_: string, insns: readonly number[]): Reached {
  const found = insns.flatMap((insn) => hits.get(placeKey(function_, insn)) ?? []);
  if (found.includes(true)) return 'yes';
  return found.length > 0 || !complete ? 'unknown' : 'no';
}

/** Completes the records of relocations that the verifier may reach. */
function withReach(object: BpfObject, loads: readonly ExaminedLoad[]): (record: CellRelocation) => CellRelocation {
  const all = loadsIndex(loads);
  const own = new Map(loads.map((load) => [load.attempt.program, loadsIndex([load])]));
  return (record) => {
    const relocation = object.relocations[record.ref];
    if (!relocation || record.reached === null) return record;
    const { program, index } = relocation;
    const telling = own.get(program) ?? all;
    return { ...record, reached: reachedIn(telling, program, telling.facts.get(placeKey(program, index))?.poisoned ?? []) };
  };
}

/**
 * The failure of an object whose byte order differs from the kernel's. libbpf refuses it before relocation.
 * @see bpf_object_load() in libbpf.c
 */
function otherByteOrder({ littleEndian }: BpfObject, { vmlinux }: KernelTypes): PredictedFailure | null {
  if (littleEndian === vmlinux.btf.littleEndian) return null;
  const [own, other, target] = littleEndian ? ['little', 'big', 'bpfeb'] : ['big', 'little', 'bpfel'];
  const reason = `compiled for ${own}-endian machines, but this kernel is ${other}-endian (clang -target ${target})`;
  return { stage: 'open', class: 'object-invalid', reason };
}

/** The failure of a loader that reads the BTF of all modules and cannot read one. With custom BTF, loaders read no module. */
function unreadableModule({ relocations }: BpfObject, { unreadable, custom }: KernelTypes, loader: Loader): PredictedFailure | null {
  const first = unreadable?.[0];
  if (!loader.failsOnUnreadableModule || custom || !first || relocations.length === 0) return null;
  return { stage: 'relocate', class: 'btf-missing', reason: `load BTF for kmod ${first.name}: ${first.reason}` };
}

/** The prediction if every program fails before relocation. No relocation is reached. */
function refusedCell(object: BpfObject, failure: PredictedFailure, loader: Loader): PredictedCell {
  // A library may notice damage before what is certain.
  const damage = damageFindings(object, loader).map((finding) => ({ ...finding, at: null }));
  const findings = [{ failure, certain: true, at: null }, ...damage];
  const programs = object.programs.map(({ name, autoload }) => {
    return autoload === false ? notLoaded(name) : { name, isDamaged: damage.length > 0, failure, possible: null, findings };
  });
  return { programs, relocations: relocationRecords(object, []), loads: [] };
}

/** Findings that make a program fail before verification. An `if-supported` program fails only because of what the kernel does not decide. */
function ownFindings(program: BpfProgram, object: BpfObject, kernel: KernelTypes, loader: Loader): Finding[] {
  if (program.autoload === false) return [];
  const need = unmetNeeds(program, kernel)[0]?.failure.reason ?? null;
  const byLoader = [...programRefusedByLibbpf(program, object, loader), ...programWithoutTarget(program, object, loader, need)];
  return program.autoload === true ? [...byLoader, ...programFindings(program, kernel, loader)] : byLoader;
}

const NO_BTF: PredictedFailure = {
  stage: 'relocate',
  class: 'btf-missing',
  reason: 'the kernel has no BTF, which relocations need (CONFIG_DEBUG_INFO_BTF)',
};

/** The prediction on a kernel without BTF: only what the object alone decides, and that relocations fail. */
function cellWithoutBtf(object: BpfObject, loader: Loader): PredictedCell {
  const damage = damageFindings(object, loader);
  const refused = refusedByLoader(object, loader) ?? (object.relocations.length > 0 && damage.length === 0 ? NO_BTF : null);
  const programs = object.programs.map((program): PredictedProgram => {
    if (program.autoload === false) return notLoaded(program.name);
    const own = programRefusedByLibbpf(program, object, loader);
    const failure = refused ?? own[0]?.failure ?? null;
    const possible = failure ? null : (damage[0]?.failure ?? null);
    const findings = [...damage, ...own].map((finding) => ({ ...finding, at: null }));
    return { name: program.name, isDamaged: damage.length > 0, failure, possible, findings };
  });
  return { programs, relocations: [], loads: [] };
}

/** Returns a function that finds what makes a program fail in a load because of maps, kernel symbols or Kconfig values of the object. */
function sharedFindings(object: BpfObject, kernel: KernelTypes, loader: Loader): (program: BpfProgram, load: ExaminedLoad) => Finding[] {
  const shared = objectFindings(object, kernel, loader);
  const needed = neededNames(object);
  const leftOut = new Set(object.maps.flatMap(({ name, autocreate }) => (autocreate === false ? [name] : [])));
  return (program, load) => {
    const isWhole = load.attempt.program === null;
    // A guest leaves out the struct_ops maps of other programs if it loads a program alone.
    const leavesOut = !isWhole && (loader.libbpfMinor ?? 0) >= LEAVES_OUT_STRUCT_OPS;
    const isCreated = ({ structOpsMap: map }: Finding) => map === undefined || !leavesOut || program.member?.maps.includes(map) === true;
    if (loader.needs === 'object') return shared.filter(isCreated);
    // The load of the whole object creates all maps that are not left out, and resolves what any program refers to.
    const names = new Set((isWhole ? load.programs : [program]).flatMap((each) => [...needed(each)]));
    const isNeeded = (name: string) => names.has(name) || (isWhole && !leftOut.has(name));
    return shared.filter(({ subjects }) => !subjects || subjects.some(isNeeded));
  };
}

/** Switches off the programs that cilium/ebpf does not load, because it takes no type from their sections. */
function withoutUntyped(object: BpfObject, { cilium }: Loader): BpfObject {
  if (cilium === null) return object;
  const isTyped = ({ hasGivenType, section }: BpfProgram) => hasGivenType || isKnownToCilium(section, cilium);
  return { ...object, programs: object.programs.map((program) => (isTyped(program) ? program : { ...program, autoload: false })) };
}

/** Predicts a cell on a kernel with BTF. */
function cellWithBtf(input: BpfObject, kernel: KernelTypes, loader: Loader, mode: Mode): PredictedCell {
  const refused = refusedByLoader(input, loader) ?? otherByteOrder(input, kernel) ?? unreadableModule(input, kernel, loader);
  if (refused) return refusedCell(input, refused, loader);
  const decided = decideBySupport(input, kernel, loader);
  const callbacksIn = callbackFindings(input, kernel);
  const mayGotosIn = mayGotoFindings(input, kernel);
  const kfuncsIn = kfuncTypeFindings(input, kernel);
  const addressesIn = kfuncAddressFindings(input, kernel, loader);
  const attached = (program: BpfProgram) =>
    mode === 'load'
      ? []
      : [
          ...withoutAttachFunction(program, loader),
          ...attachTypeFindings(program, kernel, loader),
          ...deviceTypeFindings(program, kernel, loader),
          ...attachByNameFindings(program, kernel, loader),
          ...usdtWithoutMaps(program, input, loader),
        ];
  const settled = input.programs.map((program, at) => (isLoadedByMap(program, loader) ? (decided.programs[at] ?? program) : program));
  const damage = damageFindings(input, loader);
  const namelessIn = namelessArguments(input, loader);
  const own = new Map(
    settled.map(
      (program) =>
        [
          program.name,
          [
            ...damage,
            ...namelessIn(program),
            ...ownFindings(program, input, kernel, loader),
            ...callbacksIn(program),
            ...mayGotosIn(program),
            ...kfuncsIn(program),
            ...addressesIn(program),
            ...(program.autoload === false ? [] : refusedTargetFindings(program, kernel)),
            ...attached(program),
          ],
        ] as const,
    ),
  );
  const sharedBy = sharedFindings(decided, kernel, loader);
  const verdictOn = (load: ExaminedLoad, program: BpfProgram) =>
    programIn(decided, load, program, {
      findings: [...sharedBy(program, load), ...(own.get(program.name) ?? [])],
      loader,
      isDamaged: damage.length > 0,
    });
  const deciding = loadable(decided, kernel, loader);
  const { object, others } = chooseAlternatives(
    decided,
    (program) => verdictOn(examine(deciding, program.name), program),
    (program) => certainlyWithoutTarget(program, kernel, loader),
  );
  const chosen = others.size === 0 ? deciding : loadable(object, kernel, loader);
  const verdicts = (loadOf: (name: string) => ExaminedLoad) =>
    object.programs.map((program) => others.get(program.name) ?? verdictOn(loadOf(program.name), program));

  const whole = examine(chosen, null);
  const together = verdicts(() => whole);
  const fails = together.some(({ failure }) => failure !== null);
  const wanted = object.programs.filter(({ autoload }) => autoload !== false);
  const isAlone = !fails || wanted.length === 1;
  const alone = isAlone ? [] : wanted;
  const single = new Map(alone.map(({ name }) => [name, examine(chosen, name)]));
  const examined = [whole, ...single.values()];
  // If the kernel refuses the whole object, the relocation table is made from the loads of the single programs.
  const attempts = examined.map(({ attempt }): ReadAttempt => {
    const rejects = attempt.reached === 'done' && attempt.program === null && fails;
    return rejects ? { ...attempt, reached: 'load' } : attempt;
  });
  return {
    programs: withPartners(isAlone ? together : verdicts((name) => single.get(name) ?? whole), object, loader),
    relocations: relocationRecords(object, attempts).map(withReach(object, isAlone ? [whole] : [...single.values()])),
    loads: examined.map(({ errno, attempt: { program } }) => ({ program, errno, log: () => chosen.load(program, 'print').log })),
  };
}

/**
 * Predicts a cell from an object and a kernel's types, null for a kernel without BTF. Pure: starts and reads nothing. Like a run, it loads the whole object first, and
 * each program alone if that fails.
 * @param mode whether the programs are also attached
 */
export function predictCell(
  given: BpfObject,
  kernel: KernelTypes | null,
  loader: Loader = DEFAULT_LOADER,
  mode: Mode = 'load',
): PredictedCell {
  const object = withoutUntyped(given, loader);
  return kernel ? cellWithBtf(object, kernel, loader, mode) : cellWithoutBtf(object, loader);
}
