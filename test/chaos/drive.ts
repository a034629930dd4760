// Runs the built program on real guests, with the faults of a schedule.
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { InfraError } from '../../harness/base/errors.ts';
import { cacheRoot } from '../../harness/base/files.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import type { Results } from '../../harness/results/schema.ts';
import { QEMU_PROGRAM } from '../../harness/run/host.ts';
import { readResults } from '../../reports/json.ts';
import { KERNEL_FOLDERS, linkedCache, sample } from '../harness/run/real-run.ts';
import { type Disks, mountDisks, NO_DISKS } from './disks.ts';
import { DISKS, type DiskName, endingOf, FAULTS, type FaultName, filledDisk, PHASES } from './faults.ts';
import { type ChaosMirror, startChaosMirror } from './mirror.ts';
import type { ChaosEvent, EndedRun, Observed } from './observed.ts';
import type { Schedule } from './schedule.ts';

const KERNEL = 'debian:5.10';
/** Small objects with different verdicts, in the order in which cells are taken. */
const OBJECTS = ['exec_watch', 'task_state', 'verifier_limits', 'new_helpers', 'rss_stat', 'missing_types', 'array_length', 'constants'];
/** The indexes of mirrors in a cache. */
const INDEXES = 'debian';
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

/** One run: its folder holds everything that it uses. */
interface Place {
  folder: string;
  disks: Disks;
  mirror: ChaosMirror | null;
}

const isFault = (name: unknown): name is FaultName => typeof name === 'string' && name in FAULTS;
const eventSchema = z.object({
  run: z.number(),
  guest: z.string(),
  fault: z.custom<FaultName>(isFault).optional(),
  phase: z.enum(PHASES).optional(),
  time: z.number().optional(),
});

const diskOf = (folder: string, disk: DiskName) => join(folder, 'disks', disk);
/** The folder on a disk that the program uses; what fills the disk is beside it. */
const onDisk = (folder: string, disk: DiskName) => join(diskOf(folder, disk), disk);

/** Runs the program once. */
async function runProgram(
  { folder, disks, mirror }: Place,
  { main, cells }: Pick<Chaos, 'main' | 'cells'>,
  number: number,
): Promise<EndedRun> {
  const { PATH = '' } = process.env;
  const report = onDisk(folder, 'report');
  const options = ['--no-cache', '--jobs', '1', '--accel', 'tcg', '--out', report, ...(number > 1 ? ['--resume'] : [])];
  const [program, ...before] = [...disks.within(folder), process.execPath];
  const { exitCode = null, stderr } = await execa(
    program,
    [...before, '--import', join(CHAOS, 'clock.mjs'), main, 'run', ...OBJECTS.slice(0, cells).map(sample), '-k', KERNEL, ...options],
    {
      cwd: folder,
      env: {
        ...mirror?.env,
        PATH: `${join(folder, 'bin')}:${PATH}`,
        REAL_PATH: PATH,
        CHAOS_FOLDER: folder,
        CHAOS_RUN: String(number),
        COREMATRIX_CACHE: onDisk(folder, 'cache'),
        TMPDIR: onDisk(folder, 'tmp'),
        GITHUB_ACTIONS: '',
      },
      reject: false,
      stdin: 'ignore',
      timeout: PATIENCE_MS,
    },
  );
  const file = disks.outside(join(report, 'results.json'));
  const text = await readFile(file, 'utf8').catch(() => null);
  return { exitCode, stderr, results: text === null ? null : readResults(text, file) };
}

/** Makes the cache of a run. It has the kernels of the machine unless the run downloads its kernel. */
async function makeCache(path: string, { pulls }: Pick<Schedule, 'pulls'>, snapshots: string | null, linked: boolean): Promise<void> {
  await linkedCache(path, pulls ? KERNEL_FOLDERS : [INDEXES]);
  // A copy, because a program whose clock jumped writes the wrong time into it.
  if (!pulls) await execa('cp', ['-a', join(cacheRoot(), INDEXES), path]);
  if (snapshots !== null) await execa('cp', [linked ? '-al' : '-a', snapshots, path]);
  await mkdir(join(path, 'snapshots'), { recursive: true });
}

/**
 * Makes the folder of a run, with a QEMU that causes the planned faults.
 * @param snapshots the folder with the snapshots that the run begins with
 */
async function makePlace(folder: string, schedule: Omit<Schedule, 'seed'>, snapshots: string | null): Promise<Omit<Place, 'mirror'>> {
  const { faults } = schedule;
  for (const name of ['bin', ...DISKS.map((disk) => join('disks', disk))]) await mkdir(join(folder, name), { recursive: true });
  const filled = DISKS.filter((disk) => faults.some(({ fault }) => filledDisk(fault) === disk));
  const disks = filled.length === 0 ? NO_DISKS : await mountDisks(filled.map((disk) => diskOf(folder, disk)));
  await mkdir(disks.outside(onDisk(folder, 'tmp')));
  await mkdir(disks.outside(onDisk(folder, 'report')));
  await makeCache(disks.outside(onDisk(folder, 'cache')), schedule, snapshots, !filled.includes('cache'));
  await writeFile(join(folder, 'plan.json'), JSON.stringify(faults));
  await writeFile(join(folder, 'events'), '');
  const qemu = join(folder, 'bin', QEMU_PROGRAM);
  await writeFile(qemu, `#!/bin/sh\nexec '${process.execPath}' '${join(CHAOS, 'chaos-qemu.mjs')}' "$@"\n`);
  await chmod(qemu, 0o755);
  return { folder, disks };
}

async function eventsIn(folder: string): Promise<ChaosEvent[]> {
  const text = await readFile(join(folder, 'events'), 'utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [eventSchema.parse(JSON.parse(line))]));
}

/** Leftovers of an ended program, one line each: temporary files, unfinished files of the cache, and guests. */
async function leftIn({ folder, disks }: Place): Promise<string[]> {
  const files = await readdir(disks.outside(onDisk(folder, 'tmp')));
  const snapshots = await readdir(disks.outside(join(onDisk(folder, 'cache'), 'snapshots')));
  const { stdout } = await execa('ps', ['-eo', 'args']);
  const guests = stdout.split('\n').filter((line) => line.startsWith('qemu-system') && line.includes(`${folder}/`));
  return [...files, ...snapshots.filter((name) => !/^[0-9a-f]{32}$/.test(name)), ...guests.map((line) => line.slice(0, 100))];
}

/**
 * Runs the cells without faults, which also makes the snapshot that later runs begin with.
 * @throws InfraError if a cell has no verdict or needs a second attempt
 */
export async function prepareChaos(cells: number, main: string): Promise<Chaos> {
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  const place = await makePlace(join(folder, 'undisturbed'), { faults: [], cold: true, pulls: false }, null);
  const { results, stderr } = await runProgram({ ...place, mirror: null }, { main, cells }, 1);
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

/** Whether a second run must finish the cells: the first one ended early, or cells have no verdict. */
function isUnfinished({ results }: EndedRun, events: readonly ChaosEvent[]): boolean {
  const endings = events.flatMap(({ fault }) => (fault === undefined ? [] : (endingOf(fault) ?? [])));
  if (endings.includes('given-up')) return results?.cells.every(({ status }) => status !== 'infra') !== true;
  return endings.length > 0;
}

/** The mirror of a run that downloads its kernel. */
async function mirrorFor({ undisturbed }: Chaos, { pulls, faults }: Schedule, folder: string): Promise<ChaosMirror | null> {
  const [kernel] = undisturbed.kernels;
  if (!pulls || !kernel) return null;
  return startChaosMirror(kernel, { cache: cacheRoot(), faults, events: join(folder, 'events') });
}

/** Runs the cells with the faults of a schedule. If a fault ends the run, a second run resumes it. */
export async function runSchedule(chaos: Chaos, schedule: Schedule): Promise<Observed> {
  const folder = await mkdtemp(join(chaos.folder, `seed-${schedule.seed}-`));
  const snapshots = schedule.cold ? null : join(onDisk(join(chaos.folder, 'undisturbed'), 'cache'), 'snapshots');
  const made = await makePlace(folder, schedule, snapshots);
  const mirror = await mirrorFor(chaos, schedule, folder);
  const place: Place = { ...made, mirror };
  try {
    const first = await runProgram(place, chaos, 1);
    const ends = isUnfinished(first, await eventsIn(folder));
    for (const disk of DISKS) await rm(place.disks.outside(join(diskOf(folder, disk), 'filler')), { force: true });
    mirror?.mend();
    const last = ends ? await runProgram(place, chaos, 2) : first;
    return { folder, ended: ends ? first : null, last, events: await eventsIn(folder), left: await leftIn(place) };
  } finally {
    mirror?.close();
    await place.disks.end();
  }
}
