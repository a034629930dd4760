// JUnit XML as Jenkins, GitLab and GitHub actions read it: a suite for each kernel, a test case for each program.
import { librariesUsed } from '../harness/results/loaders-used.ts';
import { XMLBuilder } from 'fast-xml-parser';
import { detached } from '../harness/base/detached.ts';
import { logsCutText } from './model/logs-cut.ts';
import { fixedOffsetLines } from '../harness/results/fixed-offsets.ts';
import { stableKernelNames } from '../harness/results/kernel-names.ts';
import { logText } from '../harness/results/logs.ts';
import type { CellProgram, CellResult, KernelResult, Results } from '../harness/results/schema.ts';
import { surprise } from '../harness/results/unexpected.ts';
import type { Comparison } from '../harness/results/compare.ts';
import { changeCounts } from './model/change-groups.ts';
import type { RenderOptions } from './model/render-options.ts';
import { type Why, whyLines, whyOf } from './model/why.ts';
import { visible, visibleText } from '../harness/base/visible.ts';

interface Context {
  results: Results;
  comparison: Comparison | undefined;
  why: (program: CellProgram) => Why;
}

/** The tail of a verifier log that goes into a failure: test viewers show it whole. */
const LOG_TAIL = 4000;

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

/** The text below a failure: what to do, and the end of the verifier log. */
function failureText(program: CellProgram, results: Results, why: (program: CellProgram) => Why): string {
  const log = detached(logText(results.logs, program.logs.verifier).slice(-LOG_TAIL));
  return [...whyLines(why(program)), ...(log === '' ? [] : ['', log])].join('\n');
}

/** A status in JUnit's terms: no element for a pass, `failure` for a verdict, `error` for infrastructure, `skipped` for the rest. */
function verdictOf(program: CellProgram, cell: CellResult, { results, why }: Context): object {
  const message = visible(program.reason ?? cell.reason ?? program.expected ?? '');
  const type = program.class ?? cell.class ?? program.status;
  switch (program.status) {
    case 'pass':
      return {};
    case 'fail':
      return { failure: { '@message': message, '@type': type, '#text': visibleText(failureText(program, results, why)) } };
    case 'xpass':
      return { failure: { '@message': visible(surprise(program)), '@type': 'xpass' } };
    case 'infra':
      return { error: { '@message': message, '@type': type } };
    case 'xfail':
      return { skipped: { '@message': `fails as expected: ${visible(program.expected ?? '')} (${message})` } };
    case 'unsupported':
      return { skipped: { '@message': visible(program.expected ?? program.status) } };
    case 'skip':
    case 'not-run':
      return { skipped: { '@message': visible(program.reason ?? program.status) } };
  }
}

function testcases(cell: CellResult, kernel: string, context: Context): object[] {
  // All programs of an object load together; each gets an equal share of the time, so that sums stay true.
  const time = seconds(cell.durationMs / Math.max(1, cell.programs.length));
  return cell.programs.map((program) => ({
    '@classname': visible(`${kernel}.${cell.object}`),
    '@name': visible(program.name),
    '@time': time,
    ...verdictOf(program, cell, context),
  }));
}

function count(cells: readonly CellResult[], ...statuses: readonly CellProgram['status'][]): number {
  return cells.reduce((sum, cell) => sum + cell.programs.filter(({ status }) => statuses.includes(status)).length, 0);
}

function totals(cells: readonly CellResult[]) {
  return {
    '@tests': cells.reduce((sum, cell) => sum + cell.programs.length, 0),
    '@failures': count(cells, 'fail', 'xpass'),
    '@errors': count(cells, 'infra'),
    '@skipped': count(cells, 'xfail', 'unsupported', 'skip', 'not-run'),
    '@time': seconds(cells.reduce((sum, cell) => sum + cell.durationMs, 0)),
  };
}

function suite(kernel: KernelResult, stableName: string, context: Context): object {
  const { results } = context;
  const cells = results.cells.filter((cell) => cell.kernel === kernel.id);
  const facts = [
    ['kernel.id', kernel.id],
    ['kernel.release', kernel.release],
    ['kernel.version', kernel.version],
    ['kernel.arch', kernel.arch],
    ['kernel.sha256', kernel.sha256],
    ['kernel.btf.sha256', kernel.btf?.sha256],
    ...librariesUsed(results),
    ['accel', results.run.host.accel],
    ['logs', logsCutText({ cells })],
    ['baseline', context.comparison?.baseline],
    ['changes', context.comparison && changeCounts(context.comparison)],
    ...fixedOffsetLines(results.objects).map((line) => ['fixed offsets', line] as const),
  ].flatMap(([name, value]) => (typeof value === 'string' ? [{ '@name': name, '@value': visible(value) }] : []));
  return {
    '@name': visible(stableName),
    '@timestamp': results.run.startedAt,
    ...totals(cells),
    properties: { property: facts },
    testcase: cells.flatMap((cell) => testcases(cell, stableName, context)),
  };
}

/**
 * The text of junit.xml. The names of suites and test cases stay the same when a distribution updates a kernel, because CI servers follow a
 * test by its names; the release is a property.
 */
export function renderJunit(results: Results, { comparison }: RenderOptions = {}): string {
  const names = stableKernelNames(results.kernels);
  const context: Context = { results, comparison, why: whyOf(results) };
  const builder = new XMLBuilder({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    format: true,
    suppressEmptyNode: true,
    // A program may be called "true", and an attribute without a value is not XML.
    suppressBooleanAttributes: false,
  });
  const xml: unknown = builder.build({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: {
      '@name': 'corematrix',
      ...totals(results.cells),
      testsuite: results.kernels.map((kernel) => suite(kernel, names.get(kernel.id) ?? kernel.id, context)),
    },
  });
  return String(xml);
}
