// Reasons for no verdict in a healthy guest: a module that does not load, a command that does not start, a loader that does not end.
import type { InfraClass } from '../base/errors.ts';
import type { CommandEnd, Frame } from '../guest/protocol/frames.ts';
import { errnoName } from '../logs/libbpf/errno.ts';

export interface NoVerdict {
  class: InfraClass;
  reason: string;
}

const MAX_LINE = 300;

/** The last line that a command printed on standard error. */
function lastErrorLine(frames: readonly Frame[]): string {
  const last = frames.findLast((frame) => frame.type === 'output' && frame.stream === 2);
  const text = last?.type === 'output' ? last.bytes.toString('utf8') : '';
  return text.trim().split('\n').at(-1)?.slice(0, MAX_LINE) ?? '';
}

/** Exit statuses of shells and dynamic linkers that cannot run a program. A program that exits with one of them looks the same. */
const CANNOT_RUN: readonly number[] = [126, 127];

/** The reason if a command did not run at all, because such a command shows nothing about the kernel. */
function cannotRun({ end, value }: CommandEnd, frames: readonly Frame[], who: string): NoVerdict | null {
  if (end === 'not-started') return { class: 'infra-transport', reason: `${who} cannot be started in the guest: ${errnoName(value)}` };
  if (end !== 'exited' || !CANNOT_RUN.includes(value)) return null;
  const line = lastErrorLine(frames);
  return { class: 'infra-transport', reason: `${who} cannot run in the guest (exit status ${value})${line === '' ? '' : `: ${line}`}` };
}

function unfinishedLoader(command: CommandEnd, frames: readonly Frame[]): NoVerdict | null {
  if (command.end !== 'timed-out') return cannotRun(command, frames, 'the loader');
  const reason = `the loader did not end within ${command.value / 1000} s; a loader must end after it has loaded the object; command.timeout changes the limit`;
  return { class: 'infra-timeout', reason };
}

/** The reason for no verdict on an executable of `exec`; null if there can be one. Its exit status is its own, whatever it is. */
export function whyNoVerdictOnExecutable(frames: readonly Frame[]): NoVerdict | null {
  const command = frames.find((frame) => frame.type === 'command-end');
  if (command?.type !== 'command-end') return { class: 'infra-transport', reason: 'the guest does not say how the executable ended' };
  if (command.end === 'not-started') return cannotRun(command, frames, 'the executable');
  if (command.end !== 'timed-out') return null;
  return { class: 'infra-timeout', reason: `the executable did not end within ${command.value / 1000} s; --timeout changes the limit` };
}

/** The reason for no verdict; null if there can be one. */
export function whyNoVerdict(frames: readonly Frame[]): NoVerdict | null {
  const module = frames.find((frame) => frame.type === 'module-end' && frame.errno !== 0);
  if (module?.type === 'module-end') {
    const reason = `the module ${module.name} cannot be loaded in the guest: ${errnoName(module.errno)}`;
    return { class: 'infra-kernel-unavailable', reason };
  }
  const command = frames.find((frame) => frame.type === 'command-end');
  if (command?.type === 'command-end') return unfinishedLoader(command, frames);
  for (const [at, frame] of frames.entries()) {
    const failed = frame.type === 'trigger-end' ? cannotRun(frame, frames.slice(0, at), 'the command of a trigger') : null;
    if (failed) return failed;
  }
  return null;
}
