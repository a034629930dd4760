// JUnit XML as Jenkins, GitLab and GitHub actions read it: a suite for each kernel, a test case for each program.
import { XMLBuilder } from 'fast-xml-parser';
import { logText } from '../harness/results/logs.ts';
import type { CellProgram, CellResult, KernelResult, Results } from '../harness/results/schema.ts';

/** The tail of a verifier log that goes into a failure: test viewers show it whole. */
const LOG_TAIL = 4000;

/** Everything XML 1.0 has no way to carry, control sequences and lone surrogates included. */
const ILLEGAL =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function legal(text: string): string {
  return text.replaceAll(ILLEGAL, '\ufffd');
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

/** What a status is in JUnit's words: nothing for a pass, `failure` for a verdict, `error` for infrastructure, `skipped` for the rest. */
function verdictOf(program: CellProgram, cell: CellResult, results: Results): object {
  const message = legal(program.reason ?? cell.reason ?? program.expected ?? '');
  const type = program.class ?? cell.class ?? program.status;
  const log = logText(results.logs, program.logs.verifier).slice(-LOG_TAIL);
  switch (program.status) {
    case 'pass':
      return {};
    case 'fail':
      return { failure: { '@message': message, '@type': type, '#text': legal(log) } };
    case 'xpass':
      return { failure: { '@message': `passes, though it was expected to fail: ${legal(program.expected ?? '')}`, '@type': 'xpass' } };
    case 'infra':
      return { error: { '@message': message, '@type': type } };
    case 'xfail':
      return { skipped: { '@message': `fails as expected: ${legal(program.expected ?? '')} (${message})` } };
    case 'unsupported':
    case 'skip':
    case 'not-run':
      return { skipped: { '@message': program.status === 'unsupported' ? legal(program.expected ?? '') : program.status } };
  }
}

function testcases(cell: CellResult, results: Results): object[] {
  // A load is one act for all programs of an object; its time is shared among them so that sums stay true.
  const time = seconds(cell.durationMs / Math.max(1, cell.programs.length));
  return cell.programs.map((program) => ({
    '@classname': legal(cell.object),
    '@name': legal(program.name),
    '@time': time,
    ...verdictOf(program, cell, results),
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

function suite(kernel: KernelResult, results: Results): object {
  const cells = results.cells.filter((cell) => cell.kernel === kernel.id);
  const facts = [
    ['kernel.release', kernel.release],
    ['kernel.arch', kernel.arch],
    ['kernel.sha256', kernel.sha256],
    ['kernel.btf.sha256', kernel.btf?.sha256],
    ['libbpf', results.run.helper.libbpf],
    ['accel', results.run.host.accel],
  ].flatMap(([name, value]) => (typeof value === 'string' ? [{ '@name': name, '@value': legal(value) }] : []));
  return {
    '@name': legal(kernel.id),
    '@timestamp': results.run.startedAt,
    ...totals(cells),
    properties: { property: facts },
    testcase: cells.flatMap((cell) => testcases(cell, results)),
  };
}

/** The text of junit.xml. */
export function renderJunit(results: Results): string {
  const builder = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', format: true, suppressEmptyNode: true });
  const xml: unknown = builder.build({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    testsuites: { '@name': 'corematrix', ...totals(results.cells), testsuite: results.kernels.map((kernel) => suite(kernel, results)) },
  });
  return String(xml);
}
