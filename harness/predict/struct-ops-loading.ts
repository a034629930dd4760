// Which struct_ops maps and programs of an object are loaded: since libbpf 1.4 a map decides on its programs, not their own autoload.
import type { BpfObject, BpfProgram } from '../bpf/object/object.ts';
import { type StructOpsMap, structOpsMaps } from '../bpf/object/struct-ops.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import type { TargetRules } from '../core-relo/loader.ts';
import type { Finding } from './findings/finding.ts';
import { unmetNeeds } from './findings/load-needs.ts';
import { createdStructOps, madeStructOps } from './findings/made-struct-ops.ts';
import { lackingLink, structOpsTypeFindings } from './findings/struct-ops.ts';

/** The first minor release of libbpf 1.x that loads the programs of each struct_ops map that it creates, and no other programs of such maps. */
const BY_MAP = 4;

/** Whether the struct_ops maps of a program decide on its load, whatever its own autoload is. @see bpf_object_adjust_struct_ops_autoload() in libbpf.c */
export function isLoadedByMap({ type, member }: BpfProgram, { libbpfMinor }: Pick<TargetRules, 'libbpfMinor'>): boolean {
  return type === 'struct_ops' && member !== undefined && (libbpfMinor ?? 0) >= BY_MAP;
}

/** What a kernel certainly lacks for a struct_ops map or for a program of it; null without anything. */
function lackingOfMap(map: StructOpsMap, object: BpfObject, kernel: KernelTypes, loader: TargetRules): string | null {
  const programs = object.programs.filter(({ member }) => member?.maps.includes(map.name));
  const certain = (findings: readonly Finding[]) => findings.find((finding) => finding.certain)?.failure.reason ?? null;
  const needs = programs.flatMap((program) => unmetNeeds(program, kernel));
  return certain(structOpsTypeFindings(map, kernel, loader)) ?? lackingLink(map, kernel) ?? certain(needs);
}

/** Why struct_ops maps with `autocreate: if-supported` are not created, by their names. A guest does not ask for this, so a run tells it. */
export function unsupportedStructOps(object: BpfObject, kernel: KernelTypes, loader: TargetRules): ReadonlyMap<string, string> {
  const asked = new Set(object.maps.filter(({ autocreate }) => autocreate === 'if-supported').map(({ name }) => name));
  return new Map(
    madeStructOps(object, loader).flatMap((map) => {
      const lacking = asked.has(map.name) ? lackingOfMap(map, object, kernel, loader) : null;
      return lacking === null ? [] : [[map.name, lacking] as const];
    }),
  );
}

/** Decides which struct_ops maps are created, and which programs libbpf loads with them. */
export function withStructOpsDecided(object: BpfObject, kernel: KernelTypes, loader: TargetRules): BpfObject {
  const unsupported = unsupportedStructOps(object, kernel, loader);
  const maps = object.maps.map((map) => (unsupported.has(map.name) ? { ...map, autocreate: false } : map));
  const created = new Set(createdStructOps({ ...object, maps }, loader).map(({ name }) => name));
  const programs = object.programs.map((program) => {
    if (!isLoadedByMap(program, loader)) return program;
    return { ...program, autoload: program.member?.maps.some((name) => created.has(name)) ?? false };
  });
  return { ...object, maps, programs };
}

/**
 * Why programs are not loaded because none of their struct_ops maps is created, by their names.
 * @param kernel null if its types are unknown
 */
export function leftOutWithMaps(object: BpfObject, kernel: KernelTypes | null, loader: TargetRules): ReadonlyMap<string, string> {
  const unsupported = kernel ? unsupportedStructOps(object, kernel, loader) : new Map<string, string>();
  const created = new Set(
    createdStructOps(object, loader)
      .map(({ name }) => name)
      .filter((name) => !unsupported.has(name)),
  );
  const sections = new Map(structOpsMaps(object).map(({ name, section }) => [name, section]));
  return new Map(
    object.programs.flatMap((program) => {
      const maps = program.member?.maps ?? [];
      const [map] = maps;
      if (map === undefined || !isLoadedByMap(program, loader) || maps.some((name) => created.has(name))) return [];
      const isOptional = sections.get(map)?.startsWith('?') === true;
      const why = unsupported.get(map) ?? (isOptional ? `section ${sections.get(map) ?? ''} turns it off` : 'autocreate: false');
      return [[program.name, `struct_ops map ${map} is not created: ${why}`] as const];
    }),
  );
}
