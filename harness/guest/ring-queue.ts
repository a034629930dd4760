// The queue of a guest's rings, and the failure that ends all waiting.
import { awakeTimer } from '../base/awake.ts';
import { InfraError } from '../base/errors.ts';
import type { Ring } from './bell.ts';

/** A guest rings once when it is ready and once when it is done. */
const RING_LIMIT = 16;

export interface RingQueue {
  add: (ring: Ring) => void;
  /** Ends all waiting, also later. Only the first failure counts. */
  fail: (error: InfraError) => void;
  /**
   * Resolves with the next ring.
   * @throws InfraError if the queue failed, or after `timeoutMs`
   */
  next: (timeoutMs: number) => Promise<Ring>;
}

/** A queue that fails if a guest rings too often. */
export function ringQueue(): RingQueue {
  const rings: Ring[] = [];
  let failure: InfraError | null = null;
  let waiter: { resolve: (ring: Ring) => void; reject: (error: InfraError) => void } | null = null;
  const fail = (error: InfraError) => {
    failure ??= error;
    waiter?.reject(failure);
    waiter = null;
  };
  return {
    fail,
    add: (ring) => {
      if (waiter) waiter.resolve(ring);
      else if (rings.push(ring) > RING_LIMIT) fail(new InfraError('the guest floods its doorbell'));
      waiter = null;
    },
    next: async (timeoutMs) => {
      const ring = rings.shift();
      if (ring) return ring;
      if (failure) throw failure;
      const silence = () => fail(new InfraError(`no answer from the guest in ${timeoutMs / 1000} s`, { failure: 'infra-timeout' }));
      const cancel = awakeTimer(timeoutMs, silence);
      return new Promise<Ring>((resolve, reject) => {
        waiter = { resolve, reject };
      }).finally(cancel);
    },
  };
}
