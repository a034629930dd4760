// Rule for failures to create maps.
import { errnoName } from '../../logs/libbpf/errno.ts';
import type { MapFailure } from '../../logs/loader-log.ts';
import type { FailureClass } from '../../base/failures.ts';
import { type Finding, type FailureContext, memlockHint } from './context.ts';
import { cannotOpen } from './object.ts';

/** Map types that are newer than the oldest supported kernel (5.10). Used if the kernel's map types are unknown. */
const YOUNG_TYPES = new Set(['task_storage', 'bloom_filter', 'user_ringbuf', 'cgrp_storage', 'arena', 'insn_array']);

/** Errors for a map type that the kernel lacks: EINVAL, E2BIG if newer attributes are set, or not supported. */
const TYPE_REFUSED = new Set(['EINVAL', 'E2BIG', 'ENOTSUPP', 'EOPNOTSUPP']);

/** Makes `ringbuf` from `BPF_MAP_TYPE_RINGBUF`. */
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

/** The failure of the last map. libbpf also prints that of a map of maps if only its inner map cannot be created. */
function firstFault(maps: readonly MapFailure[]): MapFailure | undefined {
  const [before, last] = [maps.at(-2), maps.at(-1)];
  return before?.step === 'create-inner' && before.map === last?.map ? before : last;
}

/** bpf(BPF_MAP_CREATE) failed, or a later step in which the library sets up the map; or the library refused a map without asking the kernel. */
export function mapNotCreated(context: FailureContext): Finding | null {
  const { attempt, object, enumerators, library, mapNeed } = context;
  const failure = attempt.log.ended === 'map' ? firstFault(attempt.log.maps) : undefined;
  if (!failure) return null;
  // The answer of a kernel has an error number. The attempt of an own loader has none, so its words count, too.
  const isOwnRefusal = failure.error.errno === null && attempt.errno === 0;
  if (isOwnRefusal) return { stage: 'open', class: 'object-invalid', reason: cannotOpen(failure.error.text, library) };
  const known = object.maps.find(({ name }) => name === failure.map);
  const type = known ? plainType(known.type) : null;
  const error = errnoName(failure.error.errno ?? attempt.errno);
  const overLimit = error === 'EPERM' && memlockHint(context) !== null;
  const failureClass = overLimit ? 'resource-limit' : classOf(error, type, failure.step, enumerators);
  const name = type === null ? `map '${failure.map}'` : `map '${failure.map}' (${type})`;
  const what = failureClass === 'map-type-unsupported' ? 'its type is unknown to this kernel' : WHAT[failure.step];
  const need = error === 'EINVAL' && failure.step === 'create' ? mapNeed(failure.map) : null;
  return { stage: 'map-create', class: failureClass, reason: `${name}: ${what}: ${error}${need === null ? '' : `: ${need}`}` };
}
