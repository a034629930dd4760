// Tests of the check of the structure, as a process: its whole output for small planted trees.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rooms-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The output and the exit code of the check for a tree of these files (path and text). */
async function checked(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(folder, 'tree-'));
  await execa('git', ['init', '-q'], { cwd: root });
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const { exitCode, all } = await execa('node', [join(PACKAGE_ROOT, '.ci/rooms.mjs'), root], { all: true, reject: false });
  // Each new room changes the number.
  return `${all.replace(/ in \d+ rooms/, ' in N rooms')}\n[exit ${exitCode}]`;
}

test('a tree in which every import leads down passes the check', async () => {
  const tree = {
    'harness/base/text.ts': 'export const text = 1;\n',
    'harness/base/lines.ts': "import { text } from './text.ts';\nexport const lines = text;\n",
    'harness/bpf/elf/elf.ts': "import { lines } from '../../base/lines.ts';\nexport type Elf = typeof lines;\n",
    'harness/cli/main.ts':
      "import { readFile } from 'node:fs';\nexport type { Elf } from '../bpf/elf/elf.ts';\nawait import('../base/text.ts');\nreadFile;\n",
    'harness/guest/agent/init.c': '#include <stdio.h>\n#include "init.h"\n#include "frames.h"\n#include "nowhere.h"\n',
    'harness/guest/agent/init.h': '#include "frames.h"\n',
    'harness/guest/agent/frames.h': '',
  };
  expect(await checked(tree)).toMatchInlineSnapshot(`
    "4 files in N rooms, 4 imports: 0 back arrows, 0 circles
    [exit 0]"
  `);
});

test('an import from a room above is named with its line, in every form of import', async () => {
  const tree = {
    'harness/cli/exit.ts': 'export const exit = 1;\n',
    'harness/base/text.ts': "// The ground.\nimport { exit } from '../cli/exit.ts';\nexit;\n",
    'harness/bpf/elf.ts': "import type { Exit } from '../cli/exit.ts';\nexport type Elf = Exit;\n",
    'kernels/plan.ts': "export { exit } from '../harness/cli/exit.ts';\n",
    'reports/html/page.ts': "export const page = async () => import('../../harness/cli/exit.ts');\n",
  };
  expect(await checked(tree)).toMatchInlineSnapshot(`
    "harness/base/text.ts:2 imports harness/cli/exit.ts: harness/base is below harness/cli
    harness/bpf/elf.ts:1 imports harness/cli/exit.ts: harness/bpf is below harness/cli
    kernels/plan.ts:1 imports harness/cli/exit.ts: kernels is below harness/cli
    reports/html/page.ts:1 imports harness/cli/exit.ts: reports is below harness/cli
    5 files in N rooms, 4 imports: 4 back arrows, 0 circles
    [exit 1]"
  `);
});

test('a file outside all rooms is named', async () => {
  const tree = { 'harness/attic/box.ts': 'export const box = 1;\n', 'test/harness/attic/box.test.ts': '' };
  expect(await checked(tree)).toMatchInlineSnapshot(`
    "harness/attic/box.ts is in no room: add its folder to ROOMS in .ci/rooms.mjs
    1 files in N rooms, 0 imports: 0 back arrows, 0 circles
    [exit 1]"
  `);
});

test('folders that import each other are named, even if no files form a circle', async () => {
  const tree = {
    'reports/html/page.ts': "import '../summary.ts';\n",
    'reports/html/data.ts': 'export const data = 1;\n',
    'reports/summary.ts': 'export const summary = 1;\n',
    'reports/write.ts': "import './html/data.ts';\n",
  };
  expect(await checked(tree)).toMatchInlineSnapshot(`
    "folders form a circle: reports, reports/html
      reports/html/page.ts:1 imports reports/summary.ts
      reports/write.ts:1 imports reports/html/data.ts
    4 files in N rooms, 2 imports: 0 back arrows, 1 circles
    [exit 1]"
  `);
});

test('files that import each other are named, even if they are in one folder', async () => {
  const tree = {
    'harness/run/a.ts': "import './b.ts';\n",
    'harness/run/b.ts': "import './c.ts';\n",
    'harness/run/c.ts': "\nimport './a.ts';\n",
    'harness/run/outside.ts': "import './a.ts';\n",
  };
  expect(await checked(tree)).toMatchInlineSnapshot(`
    "files form a circle: harness/run/a.ts, harness/run/b.ts, harness/run/c.ts
      harness/run/a.ts:1 imports harness/run/b.ts
      harness/run/b.ts:1 imports harness/run/c.ts
      harness/run/c.ts:2 imports harness/run/a.ts
    4 files in N rooms, 4 imports: 0 back arrows, 1 circles
    [exit 1]"
  `);
});

test('files that import only types from each other form a circle, too', async () => {
  const tree = {
    'harness/plan/cell.ts': "import type { Plan } from './plan.ts';\nexport type Cell = Plan;\n",
    'harness/plan/plan.ts': "import type { Cell } from './cell.ts';\nexport type Plan = Cell[];\n",
  };
  expect(await checked(tree)).toMatchInlineSnapshot(`
    "files form a circle: harness/plan/cell.ts, harness/plan/plan.ts
      harness/plan/cell.ts:1 imports harness/plan/plan.ts
      harness/plan/plan.ts:1 imports harness/plan/cell.ts
    2 files in N rooms, 2 imports: 0 back arrows, 1 circles
    [exit 1]"
  `);
});

test('C files that include each other through their headers are named', async () => {
  const tree = {
    'harness/guest/agent/load.c': '#include "load.h"\n#include "command.h"\n',
    'harness/guest/agent/load.h': '',
    'harness/guest/agent/command.c': '#include <stdio.h>\n#  include "load.h"\n',
    'harness/guest/agent/command.h': '',
  };
  expect(await checked(tree)).toMatchInlineSnapshot(`
    "C files form a circle: harness/guest/agent/command, harness/guest/agent/load
      harness/guest/agent/command.c:2 imports harness/guest/agent/load.h
      harness/guest/agent/load.c:2 imports harness/guest/agent/command.h
    0 files in N rooms, 0 imports: 0 back arrows, 1 circles
    [exit 1]"
  `);
});

test('every fault of a tree is printed', async () => {
  const tree = {
    'harness/attic/box.ts': 'export const box = 1;\n',
    'harness/base/text.ts': "import '../cli/exit.ts';\n",
    'harness/cli/exit.ts': "import '../base/text.ts';\n",
  };
  expect(await checked(tree)).toMatchInlineSnapshot(`
    "harness/attic/box.ts is in no room: add its folder to ROOMS in .ci/rooms.mjs
    harness/base/text.ts:1 imports harness/cli/exit.ts: harness/base is below harness/cli
    folders form a circle: harness/base, harness/cli
      harness/base/text.ts:1 imports harness/cli/exit.ts
      harness/cli/exit.ts:1 imports harness/base/text.ts
    files form a circle: harness/base/text.ts, harness/cli/exit.ts
      harness/base/text.ts:1 imports harness/cli/exit.ts
      harness/cli/exit.ts:1 imports harness/base/text.ts
    3 files in N rooms, 2 imports: 1 back arrows, 2 circles
    [exit 1]"
  `);
});
