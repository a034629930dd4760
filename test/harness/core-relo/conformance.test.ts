// Compares every case of every family with libbpf's functions: the printed lines. Snapshots show the values.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import { readAttempt } from '../../../harness/verdict/evidence/attempt.ts';
import { relocationRecords } from '../../../harness/verdict/relocations/records.ts';
import { type Case, casesOf, FAMILY_NAMES } from './conformance/compiled.ts';
import { engineLines, libbpfLines, type OracleCell } from './oracles.ts';

/** One line for each relocation: its access and its outcome. */
function outcomes({ bpf }: OracleCell, lines: readonly string[]): string[] {
  const attempt = readAttempt(
    { program: null, reached: 'done', errno: 0, openMs: 0, loadMs: 0, log: textRecords(lines.join('\n')) },
    { programs: [], relocations: [] },
  );
  return relocationRecords(bpf, [attempt]).map(({ ref, outcome, local, target, suspicious }) => {
    const relocation = bpf.relocations[ref];
    const value = local === target ? `${local}` : `${local} -> ${target}`;
    return `${relocation?.kind} ${relocation?.access}: ${outcome} ${value}${suspicious === null ? '' : `, ${suspicious}`}`;
  });
}

let folder = '';
const cases = new Map<string, Case[]>();
const expected = new Map<string, string[][]>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'conformance-test-'));
  for (const family of FAMILY_NAMES) {
    const own = await casesOf(folder, family);
    cases.set(family, own);
    expected.set(family, await libbpfLines(own));
  }
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('cases of one family', () => {
  it.each(FAMILY_NAMES)('the cases of family %s are relocated like libbpf', (family) => {
    const own = cases.get(family) ?? [];
    for (const [index, each] of own.entries()) {
      const lines = engineLines(each, each.kernel);
      expect({ title: each.title, lines }).toEqual({ title: each.title, lines: expected.get(family)?.[index] });
      expect(outcomes(each, lines)).toMatchSnapshot(each.title);
    }
  });
});
