// Runs the built program on real guests, with the faults of a schedule.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { InfraError } from '../../harness/base/errors.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import type { Results } from '../../harness/results/schema.ts';
import { QEMU_PROGRAM } from '../../harness/run/host.ts';
import { readResults } from '../../reports/json.ts';
import { linkedCache, sample } from '../harness/run/real-run.ts';
import { FAULTS, type FaultName, PHASES } from './faults.ts';
import type { ChaosEvent, EndedRun, Observed } from './observed.ts';
import type { Schedule } from './schedule.ts';

const KERNEL = 'debian:5.10';
/** Small objects with different verdicts, in the order in which cells are taken. */
const OBJECTS = ['exec_watch', 'task_state', 'verifier_limits', 'new_helpers', 'rss_stat', 'missing_types', 'array_length', 'constants'];
export const MOST_CELLS = OBJECTS.length;
const PATIENCE_MS = 600_000;
const CHAOS = join(PACKAGE_ROOT, 'test/chaos');

/** The parts that all runs of one command share: a cache with a snapshot, and the results without faults. */
export interface Chaos {
  folder: string;
  cells: number;
  /** The path of the program: dist/harness/cli/main.js of this package or of another one. */
  main: string;
  undisturbed: Results;
}

const isFault = (name: unknown): name is FaultName => typeof name === 'string' && name in FAULTS;
const eventSchema = z.object({
  run: z.number(),
  guest: z.string(),
  fault: z.custom<FaultName>(isFault).optional(),
  phase: z.enum(PHASES).optional(),
  time: z.number().optional(),
});

/** Runs the program once in a folder that has everything it uses. */
async function runProgram(folder: string, { main, cells }: Pick<Chaos, 'main' | 'cells'>, number: number): Promise<EndedRun> {
  const { PATH = '' } = process.env;
  const options = ['--no-cache', '--jobs', '1', '--accel', 'tcg', '--out', join(folder, 'report'), ...(number > 1 ? ['--resume'] : [])];
  const { exitCode = null, stderr } = await execa(
    process.execPath,
    ['--import', join(CHAOS, 'clock.mjs'), main, 'run', ...OBJECTS.slice(0, cells).map(sample), '-k', KERNEL, ...options],
    {
      cwd: folder,
      env: {
        PATH: `${join(folder, 'bin')}:${PATH}`,
        REAL_PATH: PATH,
        CHAOS_FOLDER: folder,
        CHAOS_RUN: String(number),
        COREMATRIX_CACHE: join(folder, 'cache'),
        TMPDIR: join(folder, 'tmp'),
        GITHUB_ACTIONS: '',
      },
      reject: false,
      stdin: 'ignore',
      timeout: PATIENCE_MS,
    },
  );
  const file = join(folder, 'report/results.json');
  const text = await readFile(file, 'utf8').catch(() => null);
  return { exitCode, stderr, results: text === null ? null : readResults(text, file) };
}

/** Makes a folder with a private cache, which has the kernels of the machine, and with a QEMU that causes the planned faults. */
async function makeFolder(path: string, { faults, cold }: Pick<Schedule, 'faults' | 'cold'>, snapshots: string | null): Promise<void> {
  await mkdir(path);
  for (const name of ['bin', 'tmp']) await mkdir(join(path, name));
  await linkedCache(join(path, 'cache'));
  if (!cold && snapshots !== null) await execa('cp', ['-al', snapshots, join(path, 'cache')]);
  await mkdir(join(path, 'cache/snapshots'), { recursive: true });
  await writeFile(join(path, 'plan.json'), JSON.stringify(faults));
  await writeFile(join(path, 'events'), '');
  const qemu = join(path, 'bin', QEMU_PROGRAM);
  await writeFile(qemu, `#!/bin/sh\nexec '${process.execPath}' '${join(CHAOS, 'chaos-qemu.mjs')}' "$@"\n`);
  await chmod(qemu, 0o755);
}

async function eventsIn(folder: string): Promise<ChaosEvent[]> {
  const text = await readFile(join(folder, 'events'), 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [eventSchema.parse(JSON.parse(line))]));
}

/** Leftovers of an ended program, one line each: temporary files, unfinished files of the cache, and guests. */
async function leftIn(folder: string): Promise<string[]> {
  const files = await readdir(join(folder, 'tmp'));
  const snapshots = (await readdir(join(folder, 'cache/snapshots'))).filter((name) => !/^[0-9a-f]{32}$/.test(name));
  const { stdout } = await execa('ps', ['-eo', 'args']);
  const guests = stdout.split('\n').filter((line) => line.startsWith('qemu-system') && line.includes(`${folder}/`));
  return [...files, ...snapshots, ...guests.map((line) => line.slice(0, 100))];
}

/**
 * Runs the cells without faults, which also makes the snapshot that later runs begin with.
 * @throws InfraError if a cell has no verdict or needs a second attempt
 */
export async function prepareChaos(cells: number, main: string): Promise<Chaos> {
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  await makeFolder(join(folder, 'undisturbed'), { faults: [], cold: true }, null);
  const { results, stderr } = await runProgram(join(folder, 'undisturbed'), { main, cells }, 1);
  const unfit = results?.cells.find(({ attempts, status }) => attempts.length !== 1 || status === 'infra');
  if (!results || unfit) {
    await endChaos({ folder });
    const why = unfit ? `${unfit.object} has ${JSON.stringify(unfit.attempts)}` : stderr;
    throw new InfraError(`the run without faults failed, so no other run can be compared with it: ${why}`);
  }
  return { folder, cells, main, undisturbed: results };
}

/** Removes all files of the runs. */
export async function endChaos({ folder }: Pick<Chaos, 'folder'>): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Runs the cells with the faults of a schedule. If a fault ends the run, a second run resumes it. */
export async function runSchedule(chaos: Chaos, schedule: Schedule): Promise<Observed> {
  const folder = join(chaos.folder, `seed-${schedule.seed}`);
  await makeFolder(folder, schedule, join(chaos.folder, 'undisturbed/cache/snapshots'));
  const first = await runProgram(folder, chaos, 1);
  const ends = (await eventsIn(folder)).some(({ fault }) => fault !== undefined && FAULTS[fault].shows === 'resumed');
  const last = ends ? await runProgram(folder, chaos, 2) : first;
  return { ended: ends ? first : null, last, events: await eventsIn(folder), left: await leftIn(folder) };
}
