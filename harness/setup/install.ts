// Installs missing system packages, or says what to type.
import { InfraError } from '../base/errors.ts';
import type { ProgramCommand } from '../base/program.ts';
import { lastLines, run, secondsSince } from './command.ts';
import { installCommands, type Manager, ownManager, typedCommand } from './distribution.ts';
import { missingPackages, namesFor, type Need, type SystemPackage } from './packages.ts';

/** How a command can be run as root on this machine. */
type Root = 'directly' | 'sudo' | 'no';

/** The plan for missing packages: commands to run in turn, or advice for the user. `typed` is the command that a person types, as root. */
export type PackagePlan =
  | { kind: 'nothing' }
  | { kind: 'install'; names: string[]; commands: ProgramCommand[]; typed: string }
  | { kind: 'by-hand'; advice: string; typed: string };

function whatToType(missing: readonly SystemPackage[], manager: Manager | null): string {
  const names = namesFor(missing, manager);
  if (manager === null) return `install these packages (the names are Debian's): ${names.join(' ')}`;
  return typedCommand(manager, names);
}

/** A line about missing packages, a list with their purposes, and what to type. */
function adviceFor(missing: readonly SystemPackage[], manager: Manager | null, why: string): string {
  const shown = missing.map(({ names, purpose }) => ({ name: names[manager ?? 'apt'] ?? '-', purpose }));
  const width = Math.max(...shown.map(({ name }) => name.length));
  const count = missing.length === 1 ? '1 system package is missing' : `${missing.length} system packages are missing`;
  const list = shown.map(({ name, purpose }) => `  ${name.padEnd(width)}  ${purpose}`);
  const typed = namesFor(missing, manager).length === 0 ? [] : [`As root: ${whatToType(missing, manager)}`];
  return [`${count}, and ${why}:`, ...list, ...typed].join('\n');
}

/** Advice: a line and a list. */
function adviceError(advice: string): InfraError {
  const [message = '', ...list] = advice.split('\n');
  return new InfraError(message, { detail: list.join('\n') });
}

/** Plans how to install missing packages, with or without a known package manager and root. */
export function planPackages(missing: readonly SystemPackage[], machine: { manager: Manager | null; root: Root }): PackagePlan {
  if (missing.length === 0) return { kind: 'nothing' };
  const { manager, root } = machine;
  const typed = whatToType(missing, manager);
  const byHand = (why: string): PackagePlan => ({ kind: 'by-hand', advice: adviceFor(missing, manager, why), typed });
  if (manager === null) return byHand('the package manager of this distribution is unknown');
  if (root === 'no') return byHand('neither root nor sudo without a password is available');
  const names = namesFor(missing, manager);
  if (names.length === 0) return byHand('this distribution has no package for them');
  const asRoot = (command: ProgramCommand): ProgramCommand => (root === 'sudo' ? ['sudo', '-n', ...command] : command);
  return { kind: 'install', names, commands: installCommands(manager, names).map(asRoot), typed };
}

async function rootAccess(): Promise<Root> {
  if (process.getuid?.() === 0) return 'directly';
  const { ok } = await run(['sudo', '-n', 'true']);
  return ok ? 'sudo' : 'no';
}

/** The plan for what is missing on this machine. */
export async function planForThisMachine(need: Need): Promise<PackagePlan> {
  const missing = await missingPackages(need);
  if (missing.length === 0) return { kind: 'nothing' };
  return planPackages(missing, { manager: await ownManager(), root: await rootAccess() });
}

/**
 * Carries out a plan.
 * @throws InfraError that lists the packages if they cannot be installed from here, or that has the message of the package manager
 */
export async function installPackages(plan: PackagePlan, need: Need, onNote: (text: string) => void): Promise<void> {
  if (plan.kind === 'nothing') return;
  if (plan.kind === 'by-hand') throw adviceError(plan.advice);
  onNote(`installing ${plan.names.join(' ')}`);
  const started = performance.now();
  for (const command of plan.commands) {
    const { ok, said } = await run(command);
    if (!ok) throw new InfraError(`${command.join(' ')} failed:`, { detail: lastLines(said, 3) });
  }
  const manager = await ownManager();
  const left = (await missingPackages(need)).filter((one) => namesFor([one], manager).length > 0);
  if (left.length > 0) throw adviceError(adviceFor(left, manager, 'the package manager did not install the expected files'));
  onNote(`system packages: ${secondsSince(started)}`);
}
