// Tests of the facts that a history has about the latest run: the first run of a failure, flaky programs, and trends.
import { describe, expect, it } from 'vitest';
import { historyFacts } from '../../../../harness/results/history/facts.ts';
import { lines, type Night } from './nights.ts';

function factsOf(...nights: Night[]) {
  const all = lines(...nights);
  const latest = all.at(-1);
  if (!latest) throw new Error('there is a night');
  return historyFacts(all.slice(0, -1), latest);
}

describe('a failure', () => {
  it('a failure is as old as the first run of an unbroken row, which runs without a verdict and newer kernels do not break', () => {
    const {
      failing,
      programs,
      runsKnown: known,
      first,
    } = factsOf(
      { day: 1, statuses: ['pass', 'fail'] },
      { day: 2, statuses: ['pass', 'pass'] },
      { day: 3, statuses: ['pass', 'fail'] },
      { day: 4, statuses: ['infra', 'infra'] },
      { day: 5, statuses: ['xfail', 'fail'], version: '6.12.118' },
    );
    expect({ known, first, failing, programs }).toMatchInlineSnapshot(`
      {
        "failing": [
          {
            "kernel": "debian-6.12.118-amd64",
            "object": "probes",
            "program": "probe",
            "runs": 2,
            "seenGood": true,
            "since": "2026-05-03T03:00:00.000Z",
            "version": "6.12.117",
          },
        ],
        "first": "2026-05-01T03:00:00.000Z",
        "known": 5,
        "programs": [
          {
            "object": "probes",
            "program": "probe",
            "trends": [
              "pppix",
              "fpfif",
            ],
          },
        ],
      }
    `);
  });

  it('a failure in the first known run may be older', () => {
    const { failing } = factsOf({ day: 1, statuses: ['pass', 'fail'] }, { day: 2, statuses: ['pass', 'xpass'] });
    expect(failing.map(({ since, runs, seenGood }) => ({ since, runs, seenGood }))).toEqual([
      { since: '2026-05-01T03:00:00.000Z', runs: 2, seenGood: false },
    ]);
  });

  it('a run without a verdict has no failure, whatever the runs before had', () => {
    expect(factsOf({ day: 1, statuses: ['fail', 'fail'] }, { day: 2, statuses: ['not-run', 'skip'] }).failing).toEqual([]);
  });
});

describe('a flaky program', () => {
  it('a program is flaky after a second attempt, or after another verdict for the same object and kernel', () => {
    const { flaky } = factsOf(
      { day: 1, statuses: ['pass', 'pass'], flaky: true },
      { day: 2, statuses: ['fail', 'fail'], version: '6.12.118' },
      { day: 3, statuses: ['infra', 'infra'] },
      { day: 4, statuses: ['xfail', 'pass'], version: '6.12.118' },
    );
    expect(flaky).toEqual([
      { object: 'probes', program: 'probe', kernel: 'debian-5.10.262-amd64', flaky: 1, runs: 3 },
      { object: 'probes', program: 'probe', kernel: 'debian-6.12.118-amd64', flaky: 2, runs: 3 },
    ]);
  });

  it('a program whose verdict follows its kernel is not flaky', () => {
    const { flaky } = factsOf({ day: 1, statuses: ['pass', 'pass'] }, { day: 2, statuses: ['pass', 'fail'], version: '6.12.118' });
    expect(flaky).toEqual([]);
  });
});

describe('the runs of a history', () => {
  it('the runs of a history are ordered by their end, each one once, and at most a month of nights', () => {
    const all = lines(...Array.from({ length: 40 }, (_, at) => ({ day: (at % 28) + 1, statuses: ['pass', 'pass'] as const })));
    const latest = lines({ day: 28, statuses: ['pass', 'pass'] })[0];
    if (!latest) throw new Error('there is a night');
    const { runsKnown: known, runs, programs } = historyFacts(all.toReversed(), latest);
    expect({ known, runs: runs.map(({ id }) => id), trend: programs[0]?.trends[0] }).toEqual({
      known: 28,
      runs: Array.from({ length: 28 }, (_, at) => `night ${at + 1}`),
      trend: 'p'.repeat(28),
    });
    const many = lines(
      ...Array.from({ length: 31 }, (_, at): Night => ({ day: at + 1, statuses: ['pass', at % 2 === 0 ? 'pass' : 'skip'] })),
    );
    const last = many.at(-1);
    expect(last && historyFacts(many, last).programs[0]?.trends).toEqual(['p'.repeat(30), 'sp'.repeat(15)]);
  });
});
