// Runs before each test file: gives it its own temporary folder and the environment of a user, and fails it if it leaves something behind.
import { basename } from 'node:path';
import { afterAll, expect } from 'vitest';
import { clearLeftovers, RUN_FOLDER, useOwnFolder } from './leftovers.ts';

/** Must be longer than the time limit in leftovers.ts. */
const TIMEOUT_MS = 60_000;

// A test that is about a CI system sets these itself.
for (const name of ['CI', 'GITHUB_ACTIONS', 'GITHUB_STEP_SUMMARY']) delete process.env[name];

const file = expect.getState().testPath ?? 'unknown';
const folder = await useOwnFolder(process.env[RUN_FOLDER] ?? '', basename(file, '.test.ts'));

// Hooks that are registered first run last.
afterAll(async () => {
  const left = await clearLeftovers(folder, process.pid);
  if (left.length > 0) throw new Error(`this test file left something behind:\n${left.map((line) => `  ${line}`).join('\n')}`);
}, TIMEOUT_MS);
