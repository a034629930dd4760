// Tests of the check of leftovers with planted test files, each with another kind of leftover.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planted-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const path = (name: string) => JSON.stringify(join(PACKAGE_ROOT, 'test/leftovers', name));
// The workers mostly wait.
const CONFIG = `export default {
  test: { globals: true, maxWorkers: 5, globalSetup: [${path('each-run.ts')}], setupFiles: [${path('each-file.ts')}] },
};\n`;

/** The part of vitest's JSON report for each test file. */
const report = z.object({
  testResults: z.array(z.object({ name: z.string(), status: z.string(), message: z.string() })),
});

/** Runs test files (name and body) with the check, and returns the result of each, in order. */
async function guarded(files: Readonly<Record<string, string>>) {
  const root = await mkdtemp(join(folder, 'project-'));
  const temporary = join(root, 'tmp');
  await mkdir(temporary);
  await writeFile(join(root, 'vitest.config.mjs'), CONFIG);
  for (const [name, body] of Object.entries(files)) await writeFile(join(root, `${name}.test.mjs`), body);
  const vitest = join(PACKAGE_ROOT, 'node_modules/vitest/vitest.mjs');
  const { exitCode, stdout, stderr } = await execa('node', [vitest, 'run', '--root', root, '--reporter=json'], {
    env: { TMPDIR: temporary },
    reject: false,
  });
  const steady = (text: string) =>
    text
      .replaceAll(/\S*\/cm-\w+/g, '<run>')
      .replaceAll(/-[0-9a-f]{6}\b/g, '-<random>')
      .replaceAll(/process \d+/g, 'process <pid>')
      .replaceAll(/port \d+/g, 'port <number>');
  const results = report.parse(JSON.parse(stdout)).testResults.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return {
    exitCode,
    files: results.map(({ name, status, message }) => [name.slice(root.length + 1), status, ...steady(message).split('\n')]),
    run: steady(stderr).split('\n'),
  };
}

/** A machine that waits forever and outlives its test. */
const QEMU = `
import { spawn } from 'node:child_process';
const start = (...args) => spawn('qemu-system-x86_64', ['-machine', 'none', '-display', 'none', ...args], { detached: true, stdio: 'ignore' }).unref();
`;

test('a test file that cleans up after itself passes', async () => {
  const tidy = `
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
test('works in a folder', () => rmSync(mkdtempSync(join(tmpdir(), 'work-')), { recursive: true }));
`;
  expect(await guarded({ tidy })).toMatchInlineSnapshot(`
    {
      "exitCode": 0,
      "files": [
        [
          "tidy.test.mjs",
          "passed",
          "",
        ],
      ],
      "run": [
        "",
      ],
    }
  `);
});

test('a QEMU process, a folder and a listening socket fail the test file that left them behind', async () => {
  const files = {
    folder: `
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
test('forgets a folder', () => mkdirSync(join(tmpdir(), 'corematrix-work')));
`,
    listening: `${QEMU}test('forgets a machine with a monitor', () => start('-monitor', 'tcp:127.0.0.1:0,server=on,wait=off'));\n`,
    qemu: `${QEMU}test('forgets a machine', () => start());\n`,
    server: `
import { createServer } from 'node:http';
test('forgets a server', () => new Promise((resolve) => { createServer().listen(0, '127.0.0.1', resolve); }));
`,
    unix: `
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
test('forgets a socket', () => new Promise((resolve) => { createServer().listen(join(tmpdir(), 'socket'), resolve); }));
`,
  };
  expect(await guarded(files)).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "files": [
        [
          "folder.test.mjs",
          "failed",
          "this test file left something behind:",
          "  file <run>/folder.test.mjs-<random>/corematrix-work",
        ],
        [
          "listening.test.mjs",
          "failed",
          "this test file left something behind:",
          "  process <pid>: qemu-system-x86_64 -machine none -display none -monitor tcp:127.0.0.1:0,server=on,wait=off",
          "  process <pid> listens on TCP port <number>",
        ],
        [
          "qemu.test.mjs",
          "failed",
          "this test file left something behind:",
          "  process <pid>: qemu-system-x86_64 -machine none -display none",
        ],
        [
          "server.test.mjs",
          "failed",
          "this test file left something behind:",
          "  the test process listens on TCP port <number>",
        ],
        [
          "unix.test.mjs",
          "failed",
          "this test file left something behind:",
          "  file <run>/unix.test.mjs-<random>/socket",
          "  the test process listens on socket <run>/unix.test.mjs-<random>/socket",
        ],
      ],
      "run": [
        "",
      ],
    }
  `);
});

test('a leftover outside the folder of a test file fails the run', async () => {
  const stray = `
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
test('writes elsewhere', () => mkdirSync(join(process.env.COREMATRIX_TEST_RUN, 'stray')));
`;
  expect(await guarded({ stray })).toMatchInlineSnapshot(`
    {
      "exitCode": 1,
      "files": [
        [
          "stray.test.mjs",
          "passed",
          "",
        ],
      ],
      "run": [
        "the tests left something behind:",
        "  file <run>/stray",
      ],
    }
  `);
});

test('a leftover of a killed test process fails the run', async () => {
  const killed = `${QEMU}
test('dies', async () => {
  start();
  await new Promise((resolve) => setTimeout(resolve, 500));
  process.kill(process.pid, 'SIGKILL');
});
`;
  const { exitCode, run } = await guarded({ killed });
  expect([exitCode, run.filter((line) => line.includes('<run>') || line.includes('qemu'))]).toMatchInlineSnapshot(`
    [
      1,
      [
        "  process <pid>: qemu-system-x86_64 -machine none -display none",
      ],
    ]
  `);
});
