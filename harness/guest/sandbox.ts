// QEMU's own seccomp sandbox, where it was built with one.
import { execa } from 'execa';

const known = new Map<string, Promise<boolean>>();

async function probe(program: string): Promise<boolean> {
  const { failed, stderr } = await execa(program, ['-sandbox', 'on', '-version'], { reject: false, stdin: 'ignore' });
  // One that fails for another reason is not taken for one without.
  return !(failed && stderr.includes('-sandbox'));
}

/** Whether a QEMU was built with seccomp: one that was not refuses the option. Asked once for each program. */
export async function hasSandbox(program: string): Promise<boolean> {
  const asked = known.get(program) ?? probe(program);
  known.set(program, asked);
  return asked;
}

/**
 * The options that forbid QEMU what it does not need; none where it has no sandbox.
 * @param saves whether it will be told to save its guest, for which it starts a program
 */
export async function sandboxArguments(program: string, { saves }: { saves: boolean }): Promise<string[]> {
  if (!(await hasSandbox(program))) return [];
  return ['-sandbox', `on,obsolete=deny,elevateprivileges=deny,spawn=${saves ? 'allow' : 'deny'},resourcecontrol=deny`];
}
