// Tests of what a guest printed, but could not keep.
import { expect, it } from 'vitest';
import type { GuestResult } from '../../../harness/guest/cell.ts';
import type { Frame } from '../../../harness/guest/protocol/frames.ts';
import { InfraError } from '../../../harness/base/errors.ts';
import { droppedInGuest } from '../../../harness/run/dropped.ts';

const facts = { console: '', command: [], durationMs: 1 };
const ended = (dropped: number): Frame => ({ type: 'command-end', end: 'exited', value: 0, ms: 1, dropped });
const answer = (dropped: number, ...frames: Frame[]): GuestResult => ({ ok: true, dropped, frames, ...facts });

it('a cell says how much log text and output its guest could not keep, and nothing if it kept all', () => {
  const trigger: Frame = { type: 'trigger-end', index: 0, end: 'exited', value: 0, ms: 1, dropped: 30 };
  const failed: GuestResult = { ok: false, error: new InfraError('the guest is gone'), frames: [ended(5)], ...facts };
  const guests = [answer(0), answer(0, ended(0)), answer(100), answer(0, ended(20), trigger), answer(100, ended(20)), failed];
  expect(guests.map((guest) => droppedInGuest(guest).logsCut)).toEqual([
    undefined,
    undefined,
    { logs: 1, bytes: 100, limit: 'guest' },
    { logs: 1, bytes: 50, limit: 'guest' },
    { logs: 2, bytes: 120, limit: 'guest' },
    { logs: 1, bytes: 5, limit: 'guest' },
  ]);
});
