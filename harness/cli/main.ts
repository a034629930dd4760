#!/usr/bin/env node
// Starts the command line, but only in a folder that exists, and if enough files may be open: to load the modules of a command, Node.js opens
// up to a hundred at once.
import { EXIT } from './exit-codes.ts';
import { openFilesTrouble } from './open-files.ts';

/** Names in the current folder mean nothing once it is removed. */
function folderTrouble(): string | null {
  try {
    process.cwd();
    return null;
  } catch (error) {
    // The command reports any other error.
    const isRemoved = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isRemoved ? 'the current folder was removed; change to a folder that exists' : null;
  }
}

const trouble = openFilesTrouble() ?? folderTrouble();
if (trouble === null) {
  const { runCommandLine } = await import('./command-line.ts');
  await runCommandLine();
} else {
  process.stderr.write(`error: ${trouble}\n`);
  process.exitCode = EXIT.infrastructure;
}
