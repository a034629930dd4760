// QEMU's seccomp sandbox, if it was built with one.
import { runProgram } from '../base/program.ts';

const known = new Map<string, Promise<boolean>>();

async function probe(program: string): Promise<boolean> {
  const { failed, stderr } = await runProgram([program, '-sandbox', 'on', '-version'], { stdin: 'ignore' });
  // A QEMU that fails for another reason still has its sandbox.
  return !(failed && stderr.includes('-sandbox'));
}

/** Whether a QEMU was built with seccomp. Without it, QEMU refuses the option. Tested once for each program. */
export async function hasSandbox(program: string): Promise<boolean> {
  const asked = known.get(program) ?? probe(program);
  known.set(program, asked);
  // A machine that could not start it once may start it later.
  asked.catch(() => known.delete(program));
  return asked;
}

/**
 * The options that forbid QEMU what it does not need; empty for a QEMU without a sandbox.
 * @param saves whether it will save its guest, for which it starts a program
 */
export async function sandboxArguments(program: string, { saves }: { saves: boolean }): Promise<string[]> {
  if (!(await hasSandbox(program))) return [];
  return ['-sandbox', `on,obsolete=deny,elevateprivileges=deny,spawn=${saves ? 'allow' : 'deny'},resourcecontrol=deny`];
}
