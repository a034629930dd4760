// Findings that the object alone decides, the same on every kernel: what loaders do not open, and programs that it does not give to the kernel.
import { ayaRefusal } from '../../bpf/object/aya-refusal.ts';
import { usedSection } from '../../bpf/object/attach-point.ts';
import { ciliumRefusal } from '../../bpf/object/cilium-refusal.ts';
import { nameOf } from '../../bpf/btf/btf.ts';
import { parameterOf, parameterTypes, referencedType } from '../../bpf/btf/types.ts';
import { damagesOf } from '../../bpf/object/damage.ts';
import { openFailure } from '../../bpf/object/open-failure.ts';
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import { instructionRelocations } from '../../bpf/object/references.ts';
import { sectionKnownSince } from '../../bpf/object/section-names.ts';
import type { Loader } from '../../core-relo/loader.ts';
import { cannotOpen, GIVEN_NO_TARGET, givesNoTarget, NEEDS_TARGET_PROGRAM } from '../../verdict/rules/object.ts';
import { WITHOUT_USDT_MAPS } from '../../verdict/rules/attach.ts';
import type { Finding, PredictedFailure } from './finding.ts';
import { madeStructOps, setByNoMap, type StructOpsRules } from './made-struct-ops.ts';

const notOpened = (message: string, library: string): PredictedFailure => {
  return { stage: 'open', class: 'object-invalid', reason: cannotOpen(message, library) };
};

/** The failure of an object that its loader does not open; null if it opens it, or if its rules are unknown. */
export function refusedByLoader(
  object: BpfObject,
  { libbpfMinor, aya, cilium }: Pick<Loader, 'libbpfMinor' | 'aya' | 'cilium'>,
): PredictedFailure | null {
  const byLibbpf = libbpfMinor === null ? null : openFailure(object, libbpfMinor);
  if (byLibbpf !== null) return notOpened(byLibbpf, 'libbpf');
  const byAya = aya === null ? null : ayaRefusal(object, aya);
  if (byAya !== null) return notOpened(byAya, 'aya');
  const byCilium = cilium === null ? null : ciliumRefusal(object, cilium);
  return byCilium === null ? null : notOpened(byCilium, 'cilium/ebpf');
}

/** The library that checks more of an object than is known here; null if it is libbpf. */
function strictLibrary({ aya, cilium }: Pick<Loader, 'aya' | 'cilium'>): string | null {
  if (cilium !== null) return 'cilium/ebpf';
  return aya === null ? null : 'aya';
}

/**
 * What a damaged object may come to: its library may not open it, or the library or the kernel may refuse its BTF. Nothing is certain.
 * libbpf has no such findings: `openFailure` knows what it refuses.
 */
export function damageFindings(object: BpfObject, loader: Pick<Loader, 'aya' | 'cilium'>): Finding[] {
  const library = strictLibrary(loader);
  const [first] = library === null ? [] : damagesOf(object);
  if (!first) return [];
  const opening = `unknown: ${library} may refuse this damaged object: ${first.words}`;
  const reading = `unknown: ${library} or the kernel may refuse the BTF of this damaged object: ${first.words}`;
  return [
    { failure: { stage: 'open', class: 'object-invalid', reason: opening }, certain: false },
    { failure: { stage: 'relocate', class: 'btf-missing', reason: reading }, certain: false },
  ];
}

const CALL = 0x85;

/** Whether a program calls a function of another section. */
function callsOthers({ elf }: BpfObject, { section }: BpfProgram): boolean {
  return [...instructionRelocations(elf)].some(({ section: own, offset }) => own.name === section && own.bytes[offset] === CALL);
}

/**
 * Finds a function with an argument without a name, as Rust has them: the kernel refuses BTF with it. aya removes such functions, libbpf does
 * without BTF, and cilium/ebpf fails if the program calls the function.
 * @see btf_func_check() in the kernel's btf.c
 */
export function namelessArguments(object: BpfObject, { cilium }: Pick<Loader, 'cilium'>): (program: BpfProgram) => Finding[] {
  const { btf, ext } = object;
  if (cilium === null || btf === null || ext === null) return () => [];
  const functions = [...ext.functions].flatMap(([section, each]) => each.map(({ typeId }) => ({ section, id: typeId })));
  const nameless = functions.filter(({ id }) => {
    const prototype = referencedType(btf, id);
    return parameterTypes(btf, prototype).some((type, index) => type !== 0 && parameterOf(btf, prototype, index)?.name === '');
  });
  if (nameless.length === 0) return () => [];
  return (program) => {
    const found = nameless.find(({ section }) => section === program.section) ?? (callsOthers(object, program) ? nameless[0] : undefined);
    if (!found) return [];
    const reason = `the kernel refuses the BTF that cilium/ebpf gives it if it describes ${nameOf(btf, found.id)}, which has an argument without a name`;
    return [{ failure: { stage: 'relocate', class: 'btf-missing', reason }, certain: false }];
  };
}

/** Sections whose programs need a target in BTF. */
const NEEDS_TARGET = /^(?:fentry|fexit|fmod_ret|fsession|tp_btf|lsm|lsm_cgroup|iter|freplace)(?:\.s)?$/;

/**
 * libbpf's message about a program that it does not give to the kernel.
 * @param unused why no struct_ops map sets it
 */
function refusedProgram(program: BpfProgram, minor: number, unused: string | null): string | null {
  const { section, type, attachTo } = program;
  if (usedSection(program) === '') return unused;
  const name = section.replace(/^\?/, '');
  const since = sectionKnownSince(name);
  if (since === null || since > minor) return `missing BPF prog type, check ELF section name '${name}'`;
  if (unused !== null || attachTo !== null) return unused;
  if (NEEDS_TARGET.test(name)) return 'no BTF-based attach target is specified, use bpf_program__set_attach_target()';
  return type === 'ext' && name.startsWith('freplace/') ? NEEDS_TARGET_PROGRAM : null;
}

/**
 * Finds a program that libbpf does not give to the kernel: its section has no known type, it lacks a target, or no struct_ops map refers to it.
 * @see bpf_object_load_prog() and libbpf_prepare_prog_load() in libbpf.c
 */
export function programRefusedByLibbpf(program: BpfProgram, object: BpfObject, loader: StructOpsRules): Finding[] {
  const { libbpfMinor } = loader;
  const reason = libbpfMinor === null ? null : refusedProgram(program, libbpfMinor, setByNoMap(program, object, loader));
  return reason === null ? [] : [{ failure: { stage: 'verify', class: 'object-invalid', reason }, certain: true }];
}

/** A USDT program with all that libbpf needs to attach it. The path is absolute, so that libbpf does not search for the file first. */
const USDT = /^\??usdt(?:\.s)?\/\/[^:]+:[^:]+:[^:]+$/;
const USDT_MAPS = ['__bpf_usdt_specs', '__bpf_usdt_ip_to_spec_id'] as const;

/** Finds a USDT program that libbpf does not attach, because the object lacks the maps for its arguments. @see usdt_manager_new() in usdt.c */
export function usdtWithoutMaps(program: BpfProgram, { maps }: BpfObject, { libbpfMinor }: Pick<Loader, 'libbpfMinor'>): Finding[] {
  const isAttached = libbpfMinor !== null && !program.hasGivenType && program.attachTo === null && USDT.test(program.section);
  if (!isAttached || USDT_MAPS.every((wanted) => maps.some(({ name }) => name === wanted))) return [];
  return [{ failure: { stage: 'attach', class: 'object-invalid', reason: WITHOUT_USDT_MAPS }, certain: true }];
}

/**
 * Finds a program that cilium/ebpf gives to the kernel without the attach target that the kernel needs.
 * @param need what the kernel lacks for the program besides; null if nothing is known
 */
export function programWithoutTarget(program: BpfProgram, object: BpfObject, loader: StructOpsRules, need: string | null): Finding[] {
  const { cilium } = loader;
  if (cilium === null) return [];
  const { section, attachTo, type, member } = program;
  const isSet = madeStructOps(object, loader).some(({ name }) => member?.maps.includes(name));
  const name = section.replace(/^\?/, '');
  const isNameless = NEEDS_TARGET.test(name) && attachTo === null;
  const isUnset = type === 'struct_ops' && !isSet;
  if (!isNameless && !isUnset && !GIVEN_NO_TARGET[cilium].test(name)) return [];
  return [{ failure: { stage: 'verify', class: 'object-invalid', reason: givesNoTarget('cilium/ebpf', section, need) }, certain: true }];
}
