// Failures to create maps.
import { errnoName } from '../../logs/libbpf/errno.ts';
import type { MapFailure } from '../../logs/libbpf/facts.ts';
import type { FailureClass } from '../../base/failures.ts';
import { type Finding, type FailureContext, memlockHint } from './context.ts';

/** Map types younger than the oldest kernel this tool is for (5.10), where nothing better tells whether the kernel knows them. */
const YOUNG_TYPES = new Set(['task_storage', 'bloom_filter', 'user_ringbuf', 'cgrp_storage', 'arena', 'insn_array']);

/** What a kernel answers to a map type it does not have: EINVAL, E2BIG where newer attributes come with it, or not supported. */
const TYPE_REFUSED = new Set(['EINVAL', 'E2BIG', 'ENOTSUPP', 'EOPNOTSUPP']);

/** `BPF_MAP_TYPE_RINGBUF` and `ringbuf` are the same to a reader. */
function plainType(type: string): string {
  return type.toLowerCase().replace(/^bpf_map_type_/, '');
}

function isUnknownType(type: string, enumerators: ReadonlySet<string> | null): boolean {
  return enumerators ? !enumerators.has(`BPF_MAP_TYPE_${type.toUpperCase()}`) : YOUNG_TYPES.has(type);
}

function classOf(error: string, type: string | null, step: MapFailure['step'], enumerators: ReadonlySet<string> | null): FailureClass {
  if (error === 'EPERM' || error === 'EACCES') return 'permission';
  if (error === 'ENOMEM' || error === 'EMFILE' || error === 'ENFILE') return 'resource-limit';
  if (step !== 'create' && step !== 'create-inner') return 'map-create-failed';
  if (error === 'ENOTSUPP' || error === 'EOPNOTSUPP') return 'map-type-unsupported';
  return type !== null && TYPE_REFUSED.has(error) && isUnknownType(type, enumerators) ? 'map-type-unsupported' : 'map-create-failed';
}

const WHAT = {
  create: 'cannot be created',
  'create-inner': 'its inner map cannot be created',
  'set-up': 'cannot be set up',
  pin: 'cannot be pinned or reused',
} as const satisfies Record<MapFailure['step'], string>;

/** bpf(BPF_MAP_CREATE) or what libbpf does with the map right after it failed. */
export function mapNotCreated(context: FailureContext): Finding | null {
  const { attempt, object, enumerators } = context;
  const failure = attempt.rejected ? undefined : attempt.log.maps.at(-1);
  if (!failure) return null;
  const known = object.maps.find(({ name }) => name === failure.map);
  const type = known ? plainType(known.type) : null;
  const error = errnoName(failure.error.errno ?? attempt.errno);
  const overLimit = error === 'EPERM' && memlockHint(context) !== null;
  const failureClass = overLimit ? 'resource-limit' : classOf(error, type, failure.step, enumerators);
  const name = type === null ? `map '${failure.map}'` : `map '${failure.map}' (${type})`;
  const what = failureClass === 'map-type-unsupported' ? 'its type is unknown to this kernel' : WHAT[failure.step];
  return { stage: 'map-create', class: failureClass, reason: `${name}: ${what}: ${error}` };
}
