// Where a program attaches in the kernel, read from its section name, so that programs for one place can be found.

/** Ways to attach, in the order in which tools prefer them. */
const WAYS = ['tp_btf', 'fentry', 'raw_tp', 'kprobe', 'tracepoint'] as const;
type Way = (typeof WAYS)[number];

export interface AttachPlace {
  way: Way;
  /** Name of the function or tracepoint, without the category of a tracepoint. */
  name: string;
  /** True for the return of a function. */
  returns: boolean;
  /** True for the tracepoint of a system call. */
  isSystemCall: boolean;
}

interface Section {
  pattern: RegExp;
  way: Way;
  returns: boolean;
}

const SECTIONS: readonly Section[] = [
  { pattern: /^(?:fentry|fmod_ret)(?:\.s)?\/([^]+)$/, way: 'fentry', returns: false },
  { pattern: /^fexit(?:\.s)?\/([^]+)$/, way: 'fentry', returns: true },
  { pattern: /^kprobe\/([^]+)$/, way: 'kprobe', returns: false },
  { pattern: /^kretprobe\/([^]+)$/, way: 'kprobe', returns: true },
  { pattern: /^tp_btf\/([^]+)$/, way: 'tp_btf', returns: false },
  { pattern: /^raw_(?:tp|tracepoint)(?:\.w)?\/([^]+)$/, way: 'raw_tp', returns: false },
  { pattern: /^(?:tp|tracepoint)\/[^/]+\/([^]+)$/, way: 'tracepoint', returns: false },
];

const SYSTEM_CALL = /^(?:tp|tracepoint)\/syscalls\//;

/** The place in the kernel that a section names; null for sections that name none, or another kind of target. */
export function attachPlaceOf(section: string): AttachPlace | null {
  const plain = section.replace(/^\?/, '');
  for (const { pattern, way, returns } of SECTIONS) {
    const name = pattern.exec(plain)?.[1];
    if (name !== undefined) return { way, name, returns, isSystemCall: SYSTEM_CALL.test(plain) };
  }
  return null;
}

/** Order of preference: negative if `a` is preferred. */
export function comparePreference(a: AttachPlace, b: AttachPlace): number {
  return WAYS.indexOf(a.way) - WAYS.indexOf(b.way);
}
