// Tests of the reasons for which a working guest has no verdict, from the frames of its response.
import { describe, expect, test } from 'vitest';
import type { CommandEnd, Frame } from '../../../harness/guest/protocol/frames.ts';
import { whyNoVerdict } from '../../../harness/run/no-verdict.ts';

const printed = (stream: 1 | 2, text: string): Frame => ({ type: 'output', stream, bytes: Buffer.from(text) });
const ended = (end: CommandEnd['end'], value: number) => ({ end, value, ms: 5, dropped: 0 });
const loader = (end: CommandEnd['end'], value: number): Frame => ({ type: 'command-end', ...ended(end, value) });
const trigger = (end: CommandEnd['end'], value: number): Frame => ({ type: 'trigger-end', index: 0, ...ended(end, value) });
const module = (name: string, errno: number): Frame => ({ type: 'module-end', name, errno });

/** `class: reason`, or null. */
function why(...frames: Frame[]): string | null {
  const found = whyNoVerdict(frames);
  return found && `${found.class}: ${found.reason}`;
}

describe('a working guest', () => {
  test('a guest has a verdict if everything ran', () => {
    expect([why(), why(module('dummy', 0)), why(loader('exited', 0)), why(trigger('exited', 0))]).toEqual([null, null, null, null]);
  });

  test('a guest has a verdict if a loader or a trigger failed by itself', () => {
    const failures = [
      loader('exited', 1),
      loader('exited', 125),
      loader('exited', 128),
      loader('killed', 11),
      loader('killed', 127),
      trigger('exited', 1),
    ];
    expect(failures.map((frame) => why(frame))).toEqual(failures.map(() => null));
  });

  test('a guest has no verdict if a module does not load, whatever the loader returns', () => {
    expect(why(module('first', 0), module('second', 2), module('third', 12), loader('exited', 127))).toBe(
      'infra-kernel-unavailable: the module second cannot be loaded in the guest: ENOENT',
    );
  });

  test('a guest has no verdict if a module does not load after another failure', () => {
    const attached: Frame = { type: 'attached', kind: 'program', errno: 13, name: 'p', detail: '' };
    expect(why(attached, module('dummy', 2))).toBe('infra-kernel-unavailable: the module dummy cannot be loaded in the guest: ENOENT');
  });

  test('a guest has no verdict if its loader does not end', () => {
    expect(why(loader('timed-out', 2500))).toBe(
      'infra-timeout: the loader did not end within 2.5 s; a loader must end after it has loaded the object; command.timeout changes the limit',
    );
  });

  test('a guest has no verdict if its loader does not start', () => {
    expect(why(loader('not-started', 13))).toBe('infra-transport: the loader cannot be started in the guest: EACCES');
  });

  test('a guest has no verdict if its loader cannot run, and the reason has its last line on standard error', () => {
    expect([
      why(loader('exited', 126)),
      why(printed(2, 'first\nlast line \n'), printed(1, 'standard output\n'), loader('exited', 127)),
      why(printed(1, 'standard output\n'), loader('exited', 127)),
      why(printed(2, `${'x'.repeat(400)}\n`), loader('exited', 127)),
    ]).toEqual([
      'infra-transport: the loader cannot run in the guest (exit status 126)',
      'infra-transport: the loader cannot run in the guest (exit status 127): last line',
      'infra-transport: the loader cannot run in the guest (exit status 127)',
      `infra-transport: the loader cannot run in the guest (exit status 127): ${'x'.repeat(300)}`,
    ]);
  });

  test('a guest has no verdict if the command of a trigger cannot run, and the reason has the last output before', () => {
    expect(why(printed(2, 'not found\n'), trigger('exited', 127), printed(2, 'of another trigger\n'), trigger('exited', 0))).toBe(
      'infra-transport: the command of a trigger cannot run in the guest (exit status 127): not found',
    );
    expect(why(trigger('exited', 0), trigger('not-started', 2), trigger('not-started', 13))).toBe(
      'infra-transport: the command of a trigger cannot be started in the guest: ENOENT',
    );
  });
});
