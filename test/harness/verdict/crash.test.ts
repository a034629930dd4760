import { describe, expect, it } from 'vitest';
import type { KernelFault } from '../../../harness/guest/health.ts';
import { crashIn, loaderEnd, provenCrash } from '../../../harness/verdict/crash.ts';

const OOPS: KernelFault = { class: 'infra-crash', reason: 'kernel oops in the guest: Oops: 0000', grave: true };
const STALL: KernelFault = { class: 'infra-splat', reason: 'RCU stall in the guest: rcu: stall', grave: false };
const SEGFAULT = 11;

it('a wait status is decoded into a signal or an exit status', () => {
  expect([0x100, 0x200, SEGFAULT, 0x80 | 6, 9, 64].map(loaderEnd)).toEqual([
    { signal: null, status: 1 },
    { signal: null, status: 2 },
    { signal: 'SIGSEGV', status: 0 },
    { signal: 'SIGABRT', status: 0 },
    { signal: 'SIGKILL', status: 0 },
    { signal: 'signal 64', status: 0 },
  ]);
});

describe('crashes in one guest', () => {
  it('a kernel crash counts before a crash of the loading process', () => {
    expect(crashIn(OOPS, loaderEnd(SEGFAULT))).toEqual({ class: 'kernel-crash', reason: OOPS.reason });
  });

  it('a loading process that ends with a self-caused signal is a libbpf crash', () => {
    expect([11, 6, 7, 8, 4].map((signal) => crashIn(null, loaderEnd(signal))?.reason)).toEqual(
      ['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL'].map((name) => `the loading process crashed with ${name}`),
    );
  });

  it('the message of a panic in Go or Rust on the console is part of the reason', () => {
    const consoles = [
      'x\r\npanic: runtime error: index out of range [5] with length 3\r\n\r\ngoroutine 1 [running]:\r\n',
      'fatal error: stack overflow\n\nruntime stack:\n',
      "\nthread 'main' (57) panicked at /cargo/registry/src/some.host-19/aya-obj-0.3.0/src/obj.rs:12:5:\ncalled `unwrap()`\nnote: run with\n",
      "thread 'main' panicked at src/main.rs:1:2:\nno number of a thread\n",
      'memory allocation of 99999999999 bytes failed\n',
      "no panic: here\nin thread 'main' panicked at src/main.rs:1:2:\nno panic either\n",
    ];
    expect(consoles.map((console) => crashIn(null, loaderEnd(6), console)?.reason)).toEqual([
      'the loading process crashed with SIGABRT: panic: runtime error: index out of range [5] with length 3',
      'the loading process crashed with SIGABRT: fatal error: stack overflow',
      'the loading process crashed with SIGABRT: panic at aya-obj-0.3.0/src/obj.rs:12:5: called `unwrap()`',
      'the loading process crashed with SIGABRT: panic at src/main.rs:1:2: no number of a thread',
      'the loading process crashed with SIGABRT: memory allocation of 99999999999 bytes failed',
      'the loading process crashed with SIGABRT',
    ]);
  });

  it('SIGKILL, an exit status and an RCU stall are not crashes', () => {
    expect([
      crashIn(null, null),
      crashIn(null, loaderEnd(9)),
      crashIn(null, loaderEnd(0x200)),
      crashIn(STALL, loaderEnd(SEGFAULT)),
    ]).toEqual([null, null, null, null]);
  });
});

describe('proven crashes', () => {
  const crashes = () => [crashIn(OOPS, null), crashIn(null, loaderEnd(SEGFAULT))] as const;
  const [snapshot, boot] = ['snapshot', 'boot'] as const;

  it('an object crashes the kernel or libbpf if two guests that were booted for it crash the same way', () => {
    expect(
      crashes().map((crash) =>
        provenCrash([
          { isolation: snapshot, crash: null },
          { isolation: boot, crash },
          { isolation: boot, crash },
        ]),
      ),
    ).toEqual([
      { class: 'kernel-crash', reason: 'loading the object crashes the kernel in two fresh boots: kernel oops in the guest: Oops: 0000' },
      { class: 'libbpf-crash', reason: 'loading the object crashes libbpf in two fresh boots: the loading process crashed with SIGSEGV' },
    ]);
  });

  it('the crash of a loader program is that of its library', () => {
    const crash = crashIn(null, loaderEnd(SEGFAULT));
    const guests = [
      { isolation: boot, crash },
      { isolation: boot, crash },
    ];
    expect(provenCrash(guests, 'cilium@0.22')).toEqual({
      class: 'loader-crash',
      reason: 'loading the object crashes cilium/ebpf in two fresh boots: the loading process crashed with SIGSEGV',
    });
    expect(provenCrash(guests, 'libbpf@1.1')?.class).toBe('libbpf-crash');
  });

  it('the crash of the kernel is that of the kernel, whatever library loads', () => {
    const guest = { isolation: boot, crash: crashIn(OOPS, null) };
    expect(provenCrash([guest, guest], 'cilium@0.22')).toEqual({
      class: 'kernel-crash',
      reason: 'loading the object crashes the kernel in two fresh boots: kernel oops in the guest: Oops: 0000',
    });
  });

  it('a crash is not proven by one guest, by a restored guest, or by two different crashes', () => {
    const [kernel, libbpf] = crashes();
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
      provenCrash([
        { isolation: boot, crash: null },
        { isolation: boot, crash: libbpf },
      ]),
    ]).toEqual([null, null, null, null, null, null]);
  });
});
