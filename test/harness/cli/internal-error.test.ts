// Tests of the messages for faults in corematrix itself, and for output that cannot be written.
import { tmpdir } from 'node:os';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { corematrix, MAIN } from './command.ts';

describe('an internal error', () => {
  /** Runs a command in a process after a script of this test has broken a part of it. */
  const broken = async (script: string) =>
    corematrix(tmpdir(), ['init', 'x.bpf.o'], { NODE_OPTIONS: `--import="data:text/javascript,${encodeURIComponent(script)}"` });

  const ERROR = String.raw`new TypeError("broken\u001b on purpose")`;
  const whenReady = (statement: string) =>
    `process.on("newListener", (name) => name === "uncaughtException" && setImmediate(() => { ${statement} }))`;

  it.each([
    ['thrown by a command', `process.cwd = () => { throw ${ERROR} }`],
    ['that nothing catches', whenReady(`throw ${ERROR}`)],
    ['of a promise that nothing awaits', whenReady(`Promise.reject(${ERROR})`)],
  ])('an internal error (%s) exits with 70 and prints where to report it', async (_, script) => {
    const { exitCode, stderr } = await broken(script);
    const [first = '', ...others] = stderr.split('\n');
    expect([exitCode, first]).toEqual([70, String.raw`error: internal error: TypeError: broken\x1b on purpose`]);
    expect(others.at(-1)).toMatch(
      /^This is a fault in corematrix, .* Please open an issue in its repository .*: corematrix \d+\.\d+\.\d+, Node\.js v\d+\./,
    );
  });
});

it('standard output on a full disk is an infrastructure failure, not an internal error', async () => {
  const { exitCode, stderr } = await execa('sh', ['-c', 'node "$0" run --help > /dev/full', MAIN], { reject: false });
  expect([exitCode, stderr]).toEqual([3, 'error: the output cannot be written: ENOSPC: no space left on device, write']);
});
