// A command or script for the shell of a guest that has no terminal.
import { UserError } from '../base/errors.ts';
import { executableObject } from '../plan/executable/pack-executable.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { standardInput } from './standard-input.ts';
import { objectFile, shellTools } from './shell-tools.ts';

const MAX_SCRIPT = 16 << 20;
const SCRIPT = 'exec/script';
/** Makes the guest like that of a shell on a terminal. The script is a file, so that it can be of any length. */
const PRELUDE = `/bin/busybox --install -s /bin; ifconfig lo up; exec sh /${SCRIPT}`;

/**
 * The script on standard input.
 * @throws UserError if it is empty or too large
 */
export async function scriptFromInput(): Promise<string> {
  const script = (await standardInput(MAX_SCRIPT, 'a script')).toString();
  if (script.trim() === '')
    throw new UserError('a shell needs a terminal, a command ("shell -c COMMAND"), or a script on standard input; standard input is empty');
  return script;
}

interface ShellScript {
  script: string;
  /** A file for /root in the guest. */
  object: string | undefined;
  timeoutMs: number;
  note: (text: string) => void;
}

/**
 * A script with the tools of a shell, as the object of a run.
 * @throws UserError, InfraError if the tools or the file cannot be used
 */
export async function shellCommand({ script, object, timeoutMs, note }: ShellScript): Promise<RunObject> {
  const tools = await shellTools(note);
  const bytes = Buffer.from(script);
  return executableObject({
    file: { path: 'shell', shown: 'shell', bytes },
    argv: ['/bin/busybox', 'sh', '-c', PRELUDE],
    env: { PATH: '/bin:/usr/sbin', HOME: '/root', TMPDIR: '/tmp' },
    variables: [],
    files: [...tools, ...(await objectFile(object)), { path: SCRIPT, bytes, executable: false }],
    folder: 'root',
    timeoutMs,
    results: null,
  });
}
