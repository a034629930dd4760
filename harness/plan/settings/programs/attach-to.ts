// The attach target of a program: its schema, and the check against what the program type can be attached to.
import { z } from 'zod';
import type { BpfObject, BpfProgram } from '../../../bpf/object/object.ts';
import { notInObject, type Place } from '../place.ts';
import type { Mode } from '../mode-name.ts';

export const attachToSchema = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\0]*$/, 'expected text without NUL')
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

/** @see attach_program_to() in harness/guest/agent/attach_to.c */
const SHAPES: Readonly<Partial<Record<string, Shape>>> = {
  tracepoint: { pattern: /^[^/]+\/[^/]+$/, expected: 'CATEGORY/NAME' },
  netfilter: {
    pattern: /^ipv[46]\/(?:pre_routing|local_in|forward|local_out|post_routing)$/,
    expected: 'ipv4/ or ipv6/ and pre_routing, local_in, forward, local_out or post_routing',
  },
  perf_event: {
    pattern: /^(?:cpu-clock|task-clock|page-faults|context-switches)$/,
    expected: 'cpu-clock, task-clock, page-faults or context-switches',
  },
};
const UPROBE: Shape = { pattern: /^.+:[^:]+$/, expected: 'PATH:FUNCTION' };

const ON_MAPS: ReadonlySet<string> = new Set(['sk_skb', 'sk_msg']);
const SOCKET_MAPS: ReadonlySet<string> = new Set(['sockmap', 'sockhash']);
/** Program types whose target is part of the load. All others get theirs when they are attached. */
const BOUND_AT_LOAD: ReadonlySet<string> = new Set(['tracing', 'lsm', 'ext']);

function shapeOf(section: string, type: string): Shape | undefined {
  return type === 'kprobe' && /^\??u(?:ret)?probe/.test(section) ? UPROBE : SHAPES[type];
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
  if (ON_MAPS.has(own)) {
    const names = object.maps.filter((map) => SOCKET_MAPS.has(map.type)).map((map) => map.name);
    if (!names.includes(target)) throw notInObject(place, 'map of sockets', target, names);
  }
  const shape = shapeOf(section, own);
  if (shape && !shape.pattern.test(target)) throw place.problem(`"${target}" is not a valid attach target; expected ${shape.expected}`);
  if (mode === 'load' && !BOUND_AT_LOAD.has(own) && !isQuestion)
    throw place.problem(`program "${name}" is not attached by a load; add "mode: attach"`);
}
