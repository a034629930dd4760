// Measures the memory for results with gigabytes of logs: written by a run, resumed, reported, merged. Exits with 1 if a goal is missed.
// usage: node dist/test/bench/large-results.js [MiB of logs of a run, default 2048] [most MiB of memory, default 600]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { addLog, createLogStore } from '../../harness/results/logs.ts';
import type { CellResult, Results } from '../../harness/results/schema.ts';
import { openJournal } from '../../harness/run/journal.ts';
import type { CellIdentity } from '../../harness/run/stored-cell.ts';
import { writeReportFolder } from '../../reports/folder/write.ts';
import { readResultsFile } from '../../reports/read-file.ts';

const MIB = 1 << 20;
const LOG_MIB = 8;
const MAX_MIB = 600;
const FOLDER = join(PACKAGE_ROOT, 'dist');

/** A log whose lines are in no other log. */
function largeText(number: number): string {
  const lines: string[] = [];
  for (let length = 0, line = 0; length < LOG_MIB * MIB; line += 1) {
    lines.push(`${line}: ${createHash('sha1').update(`${number} ${line}`).digest('hex')} of log ${number}`);
    length += lines.at(-1)?.length ?? 0;
  }
  return lines.join('\n');
}

const IDENTITY: CellIdentity = {
  kernelSha256: '',
  configSha256: null,
  packageModules: null,
  objectSha256: '',
  agentSha256: '',
  isolation: 'snapshot',
  plan: null,
  machine: null,
  tool: '',
};

interface Shard {
  from: number;
  to: number;
}

function cellOf(number: number, cell: CellResult, console: string | null): CellResult {
  const programs = cell.programs.map((program) => ({ ...program, logs: { libbpf: null, verifier: null } }));
  const logs = { libbpf: null, warnings: null, verifier: null, kernel: null, console };
  return { ...cell, kernel: `kernel-${number}`, programs, logs };
}

/** What a run does with its cells: journal and store, then the report. `resume` takes them from the journal. */
async function writeShard(folder: string, { from, to }: Shard, resume: boolean): Promise<void> {
  const { results: real } = await readResultsFile(join(PACKAGE_ROOT, 'test/fixtures/results-v1/results.json'));
  const [cell] = real.cells;
  const [kernel] = real.kernels;
  if (!cell || !kernel) throw new Error('the real results are empty');
  const journal = await openJournal(join(folder, 'unfinished.jsonl'), resume);
  const logs = createLogStore(folder);
  const cells: CellResult[] = [];
  for (let number = from; number < to; number += 1) {
    const identity = { ...IDENTITY, objectSha256: String(number) };
    const kept = resume ? journal.find(identity, logs) : null;
    const done = kept ?? cellOf(number, cell, addLog(logs, largeText(number)));
    if (resume && !kept) throw new Error(`cell ${number} is not in the journal`);
    if (!resume) await journal.append(identity, done, logs);
    cells.push(done);
  }
  const kernels = cells.map(({ kernel: id }) => ({ ...kernel, id }));
  const objects = real.objects.filter(({ id }) => id === cell.object);
  const { history: _, layouts: __, explanation: ___, ...rest } = real;
  await writeReportFolder({ ...rest, kernels, objects, cells, logs } satisfies Results, folder, { formats: ['html', 'junit'] });
  await journal.close();
}

/** Runs a command of Node.js and returns the most memory that it had, in MiB. */
async function peakOf(...args: string[]): Promise<number> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  let peak = 0;
  const watch = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  }, 100);
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return peak;
}

async function measure(mib: number, most: number): Promise<void> {
  const [main, self] = [join(FOLDER, 'harness/cli/main.js'), join(FOLDER, 'test/bench/large-results.js')];
  const folder = await mkdtemp(join(FOLDER, 'large-results-'));
  const place = (name: string) => join(folder, name);
  const cells = Math.ceil(mib / LOG_MIB);
  const shards = { one: ['0', String(cells)], two: [String(cells), String(2 * cells)] };
  const steps: [string, string[]][] = [
    ['write of a run', [self, 'write', place('one'), ...shards.one]],
    ['resume', [self, 'resume', place('one'), ...shards.one]],
    ['report', [main, 'report', place('one'), '-o', place('report')]],
    ['write of another run', [self, 'write', place('two'), ...shards.two]],
    ['merge', [main, 'merge', place('one'), place('two'), '-o', place('merged')]],
  ];
  try {
    for (const [name, args] of steps) {
      if (name === 'write of another run') await rm(place('report'), { recursive: true, force: true });
      const began = performance.now();
      const peak = await peakOf(...args);
      const out = args.at(-1) ?? '';
      const size = await stat(join(out.startsWith('/') ? out : (args[2] ?? ''), 'results.json')).then(
        ({ size: bytes }) => bytes / MIB,
        () => 0,
      );
      const missed = peak < most ? '' : '  MISSED';
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      process.stdout.write(
        `${name.padEnd(20)} ${peak.toFixed(0).padStart(6)} MiB  (goal: under ${most})${missed}, results.json ${size.toFixed(0)} MiB, ${seconds} s\n`,
      );
      if (missed !== '') process.exitCode = 1;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const [step = '2048', folder = '', from = '0', to = '0'] = process.argv.slice(2);
if (step === 'write' || step === 'resume') await writeShard(folder, { from: Number(from), to: Number(to) }, step === 'resume');
else await measure(Number(step), Number(folder === '' ? MAX_MIB : folder));
