// Tests of the help of every command: description, arguments, options, exit codes and examples.
import type { Command } from 'commander';
import { beforeAll, describe, expect, it } from 'vitest';
import { helpFactsOf } from '../../../harness/cli/help.ts';
import { buildProgram } from '../../../harness/cli/program.ts';
import { corematrix } from './command.ts';

interface Named {
  name: string;
  command: Command;
}

function withOwn(command: Command, before: readonly string[] = []): Named[] {
  const words = [...before, command.name()];
  return [{ name: words.join(' '), command }, ...command.commands.flatMap((own) => withOwn(own, words))];
}

let program: Command;
let commands: Named[] = [];
beforeAll(async () => {
  program = await buildProgram();
  commands = withOwn(program);
});

/** Names of the commands that fail a check. */
const faulty = (check: (named: Named) => readonly string[]) =>
  commands.flatMap((named) => check(named).map((what) => `${named.name}: ${what}`));

/** Splits a line into words as a shell does, with the kinds of quotes that the examples use. */
const wordsOf = (line: string) =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain ?? '');

describe('the help', () => {
  it('the help covers all commands', () => {
    expect(commands.map(({ name }) => name)).toMatchInlineSnapshot(`
      [
        "corematrix",
        "corematrix init",
        "corematrix doctor",
        "corematrix setup",
        "corematrix kernels",
        "corematrix kernels list",
        "corematrix kernels pull",
        "corematrix kernels lock",
        "corematrix kernels outdated",
        "corematrix kernels update",
        "corematrix kernels prune",
        "corematrix plan",
        "corematrix run",
        "corematrix rerun",
        "corematrix floor",
        "corematrix exec",
        "corematrix shell",
        "corematrix predict",
        "corematrix explain",
        "corematrix types",
        "corematrix types show",
        "corematrix types diff",
        "corematrix report",
        "corematrix merge",
        "corematrix expectations",
        "corematrix expectations update",
      ]
    `);
  });

  it('the help has a summary phrase and a description in full sentences for every command', () => {
    expect(faulty(({ command }) => (/^[A-Z].*[.]$/su.test(command.description()) ? [] : [command.description()]))).toEqual([]);
    expect(faulty(({ command }) => (command === program || /^[a-z].*[^.]$/u.test(command.summary()) ? [] : [command.summary()]))).toEqual(
      [],
    );
  });

  it('the help describes every argument and option', () => {
    const nameless = faulty(({ command }) => [
      ...command.registeredArguments.filter(({ description }) => description === '').map((argument) => argument.name()),
      ...command.options.filter(({ description }) => description === '').map(({ flags }) => flags),
    ]);
    expect(nameless).toEqual([]);
  });

  it('the help has exit codes for every command without subcommands', () => {
    const leaves = ({ command }: Named) => command.commands.length === 0;
    expect(faulty((named) => (leaves(named) && !helpFactsOf(named.command)?.exit ? ['no exit codes'] : []))).toEqual([]);
  });

  it('the help has examples with the command and only its own options', () => {
    const faults = faulty(({ name, command }) => {
      const examples = helpFactsOf(command)?.examples ?? [];
      if (examples.length === 0) return ['no example'];
      // Another tool may start the command, in quotes; what follows an executable is for the executable.
      const lines = examples.map((line) => (/'(corematrix [^']+)'/.exec(line)?.[1] ?? line).replace(/(?<=^corematrix exec .*) \.\/.*/, ''));
      return lines.flatMap((line) => {
        const target = commands.findLast((one) => `${line} `.startsWith(`${one.name} `))?.command;
        if (!target || !`${line} `.startsWith(`${name} `)) return [line];
        const flags = wordsOf(line)
          .map((word) => word.split('=')[0] ?? '')
          .filter((word) => word.startsWith('-'));
        return flags
          .filter((flag) => !target.options.some(({ short, long }) => flag === short || flag === long))
          .map((flag) => `${line}: ${flag}`);
      });
    });
    expect(faults).toEqual([]);
  });

  it('the help of plan and run groups options by theme', () => {
    const groupsOf = (name: string) => {
      const command = commands.find((one) => one.name === name)?.command;
      return [...new Set(command?.options.map(({ helpGroupHeading }) => helpGroupHeading))];
    };
    expect([groupsOf('corematrix plan'), groupsOf('corematrix run')]).toEqual([
      ['What to run:', 'Output:'],
      ['What to run:', 'How to run it:', 'What counts as a failure:', 'What to write:'],
    ]);
  });

  it('the help of a command with subcommands is shown for every form of the request', async () => {
    const { exitCode, stdout } = await corematrix('.', ['kernels', 'prune', '--help'], { COLUMNS: '100' });
    expect(exitCode).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "Usage: corematrix kernels prune [options]

      Removes kernels, snapshots and downloads that were not used for some time, and
      what killed processes left behind.

      Options:
        --keep-days <n>  keep files that were used in the last n days (default: 30)
        --all            remove everything that can be made again
        --dry-run        only show what would be removed
        -h, --help       display help for command

      Exit codes:
        0    removed, or nothing to remove
        2    wrong usage or configuration, or an input that cannot be used
        3    some entries belong to another user, or the disk is read-only

      Examples:
        corematrix kernels prune --dry-run
        corematrix kernels prune --keep-days 7"
    `);
  });
});
