// Tests of the order of kernels and objects, the first kernel that loads a program, and the heads that kernels share.
import { describe, expect, it } from 'vitest';
import type { KernelResult } from '../../../harness/results/schema.ts';
import type { Status } from '../../../harness/base/vocabulary.ts';
import { failureFacts } from '../../../reports/html/failure-facts.ts';
import { loadsSince } from '../../../reports/html/loads-since.ts';
import { inOrder } from '../../../reports/html/report-order.ts';
import { SAMPLE } from '../sample.ts';
import { type ReportBrowser, startBrowser, tableText } from './browser.ts';

const [KERNEL] = SAMPLE.kernels;
const [CELL] = SAMPLE.cells;
const [OBJECT] = SAMPLE.objects;
const PROGRAM = CELL?.programs[0];
if (!KERNEL || !CELL || !OBJECT || !PROGRAM) throw new Error('the sample is empty');

const kernels = (versions: readonly string[]): KernelResult[] =>
  versions.map((text, index) => {
    const [version = '', arch = 'x86_64'] = text.split(' ');
    const series = version.split(/[.-]/).slice(0, 2).join('.');
    return { ...KERNEL, id: `k${index}`, version, series, arch: arch === 'arm64' ? 'arm64' : 'x86_64' };
  });

it('kernels are ordered by architecture and version, release candidates before releases, other names last', () => {
  const mixed = kernels(['6.12.9', '6.2.1 arm64', 'vmlinux', '6.2.1', '6.12.10', '5.10.3 arm64', '7.4', '7.4-rc3', '5.4.300']);
  expect(inOrder({ ...SAMPLE, kernels: mixed, cells: [] }).kernels.map(({ version, arch }) => `${version} ${arch}`)).toEqual([
    '5.4.300 x86_64',
    '6.2.1 x86_64',
    '6.12.9 x86_64',
    '6.12.10 x86_64',
    '7.4-rc3 x86_64',
    '7.4 x86_64',
    'vmlinux x86_64',
    '5.10.3 arm64',
    '6.2.1 arm64',
  ]);
});

it('failing objects come before those that pass unexpectedly, and those before the rest', () => {
  const objects = ['calm', 'surprising', 'failing', 'troubled'].map((id) => ({ ...OBJECT, id }));
  const statuses: Status[] = ['pass', 'xpass', 'fail', 'infra'];
  const cells = objects.map(({ id }, index) => ({
    ...CELL,
    object: id,
    programs: CELL.programs.map((program) => ({ ...program, status: statuses[index] ?? 'pass' })),
  }));
  expect(inOrder({ ...SAMPLE, objects, cells }).objects.map(({ id }) => id)).toEqual(['failing', 'surprising', 'troubled', 'calm']);
});

describe('a program loads since', () => {
  const row = (statuses: readonly (Status | null)[]) => ({
    object: 'o',
    program: 'p',
    cells: statuses.map((status) => (status === null ? null : { cell: CELL, program: { ...PROGRAM, status } })),
  });

  it.each<[(Status | null)[], number | null, boolean]>([
    [['fail', 'pass', 'pass'], 1, false],
    [['pass', 'xfail', 'xpass'], 2, false],
    [['pass', 'pass', 'fail'], null, false],
    [['infra', 'pass', 'not-run'], 1, true],
    [['unsupported', 'pass', null], 1, true],
    [['skip', 'infra', null], null, true],
    [[], null, false],
  ])('the first kernel that loads a program is found from its statuses %j', (statuses, kernel, gaps) => {
    expect(loadsSince(row(statuses), [...statuses.keys()])).toEqual({ kernel, gaps });
  });

  it('the first kernel that loads a program is found among the given kernels', () => {
    expect(loadsSince(row(['pass', 'fail', 'pass', 'pass']), [0, 2])).toEqual({ kernel: 0, gaps: false });
  });
});

it.each([
  [{ stage: 'verify', class: 'core-field-missing', errno: 22 } as const, 'verify · core-field-missing · errno 22'],
  [{ stage: null, class: 'infra-timeout', errno: null } as const, 'infra-timeout'],
  [{ stage: null, class: null } as const, ''],
])('the facts of a failure fit in one line: %j', (failure, text) => {
  expect(failureFacts(failure)).toBe(text);
});

it('neighbouring kernels of one series and architecture share a head in the matrix', async () => {
  const browser: ReportBrowser = await startBrowser();
  try {
    const many = kernels(['6.1.1', '6.1.2', '6.12.1', '6.1.5 arm64']);
    const { page } = await browser.open({ ...SAMPLE, kernels: many, cells: many.map(({ id }) => ({ ...CELL, kernel: id })) });
    expect((await tableText(page, '#matrix')).split('\n').slice(0, 3)).toEqual([
      ' | x86_64 | arm64',
      ' | 6.1 | 6.12 | 6.1',
      'Program | Loads since | 6.1.1 | 6.1.2 | 6.12 | 6.1.5',
    ]);
    const spans = async () =>
      page
        .locator('#matrix tr.group')
        .nth(1)
        .locator('th:visible')
        .evaluateAll((heads) => heads.map((head) => (head instanceof HTMLTableCellElement ? head.colSpan : 0)));
    const before = await spans();
    await page.locator('#search').fill('!k:6.1.2 arch:x86');
    expect([before, await spans()]).toEqual([
      [2, 1, 1],
      [1, 1],
    ]);
  } finally {
    await browser.stop();
  }
});
