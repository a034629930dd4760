// Tests of the trust of kernels in reports: who vouches for each kernel.
import { expect, it } from 'vitest';
import { mergeResults } from '../../../harness/results/merge.ts';
import type { KernelResult, Results } from '../../../harness/results/schema.ts';
import { toText } from '../../../reports/html/html.ts';
import { kernelTable } from '../../../reports/html/kernels.ts';
import { terminalReport } from '../../../reports/terminal/run.ts';
import { SAMPLE } from '../sample.ts';

const KEY = '4D64FEC119C2029067D6E791F8D2585B8783D481';
const MIRROR = 'http://mirror.example/debian';
const TRUST = [
  { kind: 'signed', mirror: MIRROR, key: KEY },
  { kind: 'signed', mirror: MIRROR, key: KEY, expired: '2026-11-06' },
  { kind: 'accepted', mirror: MIRROR, reason: 'it is not signed' },
] as const satisfies readonly KernelResult['trust'][];

function withTrust(trusts: readonly KernelResult['trust'][]): Results {
  return { ...SAMPLE, kernels: SAMPLE.kernels.map((kernel, index) => ({ ...kernel, ...(trusts[index] && { trust: trusts[index] }) })) };
}

const LINES = [
  `verified: index, signed with the key ${KEY}`,
  `signed with the key ${KEY}, but old: the index expired on 2026-11-06, so the mirror may lack newer kernels`,
  `NOT VERIFIED: ${MIRROR}, accepted by the user (it is not signed)`,
];

it('the terminal and the page show for each kernel the verified index and its key, or that the user accepted the mirror', () => {
  const results = withTrust(TRUST);
  const text = terminalReport(results, { width: 200, height: 60, colour: false });
  expect(text.split('\n').slice(-5, -2)).toEqual(LINES.map((line, index) => `${['5.10', '6.12', '7.4-rc3'][index] ?? ''}: ${line}`));
  const page = toText(kernelTable(results));
  expect(LINES.map((line) => page.includes(line))).toEqual([true, true, true]);
});

it('the terminal has one line for kernels with the same trust, and none for results of older versions', () => {
  const pinned = terminalReport(withTrust([{ kind: 'pinned' }, { kind: 'pinned' }, { kind: 'own' }]), {
    width: 200,
    height: 60,
    colour: false,
  });
  expect(pinned.split('\n').slice(-4, -2)).toEqual([
    '5.10, 6.12: verified: digest in the lock file',
    '7.4-rc3: not verified: a file of the user',
  ]);
  expect(terminalReport(SAMPLE, { width: 200, height: 60, colour: false })).not.toContain('verified');
});

it('merged results record that one part has a kernel from an unverified mirror', () => {
  const part = (name: string, trust: KernelResult['trust'], index: number) => {
    const results = withTrust([trust]);
    return { name, results: { ...results, run: { ...results.run, shard: { index, total: 2 } } } };
  };
  const cells = (results: Results, even: boolean) => ({ ...results, cells: results.cells.filter((_, at) => (at % 2 === 0) === even) });
  const [a, b] = [part('a', TRUST[0], 1), part('b', TRUST[2], 2)];
  const merged = mergeResults([
    { ...a, results: cells(a.results, true) },
    { ...b, results: cells(b.results, false) },
  ]);
  expect(merged.kernels[0]?.trust).toEqual(TRUST[2]);
});
