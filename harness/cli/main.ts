#!/usr/bin/env node
// Starts the command line, but only if enough files may be open: to load the modules of a command, Node.js opens up to a hundred at once.
import { EXIT } from './exit-codes.ts';
import { openFilesTrouble } from './open-files.ts';

const trouble = openFilesTrouble();
if (trouble === null) {
  const { runCommandLine } = await import('./command-line.ts');
  await runCommandLine();
} else {
  process.stderr.write(`error: ${trouble}\n`);
  process.exitCode = EXIT.infrastructure;
}
