// Loads an object of many programs that all fail, in a guest. Prints the time, and exits with 1 unless each program has its own verdict,
// errno, verifier log and relocation record.
// usage: node dist/test/bench/failing-programs.js [programs, default 10000]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheRoot } from '../../harness/base/files.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { plainSources, readInputs } from '../../harness/plan/inputs/inputs.ts';
import { logText } from '../../harness/results/logs.ts';
import type { Results } from '../../harness/results/schema.ts';
import { run } from '../../harness/run/run.ts';
import { ensureAgent } from '../../harness/setup/agent.ts';
import { generatedObject } from './generated-object.ts';

const KERNEL = 'debian:6.12';
const [PROGRAMS = 10_000] = process.argv.slice(2).map(Number);

async function load(path: string): Promise<Results> {
  const { objects, problems } = await readInputs(plainSources([path], PACKAGE_ROOT));
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const cache = cacheRoot();
  const agent = await ensureAgent({ onNote: () => {} });
  const command = ['npm', 'run', 'load:failing'];
  const request = { objects, selectors: [KERNEL], kernelOptions: { cache }, cache, agent, expectations: [], command };
  return run({ ...request, isolation: 'snapshot', accel: 'auto' }, () => {}, new AbortController().signal);
}

const folder = await mkdtemp(join(tmpdir(), 'failing-programs-'));
try {
  const path = join(folder, 'failing.bpf.o');
  await writeFile(path, generatedObject({ programs: PROGRAMS, relocations: 1, missing: 'all' }));
  const started = performance.now();
  const { cells, logs } = await load(path);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const programs = cells.flatMap((cell) => cell.programs);
  const failed = programs.filter(({ class: failure, errno }) => failure === 'core-field-missing' && errno === 22);
  const own = failed.filter(({ name, logs: { libbpf, verifier } }) => {
    const isNamed = logText(logs, libbpf).includes(`prog '${name}': BPF program load failed`);
    return isNamed && logText(logs, verifier).includes('invalid CO-RE relocation');
  });
  const reached = cells
    .flatMap(({ relocations }) => relocations)
    .filter(({ outcome, reached: by }) => outcome === 'poisoned' && by === 'yes');
  const reasons = cells.map(
    ({ status, reason, logsCut }) => `${status}: ${reason}${logsCut ? `; ${logsCut.bytes} bytes of logs are cut` : ''}`,
  );
  process.stdout.write(`${PROGRAMS} programs in ${seconds} s; ${reasons.join('; ')}\n`);
  process.stdout.write(`${failed.length} failed alone, ${own.length} with their own logs; ${reached.length} relocations were reached\n`);
  process.exitCode = [failed.length, own.length, reached.length].every((count) => count === PROGRAMS) ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
