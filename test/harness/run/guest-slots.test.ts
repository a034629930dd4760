import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { guestSlots } from '../../../harness/run/guest-slots.ts';

describe('slots for guests', () => {
  it('a free guest slot goes to the most urgent task, and among equal ones to the first', async () => {
    const slots = guestSlots(1);
    const order: string[] = [];
    const ask = async (urgency: number, name: string) => slots(urgency, async () => order.push(name));
    await Promise.all([ask(0, 'first'), ask(0, 'a'), ask(1, 'b'), ask(0, 'c'), ask(2, 'd'), ask(1, 'e')]);
    expect(order).toEqual(['first', 'd', 'b', 'e', 'a', 'c']);
  });

  it('guest slots are limited, and a task that fails frees its slot', async () => {
    const slots = guestSlots(2);
    let running = 0;
    let most = 0;
    const task = async (fails: boolean) => {
      most = Math.max(most, ++running);
      await setTimeout(5);
      running -= 1;
      if (fails) throw new Error('failed');
      return 'done';
    };
    const settled = await Promise.allSettled([true, false, true, false, false].map(async (fails) => slots(0, async () => task(fails))));
    expect({ most, settled: settled.map(({ status }) => status) }).toEqual({
      most: 2,
      settled: ['rejected', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    });
  });
});
