// The attach target of a program: its schema, and the check against what the program type can be attached to.
import { z } from 'zod';
import type { BpfObject, BpfProgram } from '../../../bpf/object/object.ts';
import { programTypeOf } from '../../../bpf/object/program-type.ts';
import { notInObject, type Place } from '../place.ts';
import type { Mode } from '../mode-name.ts';

export const attachToSchema = z
  .string()
  .max(500)
  .regex(/^[^\0]*$/, 'expected text without NUL')
  .regex(/\S/, 'expected text that is not empty')
  .describe(
    'The attach target of the program, if its section name has none or another one: a function (fentry, fexit, kprobe), `MODULE:FUNCTION`, an LSM hook, PATH:FUNCTION (uprobe), ' +
      'CATEGORY/NAME (tracepoint), a name (raw tracepoint), an interface of the guest, `lo` (xdp, tcx, tc; `lo/egress` for filters of tc), a cgroup, `/sys/fs/cgroup` (cgroup programs), ' +
      'a network namespace, `/proc/self/ns/net` (sk_lookup, flow_dissector), `cpu-clock` and other software events (perf_event), ' +
      '`ipv4/local_in` and other hooks (netfilter), a map (sk_skb, sk_msg).',
  );

interface Shape {
  pattern: RegExp;
  expected: string;
}

const FUNCTION: Shape = { pattern: /^(?:[\w-]+:)?[\w.$]+$/, expected: 'FUNCTION or MODULE:FUNCTION' };
const NAME: Shape = { pattern: /^[\w.]+$/, expected: 'a name' };
const PATH: Shape = { pattern: /^\//, expected: 'an absolute path' };
const INTERFACE: Shape = { pattern: /^[^\s/]+$/, expected: 'an interface of the guest, such as lo' };
const FILTERED: Shape = {
  pattern: /^[^\s/]+(?:\/(?:in|e)gress)?$/,
  expected: 'an interface of the guest, such as lo, or INTERFACE/egress',
};
const SOCKETS: Shape = { pattern: /^/, expected: 'a map' };

/** By program type. Programs of all other types are not attached to anything by name. @see attach_program_to() in harness/guest/agent/attach_to.c */
const SHAPES: Readonly<Partial<Record<string, Shape>>> = {
  tracing: FUNCTION,
  lsm: { pattern: /^(?:\w+|\/.*)$/, expected: 'an LSM hook, or the path of a cgroup' },
  kprobe: { pattern: /^(?:[\w-]+:)?[\w.$*?]+(?:\+(?:0[xX][\da-fA-F]+|\d+))?$/, expected: 'FUNCTION or FUNCTION+OFFSET' },
  tracepoint: { pattern: /^[\w-]+\/[\w-]+$/, expected: 'CATEGORY/NAME' },
  raw_tracepoint: NAME,
  raw_tracepoint_writable: NAME,
  xdp: INTERFACE,
  sched_cls: FILTERED,
  cgroup_skb: PATH,
  cgroup_sock: PATH,
  cgroup_sock_addr: PATH,
  cgroup_sockopt: PATH,
  cgroup_sysctl: PATH,
  cgroup_device: PATH,
  sock_ops: PATH,
  sk_lookup: PATH,
  flow_dissector: PATH,
  netfilter: {
    pattern: /^ipv[46]\/(?:pre_routing|local_in|forward|local_out|post_routing)$/,
    expected: 'ipv4/ or ipv6/ and pre_routing, local_in, forward, local_out or post_routing',
  },
  perf_event: {
    pattern: /^(?:cpu-clock|task-clock|page-faults|context-switches)$/,
    expected: 'cpu-clock, task-clock, page-faults or context-switches',
  },
  sk_skb: SOCKETS,
  sk_msg: SOCKETS,
};
const UPROBE: Shape = { pattern: /^.+:[^:\s]+$/, expected: 'PATH:FUNCTION' };

const ON_MAPS: ReadonlySet<string> = new Set(['sk_skb', 'sk_msg']);
const SOCKET_MAPS: ReadonlySet<string> = new Set(['sockmap', 'sockhash']);
/** Program types whose target is part of the load. All others get theirs when they are attached. */
const BOUND_AT_LOAD: ReadonlySet<string> = new Set(['tracing', 'lsm', 'ext']);

function shapeOf(section: string, type: string): Shape | undefined {
  return type === 'kprobe' && /^\??u/.test(section) ? UPROBE : SHAPES[type];
}

/** The target after the beginning of a section name, such as `fentry/`, and the program type that this means; null if it has none. */
function afterSectionPrefix(target: string): { type: string; rest: string } | null {
  const slash = target.indexOf('/');
  const type = slash < 1 ? null : programTypeOf(`${target.slice(0, slash)}/x`);
  return type === null ? null : { type, rest: target.slice(slash + 1) };
}

/** What is wrong with the form of a target for a program type; null if a program can have a target of this form. */
function formProblem(target: string, type: string, { pattern, expected }: Shape): string | null {
  const problem = `"${target}" is not a valid attach target`;
  const trimmed = target.trim();
  if (trimmed !== target) return `${problem}: it begins or ends with a space; write "${trimmed}"`;
  const after = afterSectionPrefix(target);
  const fits = pattern.test(target);
  // `xdp/xdp_exception` is also a tracepoint.
  if (!after || (fits && after.type !== type)) return fits ? null : `${problem}; expected ${expected}`;
  return `${problem}: it begins like a section name; ${pattern.test(after.rest) ? `write "${after.rest}"` : `expected ${expected}`}`;
}

interface CheckOptions {
  object: BpfObject;
  mode: Mode;
  place: Place;
  /** If true, the target decides whether the program is loaded (`if-supported`). Then it has a meaning also where nothing is attached. */
  isQuestion: boolean;
}

/**
 * Checks the attach target of one program.
 * @param program with the type that it is loaded as
 * @throws UserError with the place, and what is possible
 */
export function checkAttachTo(
  { name, section, type }: Pick<BpfProgram, 'name' | 'section' | 'type'>,
  target: string,
  { object, mode, place, isQuestion }: CheckOptions,
): void {
  const own = type ?? '';
  if (own === 'ext')
    throw place.problem(`"${name}" replaces a function of another program, which would have to be loaded first; this is not supported`);
  const shape = shapeOf(section, own);
  if (type !== null && !shape)
    throw place.problem(`"${name}" is of type ${own}, and programs of this type are not attached by name; remove attach_to`);
  const problem = shape && formProblem(target, own, shape);
  if (problem) throw place.problem(problem);
  if (ON_MAPS.has(own)) {
    const names = object.maps.filter((map) => SOCKET_MAPS.has(map.type)).map((map) => map.name);
    if (!names.includes(target)) throw notInObject(place, 'map of sockets', target, names);
  }
  if (mode === 'load' && !BOUND_AT_LOAD.has(own) && !isQuestion)
    throw place.problem(`program "${name}" is not attached by a load; add "mode: attach"`);
}
