// Facts about struct_ops types that their failures do not name: the release and the option that bring a type, and limits of numbers.
import { inRange, parseRange, tryParseKernelVersion } from '../base/kernel-version.ts';
import { type StructOpsMap, structOpsMaps } from '../bpf/object/struct-ops.ts';
import type { OfflineKernel } from '../kernel-btf/kernels.ts';
import { kconfigValue } from '../kernel-btf/kconfig.ts';
import type { ExplainedObject, ProgramFailure } from './failures.ts';

interface Origin {
  /** The first release of Linux with the type. */
  since: string;
  option: string;
}

/** Types that belong to an option of the kernel. @see the calls of register_bpf_struct_ops() in Linux 6.11 to 7.3, and their Makefiles */
const ORIGINS: Readonly<Partial<Record<string, Origin>>> = {
  hid_bpf_ops: { since: '6.11', option: 'CONFIG_HID_BPF' },
  sched_ext_ops: { since: '6.12', option: 'CONFIG_SCHED_CLASS_EXT' },
  Qdisc_ops: { since: '6.16', option: 'CONFIG_NET_SCH_BPF' },
};

/**
 * Why a kernel lacks a struct_ops type, in one sentence; null if nothing is known.
 * @param config the text of the kernel's configuration; null or undefined if it is unknown
 */
export function whyWithoutType(
  type: string,
  { version }: Pick<OfflineKernel, 'version'>,
  config: string | null | undefined,
): string | null {
  const origin = ORIGINS[type];
  if (!origin) return null;
  const parsed = version === null ? null : tryParseKernelVersion(version);
  if (parsed && inRange(parsed, parseRange(`<${origin.since}`))) return `struct ${type} came with Linux ${origin.since}`;
  if (config === null || config === undefined) return `struct ${type} needs ${origin.option}`;
  return kconfigValue(config, origin.option) === undefined
    ? `this kernel is built without ${origin.option}, which struct ${type} needs`
    : null;
}

/** The map that a failure names; null if the object's file is missing. */
export function structOpsMap({ object, reason }: ProgramFailure, objects: ReadonlyMap<string, ExplainedObject>): StructOpsMap | null {
  const [, name] = /^struct_ops (?:member \w+ \(map (?=\w+\))|map ')(\w+)/.exec(reason) ?? [];
  const bpf = objects.get(object)?.bpf;
  return (bpf && structOpsMaps(bpf).find((map) => map.name === name)) ?? null;
}

/** Numbers above which the kernel answers E2BIG, by type and member. @see bpf_scx_init_member() in kernel/sched/ext.c */
const LIMITS: Readonly<Partial<Record<string, Readonly<Record<string, number>>>>> = {
  sched_ext_ops: { timeout_ms: 30_000, dispatch_max_batch: 0x7fff_ffff },
};

/** The members of a map that are larger than the kernel allows, in one sentence; null without one. */
export function tooLarge({ name, type, members }: StructOpsMap): string | null {
  const limits = LIMITS[type] ?? {};
  const found = members.flatMap(({ name: member, bytes }) => {
    const limit = limits[member];
    if (limit === undefined || bytes.length !== 4) return [];
    // The kernel compares in the byte order of the machine; BPF objects for it have the same.
    const value = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    return value > limit ? [`${member} is ${value}, and the kernel takes at most ${limit}`] : [];
  });
  return found.length === 0 ? null : `In struct ${type} ${name}, ${found.join(', and ')}.`;
}
