// Tests of the script of the page: one bundle, or a clear error.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { InfraError } from '../../../harness/base/errors.ts';
import { pageScript } from '../../../reports/html/script.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corematrix-script-'));
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

it('the script of the page is one readable classic script', () => {
  const script = pageScript();
  expect(() => new Script(script)).not.toThrow();
  expect(script).not.toMatch(/^\s*(?:import|export)\b/m);
  expect(script).toContain('reports/html/client/main.ts');
  expect(script).toContain('function parseFilter(query) {\n');
});

it('a missing or empty bundle is an error that names the command to run', async () => {
  const path = join(folder, 'client.js');
  const errorOf = (reason: string) =>
    new InfraError(
      `the script of the HTML report is missing: ${reason}; run "npm run build" in a clone of corematrix, or install corematrix again`,
    );
  expect(() => pageScript(path)).toThrow(errorOf(`ENOENT: no such file or directory, open '${path}'`));
  await writeFile(path, '\n');
  expect(() => pageScript(path)).toThrow(errorOf(`${path} is empty`));
});
