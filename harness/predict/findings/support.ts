// Findings from BTF about everything but relocations: map types, program types, attach targets, kernel functions.
import type { ExternFinding, Finding, PredictedFailure } from './finding.ts';
import { kindOf, nameOf, type TypeAt, vlenOf } from '../../bpf/btf/btf.ts';
import { typeText } from '../../bpf/btf/type-text.ts';
import { findType, referencedType, variableOf } from '../../bpf/btf/types.ts';
import { untakenMap } from '../../bpf/object/aya-refusal.ts';
import { attachTargetOf, nameInBtf, namedTracepoint, usedSection } from '../../bpf/object/attach-point.ts';
import { essentialName } from '../../bpf/btf/essential-name.ts';
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import { leavesOutValue } from '../../bpf/object/dialect.ts';
import { impossibleAttribute, impossibleInnerAttribute } from '../../bpf/object/map-shape.ts';
import type { ObjectMap } from '../../bpf/object/maps.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import { type Loader, libraryOf, type TargetRules, targetModulesOf } from '../../core-relo/loader.ts';
import { enumeratorsOf } from '../../kernel-btf/enumerators.ts';
import { KCONFIG_NOT_SET, type UnresolvedKconfig, unresolvedKconfig } from '../../kernel-btf/kconfig.ts';
import { findIn, partsOfName, weakNames, whereMissing } from '../../kernel-btf/kernel-names.ts';
import { kernelVariableFindings } from './kernel-variables.ts';
import { kfuncState, prototypeDifferences, type RefusedKfunc } from '../../kernel-btf/kfunc-differences.ts';
import { isUnmarkedKfunc } from '../../kernel-btf/kfunc-marks.ts';
import { newComparison, typesAreCompatible } from '../../core-relo/match-type.ts';
import { STRUCT_OPS_VALUE, structOpsMaps } from '../../bpf/object/struct-ops.ts';
import { structOpsFindings } from './struct-ops.ts';
import { unmetNeeds } from './load-needs.ts';
import { cannotOpen } from '../../verdict/rules/object.ts';
import { probeTarget, unreadModule } from '../../verdict/rules/named-target.ts';
import type { BtfKind } from '../../bpf/btf/kinds.ts';
import { functionAtAttach, functionByName, missingSymbol } from './symbols.ts';

/** False if the kernel's BTF shows that it lacks a map type, which may be a number without a name: `type 90`. */
export function knowsMapType(kernel: KernelTypes, type: string): boolean {
  const known = enumeratorsOf(kernel, 'bpf_map_type');
  const number = /^type (\d+)$/.exec(type)?.[1];
  if (known && number !== undefined) return [...known.values()].includes(BigInt(number));
  return !known || !/^[a-z_]+$/.test(type) || type === 'unknown' || known.has(`BPF_MAP_TYPE_${type.toUpperCase()}`);
}

/**
 * Finds map types that the kernel lacks. libbpf creates every map, even one that no program uses. A loader that creates the maps of its
 * programs creates also those that the configuration leaves out.
 */
function unknownMapTypes(object: BpfObject, kernel: KernelTypes, { needs }: Loader): Finding[] {
  // A kernel without such maps lacks their structs, which the loader misses first.
  const isCreated = ({ type, autocreate }: ObjectMap) =>
    type !== 'struct_ops' && (autocreate === true || (autocreate === false && needs === 'programs'));
  const missing = object.maps.filter((map) => isCreated(map) && !knowsMapType(kernel, map.type));
  return missing.map(({ name, type }) => {
    const reason = `map '${name}' (${type}): its type is unknown to this kernel`;
    return { failure: { stage: 'map-create', class: 'map-type-unsupported', reason }, certain: true, subjects: [name] };
  });
}

/** How a kfunc differs: with both prototypes, or by position if only missing definitions make the difference. */
function prototypeDifference(local: TypeAt, target: TypeAt): string {
  const differences = prototypeDifferences({ local, target });
  if (differences.length > 0 && differences.every(({ declared }) => declared !== null))
    return differences.map(({ text }) => text).join('; ');
  const [here, compiled] = [target, local].map(({ btf, id }) => typeText(btf, id));
  return `its arguments or result differ on this kernel: ${here} here, ${compiled} in the object`;
}

/**
 * Finds kfuncs that the object needs and that the kernel lacks, has with other arguments, or may have only in a module.
 * @see bpf_object__resolve_ksym_func_btf_id() in libbpf.c
 */
function kernelFunctions(object: BpfObject, kernel: KernelTypes): ExternFinding[] {
  const { btf } = object;
  const section = btf && findType(btf, 'datasec', '.ksyms');
  if (!btf || section === null) return [];
  const weak = weakNames(object);
  const findings: ExternFinding[] = [];
  for (let index = 0; index < vlenOf(btf, section); index++) {
    const id = variableOf(btf, section, index)?.type ?? 0;
    const name = nameOf(btf, id);
    if (kindOf(btf, id) !== 'func' || weak.has(name)) continue;
    const found = findIn(kernel, 'func', essentialName(name));
    const failure = (reason: string): PredictedFailure => ({
      stage: 'relocate',
      class: 'kfunc-missing',
      reason: `kfunc ${name}: ${reason}`,
    });
    if (!found) {
      const { where, certain } = whereMissing(kernel, essentialName(name), 'kfunc');
      findings.push({ name, failure: failure(where), certain });
      continue;
    }
    const [local, target] = [
      { btf, id: referencedType(btf, id) },
      { btf: found.btf, id: referencedType(found.btf, found.id) },
    ];
    if (typesAreCompatible(local, target, newComparison([])) <= 0)
      findings.push({ name, failure: failure(prototypeDifference(local, target)), certain: true });
  }
  return findings;
}

/**
 * Findings about kfuncs and kernel variables in the order of their names, in which libbpf resolves them.
 * @see cmp_externs() in libbpf.c
 */
function externFindings(object: BpfObject, kernel: KernelTypes, { libbpfMinor }: Loader): ExternFinding[] {
  const found = [...kernelFunctions(object, kernel), ...kernelVariableFindings(object, kernel, libbpfMinor !== null)];
  const sorted = found.toSorted((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
  return sorted.map((finding) => ({ ...finding, subjects: [finding.name] }));
}

/** All Kconfig values of an object: a program that refers to one needs all, because they share a map. */
function kconfigNames({ btf }: BpfObject): string[] {
  const section = btf && findType(btf, 'datasec', '.kconfig');
  if (!btf || section === null) return [];
  return Array.from({ length: vlenOf(btf, section) }, (_, index) => nameOf(btf, variableOf(btf, section, index)?.type ?? 0));
}

/** How a loader says that it cannot resolve a Kconfig value. @see resolveKconfig() in cilium/ebpf's collection.go */
function kconfigDetail({ name, detail }: UnresolvedKconfig, { cilium }: Pick<Loader, 'cilium'>): string {
  if (cilium === null) return detail;
  if (name === '') return 'resolve .kconfig: cannot find a kconfig file';
  return detail === KCONFIG_NOT_SET
    ? `resolve .kconfig: config option "${name}" does not exist on this kernel`
    : `resolve .kconfig: problem adding value for ${name}`;
}

/** Finds the first unresolved Kconfig value. The reason has the words of the verdict on a load. */
function kconfigFailure(object: BpfObject, { config }: KernelTypes, loader: Pick<Loader, 'cilium'>): Finding[] {
  const found =
    object.btf && config !== undefined ? unresolvedKconfig(object.btf, weakNames(object), config, new Set(object.kconfig.keys())) : null;
  if (!found) return [];
  const what = found.name === '' ? "the kernel's configuration cannot be read" : `kernel configuration ${found.name}`;
  return [
    {
      failure: { stage: 'relocate', class: 'kconfig-missing', reason: `${what}: ${kconfigDetail(found, loader)}` },
      certain: true,
      subjects: kconfigNames(object),
    },
  ];
}

/** Maps whose sizes, entries or flags cilium/ebpf completes. @see fixupMagicFields() in its map.go, mustHaveNoPrealloc() in its types.go */
const CILIUM_COMPLETES: ReadonlySet<string> = new Set([
  'perf_event_array',
  'cpumap',
  'lpm_trie',
  'sk_storage',
  'inode_storage',
  'task_storage',
  'cgrp_storage',
]);

/** A map as cilium/ebpf creates it; none if the library completes it. */
function createdByCilium(map: ObjectMap): ObjectMap[] {
  if (CILIUM_COMPLETES.has(map.type)) return [];
  return [leavesOutValue('cilium', map) ? { ...map, valueSize: null } : map];
}

/**
 * Finds maps that no kernel creates. libbpf creates every map, whatever programs use it.
 * @see bpf_object__create_maps() in libbpf.c
 */
function impossibleMaps({ maps: defined }: BpfObject, { mapSizes, cilium, libbpfMinor }: Loader): (Finding & { map: ObjectMap })[] {
  if (mapSizes === 'corrected' && cilium === null) return [];
  const maps = cilium === null ? defined : defined.flatMap(createdByCilium);
  return maps.flatMap((map) => {
    const isInner = libbpfMinor !== null && impossibleInnerAttribute(map) !== null;
    if (map.autocreate !== true || !(isInner || impossibleAttribute(map) !== null)) return [];
    const what = isInner ? 'its inner map cannot be created' : 'cannot be created';
    const reason = `map '${map.name}' (${map.type}): ${what}: EINVAL`;
    return [{ map, failure: { stage: 'map-create', class: 'map-create-failed', reason }, certain: true, subjects: [map.name] }];
  });
}

/**
 * Finds a map that aya refuses after the kernel created it. Before this, aya may refuse a relocation.
 * @see allow_unsupported_maps() of aya's EbpfLoader, which the loader program does not call
 */
function mapsRefusedByAya({ maps, relocations }: BpfObject, kernel: KernelTypes, { aya }: Pick<Loader, 'aya'>): Finding[] {
  if (aya === null || maps.some(({ type }) => !knowsMapType(kernel, type))) return [];
  const words = maps.map((map) => untakenMap(map, aya)).find((each) => each !== null);
  if (words === undefined) return [];
  const reason = cannotOpen(words, libraryOf({ aya, cilium: null }));
  return [{ failure: { stage: 'open', class: 'object-invalid', reason }, certain: relocations.length === 0 }];
}

/**
 * Finds what makes every program of an object fail, in libbpf's order. If BTF was cut down, only the kernel configuration counts, because
 * a type that is missing in the BTF may exist in the kernel.
 */
export function objectFindings(object: BpfObject, kernel: KernelTypes, loader: Loader): Finding[] {
  const kconfig = kconfigFailure(object, kernel, loader);
  // libbpf looks for values that are not set after all other externs. @see bpf_object__resolve_externs() in libbpf.c
  const isLast = loader.libbpfMinor !== null && kconfig.some(({ failure }) => failure.reason.endsWith(`: ${KCONFIG_NOT_SET}`));
  const impossible = impossibleMaps(object, loader);
  if (!enumeratorsOf(kernel, 'bpf_prog_type')) return [...kconfig, ...impossible];
  return [
    ...(isLast ? [] : kconfig),
    ...externFindings(object, kernel, loader),
    ...(isLast ? kconfig : []),
    ...structOpsFindings(object, kernel, loader),
    ...unknownMapTypes(object, kernel, loader),
    ...mapsRefusedByAya(object, kernel, loader),
    ...impossible.filter(({ map }) => knowsMapType(kernel, map.type)),
  ];
}

/**
 * Kfuncs that no program may call: weak ones that the kernel lacks, or has with another prototype, and functions that it does not mark as
 * kfuncs. If its modules are unknown, one of them may have what the kernel lacks. A strong one that is missing fails before any call.
 */
export function refusedKfuncs({ btf, elf }: BpfObject, kernel: KernelTypes): ReadonlyMap<string, RefusedKfunc> {
  const section = btf && findType(btf, 'datasec', '.ksyms');
  if (!btf || section === null || !enumeratorsOf(kernel, 'bpf_prog_type')) return new Map();
  const weak = weakNames({ elf });
  const names = Array.from({ length: vlenOf(btf, section) }, (_, index) => variableOf(btf, section, index)?.type ?? 0)
    .filter((id) => kindOf(btf, id) === 'func')
    .map((id) => nameOf(btf, id));
  return new Map(
    names.flatMap((name): (readonly [string, RefusedKfunc])[] => {
      const state = kfuncState(btf, name, kernel);
      if (state === 'found') return isUnmarkedKfunc(name, kernel) ? [[name, 'unmarked']] : [];
      return weak.has(name) ? [[name, state]] : [];
    }),
  );
}

/** Program types whose targets are looked up in the kernel's own BTF. */
const BOUND_BY_BTF: ReadonlySet<string> = new Set(['tracing', 'lsm', 'struct_ops']);

const targetMissing = (reason: string, certain: boolean): Finding => {
  return { failure: { stage: 'verify', class: 'attach-target-missing', reason }, certain };
};

function attachTarget(program: BpfProgram, kernel: KernelTypes, loader: TargetRules): Finding[] {
  const { type } = program;
  const target = attachTargetOf(usedSection(program), program.attachTo);
  if (!target) return [];
  const name = nameInBtf(target);
  const targetModules = targetModulesOf(loader);
  const unread = unreadModule(name, ` (${type})`, { targetModules, library: libraryOf(loader) });
  if (unread !== null) return [targetMissing(unread, true)];
  if (findIn(targetModules === 'none' ? { ...kernel, modules: [] } : kernel, target.kind, name)) return [];
  const isOfVmlinux = target.builtIn || targetModules === 'none';
  const use = target.kind === 'typedef' ? 'tracepoint' : 'attach';
  const { where, certain } = isOfVmlinux ? { where: "not in this kernel's BTF", certain: true } : whereMissing(kernel, name, use);
  return [targetMissing(`attach target ${name} (${type}) is ${where}`, certain && !isFoundInBase(kernel, target.kind, name))];
}

/** Whether libbpf finds a name of vmlinux in the BTF of the named module, which is based on that of vmlinux. Some kernels then refuse it. */
function isFoundInBase(kernel: KernelTypes, kind: BtfKind, text: string): boolean {
  const { module, name } = partsOfName(text);
  return module !== null && kernel.modules.some((each) => each.name.startsWith(module)) && findIn(kernel, kind, name) !== null;
}

/** Names that an object needs and that a module could have, without the names of modules: attach targets, kfuncs, variables, struct_ops types. */
export function namesOutsideVmlinux(object: BpfObject): string[] {
  const { btf, programs } = object;
  const targets = programs.flatMap((program) => {
    const { attachTo } = program;
    const section = usedSection(program);
    const target = attachTargetOf(section, attachTo);
    if (target) return target.builtIn ? [] : [partsOfName(nameInBtf(target)).name];
    const tracepoint = namedTracepoint(section, attachTo);
    if (tracepoint) return [partsOfName(nameInBtf(tracepoint)).name];
    const probe = probeTarget({ section, attachTo });
    return probe?.includes(':') === true ? partsOfName(probe).name : (functionAtAttach(program) ?? []);
  });
  const structOps = structOpsMaps(object).map(({ type }) => STRUCT_OPS_VALUE + type);
  const section = btf && findType(btf, 'datasec', '.ksyms');
  if (!btf || section === null) return [...targets, ...structOps];
  const externs = Array.from({ length: vlenOf(btf, section) }, (_, index) => variableOf(btf, section, index)?.type ?? 0);
  const names = externs.map((id) => (kindOf(btf, id) === 'func' ? essentialName(nameOf(btf, id)) : nameOf(btf, id)));
  return [...targets, ...structOps, ...names];
}

/**
 * Finds what makes a program fail before verification, or leaves it out if it is `if-supported`. Returns nothing if BTF was cut down.
 */
export function programFindings(program: BpfProgram, kernel: KernelTypes, loader: TargetRules): Finding[] {
  if (kernel.onlyCustom && program.type !== null && BOUND_BY_BTF.has(program.type)) {
    const reason = 'the kernel has no BTF, which this program needs to find its target';
    return [{ failure: { stage: 'relocate', class: 'btf-missing', reason }, certain: true }];
  }
  const types = enumeratorsOf(kernel, 'bpf_prog_type');
  if (!types) return [];
  if (program.type !== null && !types.has(`BPF_PROG_TYPE_${program.type.toUpperCase()}`)) {
    const reason = `program type ${program.type} is unknown to this kernel`;
    return [{ failure: { stage: 'verify', class: 'program-type-unsupported', reason }, certain: true }];
  }
  const symbol = functionByName(program)?.stage === 'verify' ? missingSymbol(program, kernel, loader) : [];
  return [...attachTarget(program, kernel, loader), ...unmetNeeds(program, kernel), ...symbol];
}
