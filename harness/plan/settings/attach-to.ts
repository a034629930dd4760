// What a program is to be attached to, held against what its type can be attached to.
import { UserError } from '../../base/errors.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { listed, type PlaceOf } from './problem.ts';

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

function shapeOf(section: string, type: string): Shape | undefined {
  return type === 'kprobe' && /^\??u(?:ret)?probe/.test(section) ? UPROBE : SHAPES[type];
}

/**
 * Checks what the plan attaches one program to.
 * @param type what the program is loaded as
 * @throws UserError with the place, and what is possible
 */
export function checkAttachTo(
  { name, section, type, target }: { name: string; section: string; type: string; target: string },
  maps: BpfObject['maps'],
  placeOf: PlaceOf,
): void {
  const place = () => placeOf(['programs', name, 'attach_to']);
  if (type === 'ext')
    throw new UserError(
      `${place()}: "${name}" replaces a function of another program, which would have to be loaded before: not possible here`,
    );
  if (ON_MAPS.has(type)) {
    const names = maps.filter((map) => SOCKET_MAPS.has(map.type)).map((map) => map.name);
    if (!names.includes(target)) throw new UserError(`${place()}: no map of sockets "${target}" in the object; it has: ${listed(names)}`);
  }
  const shape = shapeOf(section, type);
  if (shape && !shape.pattern.test(target))
    throw new UserError(`${place()}: "${target}" is nothing to attach to; expected ${shape.expected}`);
}
