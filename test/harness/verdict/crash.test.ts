import { describe, expect, it } from 'vitest';
import type { KernelFault } from '../../../harness/guest/health.ts';
import { crashIn, loaderEnd, provenCrash } from '../../../harness/verdict/crash.ts';

const OOPS: KernelFault = { class: 'infra-crash', reason: 'kernel oops in the guest: Oops: 0000', grave: true };
const STALL: KernelFault = { class: 'infra-splat', reason: 'RCU stall in the guest: rcu: stall', grave: false };
const SEGFAULT = 11;

it('reads how a process ended from its wait status', () => {
  expect([0x100, 0x200, SEGFAULT, 0x80 | 6, 9, 64].map(loaderEnd)).toEqual([
    { signal: null, status: 1 },
    { signal: null, status: 2 },
    { signal: 'SIGSEGV', status: 0 },
    { signal: 'SIGABRT', status: 0 },
    { signal: 'SIGKILL', status: 0 },
    { signal: 'signal 64', status: 0 },
  ]);
});

describe('a guest shows a crash', () => {
  it('of the kernel rather than of what ran on it', () => {
    expect(crashIn(OOPS, loaderEnd(SEGFAULT))).toEqual({ class: 'kernel-crash', reason: OOPS.reason });
  });

  it('of libbpf by what a mistake of its own ends it with', () => {
    expect([11, 6, 7, 8, 4].map((signal) => crashIn(null, loaderEnd(signal))?.reason)).toEqual(
      ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL'].map((name) => `the loading process died of ${name}`),
    );
  });

  it('by nothing that a slow or small guest causes as well', () => {
    expect([
      crashIn(null, null),
      crashIn(null, loaderEnd(9)),
      crashIn(null, loaderEnd(0x200)),
      crashIn(STALL, loaderEnd(SEGFAULT)),
    ]).toEqual([null, null, null, null]);
  });
});

describe('it is the object', () => {
  const kernel = crashIn(OOPS, null);
  const libbpf = crashIn(null, loaderEnd(SEGFAULT));
  const [snapshot, boot] = ['snapshot', 'boot'] as const;

  it('when two guests booted for it broke the same way', () => {
    expect(
      [kernel, libbpf].map((crash) =>
        provenCrash([
          { isolation: snapshot, crash: null },
          { isolation: boot, crash },
          { isolation: boot, crash },
        ]),
      ),
    ).toEqual([
      { class: 'kernel-crash', reason: 'loading it breaks the kernel, in two fresh boots: kernel oops in the guest: Oops: 0000' },
      { class: 'libbpf-crash', reason: 'loading it crashes libbpf, in two fresh boots: the loading process died of SIGSEGV' },
    ]);
  });

  it('not when one guest did, one of them was restored, or each broke in its own way', () => {
    expect([
      provenCrash([]),
      provenCrash([{ isolation: boot, crash: kernel }]),
      provenCrash([
        { isolation: snapshot, crash: kernel },
        { isolation: boot, crash: kernel },
      ]),
      provenCrash([
        { isolation: boot, crash: kernel },
        { isolation: boot, crash: libbpf },
      ]),
      provenCrash([
        { isolation: boot, crash: libbpf },
        { isolation: boot, crash: null },
      ]),
    ]).toEqual([null, null, null, null, null]);
  });
});
