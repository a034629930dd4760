// A trigger in the form that the guest needs, with all values as bytes.
import type { CommandSettings } from '../../packing/command-schema.ts';
import { bytesOf } from '../bytes.ts';
import type { SettingInput } from '../definition.ts';
import { notInObject, type Place } from '../place.ts';
import { checkIsLoaded, type LoadSettings } from '../off-program.ts';
import type { BuiltInTrigger, OneTrigger } from './schema.ts';

export type PlannedTrigger =
  | { kind: 'built-in'; name: BuiltInTrigger }
  | { kind: 'command'; settings: CommandSettings }
  | { kind: 'test-run'; program: string; repeat: number; data: Uint8Array; context: Uint8Array };

/** Program types whose test run needs a packet. */
const PACKET_TYPES: ReadonlySet<string> = new Set([
  'xdp',
  'sched_cls',
  'sched_act',
  'socket_filter',
  'cgroup_skb',
  'sk_skb',
  'flow_dissector',
]);
const EMPTY_PACKET = new Uint8Array(64);
const NOTHING = new Uint8Array();

/**
 * Plans one trigger.
 * @throws UserError with the place, if the object has no such program, or if it is off
 */
export function planTrigger(
  trigger: OneTrigger,
  { object, settings }: Pick<SettingInput<LoadSettings>, 'object' | 'settings'>,
  place: Place,
): PlannedTrigger {
  if (typeof trigger === 'string') return { kind: 'built-in', name: trigger };
  if ('command' in trigger) return { kind: 'command', settings: trigger.command };
  const { program: name, data, context, repeat = 1 } = trigger.test_run;
  const program = object.programs.find((each) => each.name === name);
  if (!program) {
    const names = object.programs.map((each) => each.name);
    throw notInObject(place.at('test_run', 'program'), 'program', name, names);
  }
  checkIsLoaded(name, object, settings, place.at('test_run', 'program'));
  const packet = PACKET_TYPES.has(program.type ?? '') ? EMPTY_PACKET : NOTHING;
  return {
    kind: 'test-run',
    program: name,
    repeat,
    data: data === undefined ? packet : (bytesOf(data) ?? NOTHING),
    context: bytesOf(context ?? '') ?? NOTHING,
  };
}
