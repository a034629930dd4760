// `corematrix setup`: installs the system packages that guests need, or prints the command that does.
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { InfraError, UserError } from '../base/errors.ts';
import { IS_CHECKOUT } from '../base/package-root.ts';
import { systemTrouble } from '../run/host.ts';
import { installPackages, type PackagePlan, planForThisMachine } from '../setup/install.ts';
import { addHelp } from './help.ts';
import { untilInterrupted } from './interrupt.ts';
import { writeLine } from './lines.ts';

interface SetupOptions {
  yes?: boolean;
  print?: boolean;
}

function note(text: string): void {
  writeLine(process.stderr, text);
}

/** Asks a yes-or-no question. The end of the input is a no. */
async function confirmed(question: string): Promise<boolean> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = new Promise<string>((resolve) => {
      lines.once('close', () => resolve(''));
    });
    return /^y(es)?$/i.test((await Promise.race([lines.question(question), ended])).trim());
  } finally {
    lines.close();
  }
}

/** @throws InfraError if the user must type the command, or does not want it */
async function confirm(plan: Extract<PackagePlan, { kind: 'install' }>, yes: boolean): Promise<void> {
  if (yes) return;
  const advice = `as root: ${plan.typed}`;
  if (!process.stdin.isTTY) throw new InfraError(`packages are missing; "corematrix setup --yes" installs them, or type ${advice}`);
  note(`This will be run ${advice}`);
  if (!(await confirmed('Install these packages? [y/N] '))) throw new InfraError('nothing was installed, and packages are missing');
}

async function setup({ yes = false, print = false }: SetupOptions): Promise<void> {
  if (yes && print) throw new UserError('--yes installs packages and --print only prints; choose one');
  const trouble = systemTrouble();
  if (trouble !== null) {
    note(`nothing to install: ${trouble}`);
    return;
  }
  await untilInterrupted(async () => {
    const need = IS_CHECKOUT ? 'checkout' : 'use';
    const plan = await planForThisMachine(need);
    if (plan.kind === 'nothing') note('nothing is missing; "corematrix doctor" checks whether guests boot');
    else if (print) writeLine(process.stdout, plan.typed);
    else {
      if (plan.kind === 'install') await confirm(plan, yes);
      await installPackages(plan, need, note);
    }
  });
}

/** Adds `setup` to the command line. */
export function addSetupCommand(program: Command): void {
  const command = program
    .command('setup')
    .summary('install the system packages that guests need')
    .description(
      'Installs the system packages that guests need and that are missing: QEMU, and the tools that end and lock its processes. Asks first. ' +
        'On a distribution that it does not know, or without root, it prints what to type.',
    )
    .option('-y, --yes', 'install without a question')
    .option('--print', 'only print the command, to be run as root')
    .action(setup);
  addHelp(command, {
    exit: {
      asExpected: 'nothing is missing now, or the command is printed',
      infrastructure: 'packages are missing and were not installed',
    },
    examples: ['corematrix setup', 'corematrix setup --yes', 'corematrix setup --print'],
  });
}
