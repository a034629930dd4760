// Changes the code that decides verdicts in small ways, one at a time, and lists the changes that no test notices.
// usage: npm run mutate -- [ROOM...] [FILE...]   FILE: only some files of the rooms
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { InfraError, UserError } from '../../harness/base/errors.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { exitCodeOf, reportError } from '../../harness/cli/exit.ts';
import { faultsOf, type Judged, judgeReport, outdatedArguments, percent, reportSchema, survivorsSchema } from './report.ts';
import { ALONE, RESULTS } from './results-file.ts';
import { MUTATED_ROOMS, type MutatedRoom, TESTS } from './rooms.ts';

const MAX_MINUTES = 60;
/** Where the reports of Stryker are kept. */
const REPORTS = join(PACKAGE_ROOT, 'test-results/mutation');

/**
 * Mutators that are off, because their mutants change words and no decisions: the texts of messages, and names of types and files. What
 * decides about such a name is a comparison, a condition or a table, and those are mutated.
 */
const OFF = ['StringLiteral'];

const say = (text: string) => process.stdout.write(`${text}\n`);

/** Runs Stryker on one room. It works in a copy of the package, below the temporary folder. */
async function reportOf(name: string, { files, tests, alone = false }: MutatedRoom): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'corematrix-mutation-'));
  try {
    const temporary = join(folder, 'tmp');
    await mkdir(temporary);
    await mkdir(REPORTS, { recursive: true });
    const results = join(folder, 'results.jsonl');
    await writeFile(results, '');
    const report = join(REPORTS, `${name}.json`);
    const settings = {
      testRunner: 'every-mutant',
      plugins: [join(import.meta.dirname, 'stryker-runner.js')],
      vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
      // Stryker would rewrite tsconfig.json through an interface that TypeScript 7 no longer has.
      tsconfigFile: 'none',
      mutate: files,
      mutator: { excludedMutations: OFF },
      ignorePatterns: ['dist', 'test-results', 'corematrix-report'],
      tempDirName: join(folder, 'copy'),
      reporters: ['json', 'progress-append-only'],
      jsonReporter: { fileName: report },
      coverageAnalysis: 'perTest',
      // The first run tries the mutants, too.
      dryRunTimeoutMinutes: MAX_MINUTES,
      concurrency: 2,
      timeoutMS: 20_000,
      logLevel: 'error',
    };
    await writeFile(join(folder, 'settings.json'), JSON.stringify(settings));
    const { failed } = await execa('stryker', ['run', join(folder, 'settings.json')], {
      cwd: PACKAGE_ROOT,
      preferLocal: true,
      localDir: PACKAGE_ROOT,
      stdio: ['ignore', 2, 2],
      env: { [TESTS]: tests.join(' '), [RESULTS]: results, [ALONE]: alone ? 'true' : '', TMPDIR: temporary },
      timeout: MAX_MINUTES * 60_000,
      reject: false,
    });
    if (failed) throw new InfraError(`Stryker failed or took more than ${MAX_MINUTES} minutes; its messages are above`);
    return JSON.parse(await readFile(report, 'utf8'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function printJudged(name: string, judged: Judged, seconds: number): void {
  const { scores, equivalent, accepted } = judged;
  const [killed, counted] = (['killed', 'counted'] as const).map((of) => scores.reduce((sum, score) => sum + score[of], 0));
  const argued = `${equivalent} equivalent, ${accepted} accepted`;
  say(
    `${name}: ${percent(scores).toFixed(1)} % of mutants noticed (${killed} of ${counted}; ${argued}) in ${Math.round(seconds / 6) / 10} min`,
  );
  for (const score of scores) say(`  ${percent([score]).toFixed(1).padStart(5)} %  ${score.file} (${score.killed} of ${score.counted})`);
  for (const fault of faultsOf(judged)) say(`  ${fault}`);
}

/** The rooms to mutate by name, and the files of each. */
function chosen(words: readonly string[]): [string, MutatedRoom][] {
  const files = words.filter((word) => !(word in MUTATED_ROOMS));
  const wrong = files.find((file) => !file.endsWith('.ts'));
  if (wrong !== undefined) throw new UserError(`no room is called ${wrong}; possible: ${Object.keys(MUTATED_ROOMS).join(', ')}`);
  const names = words.filter((word) => word in MUTATED_ROOMS);
  return Object.entries(MUTATED_ROOMS)
    .filter(([name]) => names.length === 0 || names.includes(name))
    .map(([name, room]) => [name, files.length > 0 ? { ...room, files } : room]);
}

async function main(words: readonly string[]): Promise<void> {
  const argued = survivorsSchema.parse(parse(await readFile(join(PACKAGE_ROOT, 'test/mutation/survivors.yaml'), 'utf8')) ?? []);
  const sourceOf = (file: string) => (existsSync(join(PACKAGE_ROOT, file)) ? readFileSync(join(PACKAGE_ROOT, file), 'utf8') : null);
  const outdated = outdatedArguments(argued, sourceOf);
  for (const line of outdated) say(line);
  if (outdated.length > 0) process.exitCode = 1;
  for (const [name, room] of chosen(words)) {
    const started = performance.now();
    const judged = judgeReport(reportSchema.parse(await reportOf(name, room)), argued);
    printJudged(name, judged, (performance.now() - started) / 1000);
    if (faultsOf(judged).length > 0) process.exitCode = 1;
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  reportError(error);
  process.exitCode = exitCodeOf(error);
}
