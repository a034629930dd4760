import { describe, expect, it } from 'vitest';
import { jobsFor } from '../../../harness/run/host.ts';

describe('guests at a time', () => {
  it('are as many as processors, fewer when memory is short, and never none', () => {
    expect([jobsFor(2, 24_000), jobsFor(16, 24_000), jobsFor(16, 2_000), jobsFor(4, 800), jobsFor(4, 600), jobsFor(4, 0)]).toEqual([
      2, 16, 7, 1, 1, 1,
    ]);
  });
});
