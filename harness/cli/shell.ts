// `corematrix shell`: opens a terminal in a guest, with tools of this machine and an object.
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { execa } from 'execa';
import { cacheRoot } from '../base/files.ts';
import { CONFIG_FILE } from '../../kernels/cache/config.ts';
import { planKernels } from '../../kernels/plan.ts';
import { type KernelImage, pullKernel } from '../../kernels/pull.ts';
import { InfraError, UserError } from '../base/errors.ts';
import { readUserFile } from '../base/user-file.ts';
import { chooseAccel } from '../guest/accel.ts';
import { sparseFile } from '../guest/boot.ts';
import { machineFor, qemuArguments } from '../guest/machine.ts';
import type { Accel } from '../guest/machines.ts';
import { type ShellFile, shellInitramfs } from '../guest/shell-files.ts';
import { standaloneCommand } from '../guest/standalone.ts';
import { prepareInitramfs } from '../guest/agent.ts';
import { QEMU_PROGRAM, qemuVersion } from '../run/host.ts';
import { checkGuestMachine } from '../setup/guest-machine.ts';
import { bootImages } from '../run/kernel.ts';
import { makeWorkFolder } from '../run/work-folder.ts';
import { ensureAgent } from '../setup/agent.ts';
import { addHelp } from './help.ts';
import { interruptible, untilInterrupted } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { accelOption, seconds } from './options.ts';
import type { PrintedBytes } from '../run/evidence.ts';
import { passOn, runExecutable } from './run-executable.ts';
import { objectFile, shellTools } from './shell-tools.ts';
import { scriptFromInput, shellCommand } from './shell-command.ts';
import { SELECTOR_FORMS } from './selector-help.ts';
import type { Sources } from '../library/sources.ts';
import { addTrustOptions, sourcesOf, type TrustFlags } from './trust-options.ts';

interface ShellOptions extends TrustFlags {
  kernel: string;
  command?: string;
  timeout: number;
  accel: Accel | 'auto';
}

function note(text: string): void {
  writeLine(process.stderr, `note: ${text}`);
}

async function configFile({ release, config }: KernelImage): Promise<ShellFile[]> {
  return config ? [{ path: `boot/config-${release ?? ''}`, bytes: await readUserFile(config.path, CONFIG_FILE), executable: false }] : [];
}

async function oneKernel(selector: string, from: Sources, signal: AbortSignal): Promise<KernelImage> {
  const options = { cache: cacheRoot(), ...from, signal };
  const planned = await planKernels([selector], options);
  const [kernel, more] = planned;
  if (!kernel) throw new UserError(`no kernel ${selector}`);
  if (more)
    throw new UserError(
      `${selector} is ${planned.length} kernels, and a shell is in one: ${planned.map(({ version }) => version).join(', ')}`,
    );
  return pullKernel(kernel, options);
}

/** The time limit of a command without a terminal, in seconds. */
const DEFAULT_TIMEOUT = 600;

/** A terminal answers at once. */
const STTY_MS = 5000;

/** Runs QEMU on this terminal, and restores the terminal afterwards. */
async function onTerminal(command: readonly string[], signal: AbortSignal): Promise<void> {
  const before = await execa('stty', ['-g'], { stdin: 'inherit', timeout: STTY_MS });
  try {
    const [program = '', ...args] = command;
    const ended = await execa('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
      stdio: 'inherit',
      reject: false,
      cancelSignal: signal,
      killSignal: 'SIGKILL',
    });
    signal.throwIfAborted();
    if (ended.failed) throw new InfraError(`QEMU ended with ${ended.signal ?? `status ${ended.exitCode ?? '?'}`}`);
  } finally {
    await execa('stty', [before.stdout], { stdin: 'inherit', reject: false, timeout: STTY_MS });
  }
}

async function shell(object: string | undefined, options: ShellOptions, signal: AbortSignal): Promise<void> {
  if (!process.stdout.isTTY)
    throw new UserError('a shell on a terminal needs standard output to be one; "shell -c COMMAND" and a script on standard input do not');
  const files = [...(await shellTools(note)), ...(await objectFile(object))];
  const from = sourcesOf(options);
  const image = await oneKernel(options.kernel, from, signal);
  const [boot] = bootImages(image);
  if (!boot || image.arch !== 'x86_64') throw new UserError(`${image.id}: guests of architecture ${image.arch} cannot be run yet`);
  const folder = await makeWorkFolder();
  const directory = folder.path;
  try {
    const { line } = await qemuVersion();
    const agent = await ensureAgent({ onNote: note, ...from });
    const { accel } = await chooseAccel(options.accel, {
      qemuVersion: line,
      outcomeFile: join(cacheRoot(), 'accel.json'),
      qemuProgram: QEMU_PROGRAM,
      images: bootImages(image),
      initramfs: await prepareInitramfs(agent, null, directory),
      directory: join(directory, 'probe'),
      signal,
    });
    const machine = machineFor('x86_64', accel);
    const initramfs = join(directory, 'initramfs.cpio');
    const ram = join(directory, 'ram');
    const mailbox = join(directory, 'mailbox');
    const { rows, columns } = process.stdout;
    const greeting = `"exit", or Ctrl-A X, leaves ${image.id}.${object === undefined ? '' : ` Here is ${basename(object)}: bpftool prog loadall ${basename(object)} /sys/fs/bpf/x`}`;
    const terminal = { rows: rows || 24, columns: columns || 80, type: process.env['TERM'] ?? 'vt100' };
    await writeFile(initramfs, shellInitramfs([...files, ...(await configFile(image))], terminal, greeting));
    await sparseFile(ram, machine.memoryMiB);
    await sparseFile(mailbox, machine.mailboxMiB);
    const args = qemuArguments(machine, { ram, mailbox, private: false }, { kernel: boot.path, initramfs });
    await onTerminal(standaloneCommand([QEMU_PROGRAM, ...args], directory, 'raw'), signal);
  } finally {
    await folder.remove();
  }
}

/** Runs a command, or the script on standard input, without a terminal. */
async function runScript(script: string, object: string | undefined, options: ShellOptions): Promise<void> {
  const { kernel, accel, timeout } = options;
  const program = await shellCommand({ script, object, timeoutMs: timeout * 1000, note });
  const command = ['corematrix', ...process.argv.slice(2)];
  let output: PrintedBytes | null = null;
  const onPrinted = (printed: PrintedBytes) => (output = printed);
  const plan = { object: program, selectors: [kernel], sources: sourcesOf(options), accel };
  const request = { ...plan, verbose: false, many: false, command, onPrinted };
  await interruptible({
    onInterrupt: () => process.stderr.write('interrupted\n'),
    work: async (signal) => runExecutable(request, signal),
    save: async (results) => {
      const [only] = results.cells;
      if (only) await passOn({ results, cell: only, output }, 'shell');
    },
  });
}

async function openShell(object: string | undefined, options: ShellOptions): Promise<void> {
  await checkGuestMachine();
  const script = options.command ?? (process.stdin.isTTY ? null : await scriptFromInput());
  if (script !== null) return runScript(script, object, options);
  return untilInterrupted(async (signal) => shell(object, options, signal));
}

/** Adds `shell` to the command line. */
export function addShellCommand(program: Command): void {
  const command = program
    .command('shell')
    .summary('open a terminal in a guest, with busybox, bpftool and an object')
    .description(
      'Boots a kernel and opens a root shell in it on this terminal, with busybox and bpftool of this machine. Without a terminal it runs a ' +
        'command or a script. Changes in the guest are lost when it ends.',
    )
    .argument('[object]', 'file to copy to /root in the guest')
    .requiredOption('-k, --kernel <selector>', `kernel: ${SELECTOR_FORMS}`)
    .addOption(accelOption())
    .option('-c, --command <text>', 'run this command of the shell without a terminal; its output and exit status are passed on')
    .option('--timeout <seconds>', 'time limit of a command or script, in seconds', seconds, DEFAULT_TIMEOUT)
    .action(openShell);
  addTrustOptions(command);
  addHelp(command, {
    notes: [
      '"exit" or Ctrl-A X ends the guest. Ctrl-C and all other keys go to the guest.',
      'With -c, or if standard input is not a terminal, the command or the script on standard input runs in the guest, and its exit status is\n' +
        'that of this command. With -c, standard input is not read.',
    ],
    exit: { asExpected: 'the guest ended, or the command ended with 0', infrastructure: 'the guest did not boot, or QEMU failed' },
    examples: [
      'corematrix shell -k debian:6.12',
      'corematrix shell -k debian:5.10 build/prog.bpf.o',
      "corematrix shell -k debian:6.12 -c 'bpftool feature probe kernel'",
      'corematrix shell -k debian:6.12 build/prog.bpf.o < check.sh',
    ],
  });
}
