// `corematrix rerun`: runs one cell of a run again in a fresh boot and keeps everything.
import { access, chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { cacheRoot } from '../base/files.ts';
import { planKernels } from '../../kernels/plan.ts';
import { pullKernel } from '../../kernels/pull.ts';
import type { PlannedKernel } from '../../kernels/registered.ts';
import type { KernelOptions } from '../../kernels/sources/options.ts';
import { selectorOfKernel } from '../../kernels/selector.ts';
import { commandLine } from '../../reports/model/reproduce.ts';
import { DEFAULT_LIBBPF } from '../base/loader-name.ts';
import { messageOf, UserError } from '../base/errors.ts';
import { unlessInterrupted } from '../base/interrupted.ts';
import { standaloneCommand } from '../guest/standalone.ts';
import { sortByExpiry } from '../plan/expectations/expectations.ts';
import { findCell, type FoundCell } from '../results/find-cell.ts';
import type { KernelResult, Results } from '../results/schema.ts';
import type { RunEvent } from '../run/events.ts';
import { ensureAgents } from '../library/agents.ts';
import { CONFIG_NAME } from '../library/load-config.ts';
import type { Plan } from '../library/plan.ts';
import type { Sources } from '../library/sources.ts';
import { objectInBundle } from '../plan/bundle/read.ts';
import { BUNDLE_FILE } from '../plan/bundle/schema.ts';
import type { Expectation } from '../plan/expectations/expectation-schema.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { run } from '../run/run.ts';
import { makeWorkFolder } from '../run/work-folder.ts';
import { exitCodeOfResults } from './exit.ts';
import { checkGuestMachine } from '../setup/guest-machine.ts';
import { addHelp } from './help.ts';
import { interruptible } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { accelOption } from './options.ts';
import { showProgress } from './progress.ts';
import { readPlan } from './read-plan.ts';
import { findRecorded, foldersOf, optionOf } from './recorded.ts';
import { readResultsAt } from './results-files.ts';
import { showResults } from './show-results.ts';
import { addTrustOptions, sourcesOf, type TrustFlags } from './trust-options.ts';
import { isUntrusted, type UntrustedFlag, untrustedOption } from './untrusted.ts';

interface RerunOptions extends UntrustedFlag, TrustFlags {
  out: string;
  config?: string;
  accel: 'auto' | 'kvm' | 'tcg';
  gdb?: boolean;
}

/** Time limit while a debugger may have stopped the guest. */
const DEBUGGING_MS = 24 * 3600 * 1000;

function note(text: string): void {
  writeLine(process.stderr, `note: ${text}`);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** The configuration that a run read, if it still exists. */
async function recordedConfig(command: readonly string[], folders: readonly string[]): Promise<string | undefined> {
  const named = optionOf(command, '-c', '--config');
  if (named !== undefined)
    return findRecorded(named, null, folders).catch((error: unknown) => {
      note(`the configuration of that run was not found, so its settings are not used: ${messageOf(error)}`);
      return undefined;
    });
  const [likeliest = '.'] = folders;
  const path = join(likeliest, CONFIG_NAME);
  return (await exists(path)) ? path : undefined;
}

/** The selector of a kernel; a kernel file is found like the object. */
async function selectorNow(kernel: KernelResult, folders: readonly string[]): Promise<string> {
  const selector = selectorOfKernel(kernel);
  const [, kind, path = ''] = /^(file|deb):(.+)$/s.exec(selector) ?? [];
  return kind === undefined ? selector : `${kind}:${await findRecorded(path, null, folders)}`;
}

/** The name of a new folder: the name itself, else with a number. */
async function newFolder(parent: string, name: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  for (let copy = 1; ; copy++) {
    const path = resolve(parent, copy === 1 ? name : `${name}~${copy}`);
    if (
      await mkdir(path).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EEXIST') throw new UserError(`${path}: cannot be made: ${error.message}`);
          return false;
        },
      )
    )
      return path;
  }
}

/** The object of the cell with its settings, from its current file. */
function objectOf({ inputs }: Plan, { object }: FoundCell): RunObject {
  const own = inputs.objects.find(({ result }) => result.id === object.id);
  const found = own ?? inputs.objects[0];
  if (!own && found) note(`the configuration has no ${object.id}; ${found.result.id} instead`);
  if (!found) throw new UserError(inputs.problems[0] ?? `${object.path}: cannot be used`);
  if (found.result.sha256 !== object.sha256) note(`${object.path} is not the file it was in that run`);
  return found;
}

async function kernelOf({ kernel }: FoundCell, selector: string, options: KernelOptions): Promise<PlannedKernel> {
  const planned = await planKernels([selector], options);
  const found = planned.find(({ id }) => id === kernel.id) ?? planned[0];
  if (!found) throw new UserError(`no kernel ${selector}`);
  if (found.id !== kernel.id) note(`${kernel.id} no longer exists; using ${found.id}`);
  return found;
}

/** The cell to run again, and where it was found. */
interface Rerun {
  /** The results file. */
  file: string;
  earlier: Results;
  found: FoundCell;
  options: RerunOptions;
}

/** What runs again. */
interface Subject {
  object: RunObject;
  selector: string;
  sources: Sources;
  expectations: readonly Expectation[];
  kernelOptions: KernelOptions;
}

/** The object from the bundle in the report folder; null without a bundle. */
async function bundledSubject({ file, earlier, found, options }: Rerun): Promise<Subject | null> {
  const { id, sha256 } = found.object;
  const inBundle = await objectInBundle(dirname(file), { run: earlier.run.id, object: { id, sha256 }, untrusted: isUntrusted(options) });
  if (!inBundle) return null;
  note(
    `the ${found.object.executable ? 'executable and its files' : 'object and its settings'} are those of ${join(dirname(file), BUNDLE_FILE)}`,
  );
  const sources = sourcesOf(options);
  const selector = await selectorNow(found.kernel, foldersOf(file, earlier.run.command, undefined));
  return { ...inBundle, selector, sources, kernelOptions: { cache: cacheRoot(), ...sources } };
}

/** The object and the configuration from their files, as they are now. */
async function currentSubject({ file, earlier, found, options }: Rerun): Promise<Subject> {
  const folders = foldersOf(file, earlier.run.command, options.config);
  const object = await findRecorded(found.object.path, found.object.sha256, folders);
  const config = options.config ?? (await recordedConfig(earlier.run.command, folders));
  const selector = await selectorNow(found.kernel, folders);
  const { out, mirror, trustMirror, mirrorKey } = options;
  const plan = await readPlan([object], {
    kernel: [selector],
    loader: [found.object.loader ?? DEFAULT_LIBBPF],
    out,
    mirror,
    trustMirror,
    mirrorKey,
    ...(config !== undefined && { config }),
    ...(options.untrusted === true && { untrusted: true }),
  });
  const expectations = plan.config.config.expectations ?? [];
  return { object: objectOf(plan, found), selector, sources: plan.sources, expectations, kernelOptions: await plan.kernelOptions() };
}

/** A configuration that the user names now has precedence over the bundle. */
async function subjectOf(rerunOf: Rerun): Promise<Subject> {
  const { file, earlier, found, options } = rerunOf;
  if (found.object.executable) {
    const packed = await bundledSubject(rerunOf);
    if (!packed)
      throw new UserError(
        `${found.object.id} is an executable, and ${join(dirname(file), BUNDLE_FILE)} with its files is missing; "exec --bundle" writes it; to run it again: ${commandLine(earlier.run.command)}`,
      );
    for (const name of packed.object.executable?.variables ?? [])
      if (process.env[name] === undefined) note(`${name} had a value in that run, and is not set here, so the guest does not get it`);
    return packed;
  }
  const bundled = options.config === undefined ? await bundledSubject(rerunOf) : null;
  return bundled ?? currentSubject(rerunOf);
}

/** Writes the guest's command as a script, and removes large files without information. */
async function keepCommand(folder: string, results: Results): Promise<string | null> {
  const guests = join(folder, 'guest');
  for (const name of await readdir(guests)) await rm(join(guests, name, 'ram'), { force: true }).catch(() => undefined);
  const command = results.cells[0]?.command;
  if (!command) return null;
  const script = join(folder, 'qemu.sh');
  const text = `#!/bin/sh
# The same guest with the same request in its mailbox, its console here. It loads, and then waits: end it with Ctrl-C.
exec ${commandLine(standaloneCommand(command, folder))}
`;
  await writeFile(script, text);
  await chmod(script, 0o755);
  return script;
}

async function rerun(path: string, name: string, options: RerunOptions, command: string[]): Promise<void> {
  await checkGuestMachine();
  const { name: file, results: earlier } = await readResultsAt(path);
  const found = findCell(earlier, name);
  const out = options.out;
  const { object: subject, selector, sources, expectations, kernelOptions } = await subjectOf({ file, earlier, found, options });
  const kernel = await kernelOf(found, selector, kernelOptions);
  const image = await pullKernel(kernel, kernelOptions);
  const folder = await newFolder(out, `${kernel.id}.${subject.result.id}`);
  const sockets = options.gdb === true ? await makeWorkFolder() : null;
  const gdb = sockets && join(sockets.path, 'gdb');
  const executable = subject.executable && subject.result.path;
  const progress = showProgress(process.stderr, { verbose: true, executable });
  const emit = (event: RunEvent) => progress.onEvent(event);
  try {
    if (gdb !== null) {
      writeLine(process.stderr, 'the guest waits for a debugger before its first instruction; in another terminal:');
      writeLine(
        process.stderr,
        `  ${commandLine(['gdb', ...(image.vmlinux === null ? [] : [image.vmlinux]), '-ex', `target remote ${gdb}`])}`,
      );
    }
    const limits = gdb === null ? {} : { cellMs: DEBUGGING_MS, stallMs: DEBUGGING_MS, bootMs: DEBUGGING_MS };
    await interruptible({
      onInterrupt: () => emit({ kind: 'interrupted' }),
      work: async (signal) => {
        const agents = await unlessInterrupted(signal, ensureAgents([subject], sources, emit));
        const request = {
          objects: [subject],
          selectors: [selector],
          kernelOptions: { ...kernelOptions, signal },
          cache: cacheRoot(),
          ...agents,
          expectations: sortByExpiry(expectations, new Date()).active,
          isolation: 'boot',
          accel: options.accel,
          jobs: 1,
          limits,
          command,
          keep: { work: join(folder, 'guest'), release: found.kernel.release, gdb },
        } as const;
        return run(request, emit, signal);
      },
      save: async (results) => {
        progress.end();
        const script = await keepCommand(folder, results);
        await showResults(results, folder);
        if (script !== null) writeLine(process.stderr, `the same guest by hand: ${script}`);
        process.exitCode = exitCodeOfResults(results, 0);
      },
    });
  } finally {
    progress.end();
    await sockets?.remove();
  }
}

/** Adds `rerun` to the command line. */
export function addRerunCommand(program: Command): void {
  const command = program
    .command('rerun')
    .summary('run one cell of a report again, in a fresh boot, and keep everything')
    .description(
      'Boots the kernel of one cell again, does what the run did with its object, and keeps everything in a folder: the report, all logs, ' +
        'the mailbox, the initramfs, and the QEMU command as a script. If the report folder has a bundle (--bundle of run or exec), the object and its ' +
        'settings come from there, and without -c nothing else of the machine of the run is needed. Otherwise recorded paths are looked up ' +
        'where the run was started, in this folder, and beside the configuration and the results.',
    )
    .argument('<results>', 'results.json or report folder')
    .argument('<cell>', 'KERNEL/OBJECT, as in links of the report; the series is enough if it is unique: 6.12/task_state')
    .option('-o, --out <dir>', 'folder in which a folder for the cell is made', 'corematrix-rerun')
    .option('-c, --config <file>', 'configuration with the settings of the object (default: the one that the run used)')
    .addOption(untrustedOption())
    .addOption(accelOption())
    .option('--gdb', 'stop the guest before its first instruction and wait for gdb')
    .action(async (path: string, cell: string, options: RerunOptions) =>
      rerun(path, cell, options, ['corematrix', ...process.argv.slice(2)]),
    );
  addTrustOptions(command);
  addHelp(command, {
    exit: {
      asExpected: 'every program ended as expected',
      incompatible: 'a program failed unexpectedly, or passed although a failure is declared',
      infrastructure: 'the cell has no verdict',
      interrupted: 'interrupted with Ctrl-C; the folder has the finished parts',
    },
    examples: [
      'corematrix rerun corematrix-report 6.12/task_state',
      'corematrix rerun results.json debian-6.1.0-56-cloud-amd64/opensnoop -o /tmp/opensnoop',
      'corematrix rerun corematrix-report 5.10/opensnoop --gdb',
    ],
  });
}
