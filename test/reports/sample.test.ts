// Tests of the sample results: they are valid, and have everything that the tests of reports need.
import { describe, expect, it } from 'vitest';
import { resultsSchema } from '../../harness/results/schema.ts';
import { OUTCOMES, STATUSES } from '../../harness/base/vocabulary.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { SAMPLE } from './sample.ts';

describe('the sample', () => {
  it.each([SAMPLE, HOSTILE_SAMPLE])('the sample results are valid', (results) => {
    expect(resultsSchema.parse(results)).toEqual(results);
  });

  it('the sample results have every status and every outcome', () => {
    const statuses = new Set(SAMPLE.cells.flatMap((cell) => cell.programs.map(({ status }) => status)));
    const outcomes = new Set(SAMPLE.cells.flatMap((cell) => cell.relocations.map(({ outcome }) => outcome)));
    expect([STATUSES.filter((status) => !statuses.has(status)), OUTCOMES.filter((outcome) => !outcomes.has(outcome))]).toEqual([[], []]);
  });

  it('the hostile sample has hostile text in every free text', () => {
    const free = new Set<string>();
    JSON.stringify(HOSTILE_SAMPLE, (key, value: unknown) => {
      if (typeof value === 'string' && value.includes('<script>')) free.add(key.replace(/^\d+$/, '(item)'));
      return value;
    });
    expect([...free].toSorted().join(' ')).toMatchInlineSnapshot(
      `"(item) accelReason access compiler distribution expected file fingerprint first from id kernel last libbpf libbpfOrigin license local name node notReached object os path program qemu reason release section selector series snippet spec state subject summary suspicious target text to type value version what"`,
    );
  });
});
