// `corematrix doctor`: checks this machine and prints the commands that fix what is missing.
import { paint, type Style } from '../../reports/terminal/paint.ts';
import type { Command } from 'commander';
import { cacheRoot } from '../base/files.ts';
import { examine } from '../doctor/checks.ts';
import type { Finding } from '../doctor/finding.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp } from './help.ts';
import { interruptible } from './interrupt.ts';
import { writeLine } from './lines.ts';
import { isColoured } from './screen.ts';

const STYLE = { ok: 'green', warning: 'yellow', broken: 'red' } as const satisfies Record<Finding['state'], Style>;
const STATE_WIDTH = 9;
const WHAT_WIDTH = 17;

function show({ what, state, found, advice }: Finding): void {
  process.stdout.write(paint(state.padEnd(STATE_WIDTH), STYLE[state], { colour: isColoured(process.stdout) }));
  writeLine(process.stdout, `${what.padEnd(WHAT_WIDTH)}${found}`);
  if (advice !== null) writeLine(process.stdout, `${' '.repeat(STATE_WIDTH + WHAT_WIDTH)}→ ${advice}`);
}

async function doctor(options: { json?: boolean }): Promise<void> {
  const json = options.json === true;
  const findings = await interruptible({
    onInterrupt: () => undefined,
    work: async (signal) => examine({ cache: cacheRoot(), mirrors: undefined, signal }, json ? () => undefined : show),
  });
  if (json) process.stdout.write(`${JSON.stringify(findings)}\n`);
  process.exitCode = findings.some(({ state }) => state === 'broken') ? EXIT.infrastructure : EXIT.asExpected;
}

/** Adds `doctor` to the command line. */
export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .summary('check this machine and print the commands that fix what is missing')
    .description('Checks everything that a run needs, and tries it: QEMU, KVM, memory, disk, mirror, agent, and a real guest.')
    .option('--json', 'write the findings to standard output as JSON')
    .action(doctor);
  addHelp(command, {
    exit: { asExpected: 'runs work on this machine', infrastructure: 'something is missing or broken' },
    examples: ['corematrix doctor', 'corematrix doctor --json'],
  });
}
