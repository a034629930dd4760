// `corematrix shell`: opens a terminal in a guest, with tools of this machine and an object.
import { access, constants, writeFile } from 'node:fs/promises';
import { basename, delimiter, join } from 'node:path';
import type { Command } from 'commander';
import { execa } from 'execa';
import { cacheRoot } from '../base/files.ts';
import { CONFIG_FILE } from '../../kernels/cache/config.ts';
import { planKernels } from '../../kernels/plan.ts';
import { type KernelImage, pullKernel } from '../../kernels/pull.ts';
import { InfraError, messageOf, UserError } from '../base/errors.ts';
import { readUserFile } from '../base/user-file.ts';
import { chooseAccel } from '../guest/accel.ts';
import { sparseFile } from '../guest/boot.ts';
import { type Accel, machineFor, qemuArguments } from '../guest/machine.ts';
import { type ShellFile, shellInitramfs } from '../guest/shell-files.ts';
import { standaloneCommand } from '../guest/standalone.ts';
import { librariesOf, readExecutable } from '../plan/packing/libraries.ts';
import { prepareInitramfs } from '../guest/agent.ts';
import { checkGuestSystem, QEMU_PROGRAM, qemuVersion } from '../run/host.ts';
import { bootImages } from '../run/kernel.ts';
import { makeWorkFolder } from '../run/work-folder.ts';
import { ensureAgent } from '../setup/agent.ts';
import { addHelp } from './help.ts';
import { untilInterrupted } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { accelOption } from './options.ts';
import { SELECTOR_FORMS } from './selector-help.ts';
import type { Sources } from '../library/sources.ts';
import { addTrustOptions, sourcesOf, type TrustFlags } from './trust-options.ts';

interface ShellOptions extends TrustFlags {
  kernel: string;
  accel: Accel | 'auto';
}

/** Debian keeps bpftool where only root's PATH looks. */
const PATH = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
/** A guest has 512 MiB of memory for everything. */
const MAX_FILE = 128 << 20;
/** The default folder of the guest's dynamic linker. */
const LIBRARIES = 'usr/lib';

function note(text: string): void {
  writeLine(process.stderr, `note: ${text}`);
}

async function findProgram(name: string): Promise<string | null> {
  for (const folder of PATH.filter((each) => each !== '')) {
    const file = join(folder, name);
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return null;
}

/** A program of this machine with its libraries. */
async function packed(file: string): Promise<ShellFile[]> {
  const { bytes, elf } = await readExecutable(file, file);
  const libraries = await librariesOf(file, elf, { folder: LIBRARIES, extra: [], shown: file });
  return [{ path: `bin/${basename(file)}`, bytes, executable: true }, ...libraries];
}

async function tools(): Promise<ShellFile[]> {
  const busybox = await findProgram('busybox');
  if (busybox === null)
    throw new InfraError('busybox is not installed, and a guest has no other shell; on Debian, as root: apt-get install busybox-static');
  const bpftool = await findProgram('bpftool');
  if (bpftool === null) note('bpftool is not installed, so the guest has none; on Debian, as root: apt-get install bpftool');
  const files = await packed(busybox);
  // Scripts, such as one that chooses a program by kernel, are useless in the guest.
  const more = bpftool === null ? [] : await packed(bpftool).catch((error: unknown) => (note(messageOf(error)), []));
  return [...files, ...more];
}

async function objectFile(path: string | undefined): Promise<ShellFile[]> {
  if (path === undefined) return [];
  const bytes = await readUserFile(path, { kind: 'a file for a guest', maxBytes: MAX_FILE });
  return [{ path: `root/${basename(path)}`, bytes, executable: false }];
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
  checkGuestSystem();
  if (!process.stdin.isTTY || !process.stdout.isTTY) throw new UserError('a shell needs a terminal; standard input or output is none');
  const files = [...(await tools()), ...(await objectFile(object))];
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
    const machine = machineFor(accel);
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

/** Adds `shell` to the command line. */
export function addShellCommand(program: Command): void {
  const command = program
    .command('shell')
    .summary('open a terminal in a guest, with busybox, bpftool and an object')
    .description(
      'Boots a kernel and opens a root shell in it on this terminal, with busybox and bpftool of this machine. Changes in the guest are ' +
        'lost when it ends.',
    )
    .argument('[object]', 'file to copy to /root in the guest')
    .requiredOption('-k, --kernel <selector>', `kernel: ${SELECTOR_FORMS}`)
    .addOption(accelOption())
    .action(async (object: string | undefined, options: ShellOptions) =>
      untilInterrupted(async (signal) => shell(object, options, signal)),
    );
  addTrustOptions(command);
  addHelp(command, {
    notes: ['"exit" or Ctrl-A X ends the guest. Ctrl-C and all other keys go to the guest.'],
    exit: { asExpected: 'the guest ended', infrastructure: 'the guest did not boot, or QEMU failed' },
    examples: ['corematrix shell -k debian:6.12', 'corematrix shell -k debian:5.10 build/prog.bpf.o'],
  });
}
