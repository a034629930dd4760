// Failures on restricted machines: a locked-down kernel, a loader without capabilities, missing BTF of kernel or object, and programs with
// more instructions than the verifier accepts.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { buildPrograms } from '../../../programs/build.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { ensureLibbpf } from '../../../harness/setup/libbpf.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { explainRun } from '../../../harness/explain/of-results.ts';
import type { Explanation } from '../../../harness/results/explanation.ts';
import { agentOf, linkedCache, realRun } from '../run/real-run.ts';
import { restrictedSources } from './restricted-failures.ts';

const AGENT_SOURCE = join(PACKAGE_ROOT, 'test/harness/explain/restricted-agent/load.c');
/** libbpf is fastest with the oldest kernel; the newer one has other messages. */
const KERNELS = ['debian:5.10', 'debian:6.12'];

let folder = '';
let results: Results;
let explanation: Explanation;

async function build(): Promise<string[]> {
  const sources = join(folder, 'src');
  await mkdir(sources);
  for (const [name, source] of Object.entries(restrictedSources())) await writeFile(join(sources, `${name}.bpf.c`), source);
  const { includeDir } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
  const paths = await buildPrograms({ includeDir, onNote: () => {}, sources });
  for (const path of paths.filter((each) => each.includes('object_without_btf')))
    await execa('llvm-objcopy', ['--remove-section=.BTF', '--remove-section=.BTF.ext', path]);
  return paths;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'restricted-'));
  const paths = await build();
  const agent = await agentOf(AGENT_SOURCE, join(folder, 'agent'));
  // The user's cache must not contain snapshots with this agent.
  results = await realRun(paths, KERNELS, {
    agent,
    cache: await linkedCache(join(folder, 'cache')),
    limits: { cellMs: 600_000, bootMs: 900_000 },
  });
  const { objects } = await readInputs(plainSources(paths, folder));
  explanation = await explainRun(results, objects, cacheRoot(), (problem) => {
    throw new Error(problem);
  });
}, 1_200_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Replaces text that differs between builds. */
const steady = (text: string) => text.replaceAll(folder, 'FOLDER').replaceAll(/\b(\w+)\[\d+\]/g, '$1[N]');

describe('what a machine does not allow or have', () => {
  it('each program that a machine restricts has its class and reason on every kernel', () => {
    const verdicts = results.cells.map(({ kernel, object, programs, status, reason }) => {
      const series = results.kernels.find(({ id }) => id === kernel)?.series ?? '';
      const each = programs.map((program) =>
        steady(`${program.name}: ${program.status} ${program.stage ?? ''} ${program.class ?? ''}: ${program.reason ?? ''}`),
      );
      return [`${object} on ${series}`, each.length > 0 ? each : [steady(`${status}: ${reason ?? ''}`)]] as const;
    });
    expect(Object.fromEntries(verdicts)).toMatchSnapshot();
  });

  it('each root cause of a restricted machine has its source lines and advice', () => {
    const causes = explanation.causes.map(({ class: failure, subject, places, advice, snippet }) => ({
      cause: `${failure}: ${subject}`,
      places: places.map(
        ({ program, source }) => `${program} at ${source ? `${source.file}:${source.line} ${source.text.trim()}` : 'no line'}`,
      ),
      advice: snippet === null ? advice : [...advice, 'and a snippet'],
    }));
    expect(causes).toMatchSnapshot();
  });
});
