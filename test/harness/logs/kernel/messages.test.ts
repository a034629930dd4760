// Tests the messages of the kernel's own log. Each sample is printed by formats that a real kernel has.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { KERNEL_RULES, lastKernelFailure } from '../../../../harness/logs/kernel/messages.ts';
import { KERNEL_FILES } from '../../../../kernels/image/facts.ts';
import { fourSelectors, pulledBtf } from '../../../kernels/pulled.ts';

const LOCKDOWN = 'Lockdown: %s: %s is restricted; see man kernel_lockdown.7';
const lockdown = (what: string) => `Lockdown: load: ${what} is restricted; see man kernel_lockdown.7`;

/** The line, the type of the failure, and the strings of the kernel that make the line. */
const SAMPLES = [
  { line: lockdown('use of bpf to read kernel RAM'), type: 'lockdown', strings: [LOCKDOWN, 'use of bpf to read kernel RAM'] },
  { line: lockdown('use of bpf to write user RAM'), type: 'lockdown', strings: [LOCKDOWN, 'use of bpf to write user RAM'] },
  { line: lockdown('use of kprobes'), type: 'lockdown', strings: [LOCKDOWN, 'use of kprobes'] },
  { line: lockdown('use of tracefs'), type: 'lockdown', strings: [LOCKDOWN, 'use of tracefs'] },
  { line: lockdown('unsafe use of perf'), type: 'lockdown', strings: [LOCKDOWN, 'unsafe use of perf'] },
  { line: 'bpf_jit: unknown opcode c3', type: 'jit', strings: ['bpf_jit: unknown opcode %02x'] },
  { line: 'bpf_jit: unknown atomic opcode c3', type: 'jit', strings: ['bpf_jit: unknown atomic opcode %02x'] },
  { line: 'bpf_jit: fatal insn size error', type: 'jit', strings: ['bpf_jit: fatal insn size error'] },
  {
    line: 'bpf_jit: 1- and 2-byte RMW atomics are not supported',
    type: 'jit',
    strings: ['bpf_jit: 1- and 2-byte RMW atomics are not supported'],
  },
  {
    line: 'TCP: cubic already registered or non-unique key',
    type: 'struct-ops',
    strings: ['TCP: %s already registered or non-unique key'],
  },
  { line: 'TCP: own does not implement required ops', type: 'struct-ops', strings: ['TCP: %s does not implement required ops'] },
  {
    line: 'sched_ext: Not compatible with "isolcpus=" domain isolation',
    type: 'struct-ops',
    strings: ['sched_ext: Not compatible with "isolcpus=" domain isolation'],
  },
  {
    line: 'sched_ext: cid-form scheduler must use a BPF arena map',
    type: 'struct-ops',
    strings: ['sched_ext: cid-form scheduler must use a BPF arena map'],
  },
] as const;

const images: Buffer[] = [];
beforeAll(async () => {
  for (const selector of await fourSelectors()) {
    const { path } = await pulledBtf(selector);
    images.push(await readFile(join(dirname(path), KERNEL_FILES.vmlinux)));
  }
});

const anything = () => true;

test.each(SAMPLES)('a kernel prints "$line", which is a failure of type $type', ({ line, type, strings }) => {
  expect(images.some((image) => strings.every((text) => image.includes(text)))).toBe(true);
  expect(lastKernelFailure(`[    1.25] ${line}\n`, anything)).toMatchObject({ type, text: line });
});

test('every rule for the kernel log has a sample', () => {
  expect(KERNEL_RULES.filter(({ pattern }) => !SAMPLES.some(({ line }) => pattern.test(line)))).toEqual([]);
});

test('other lines of a locked-down kernel, and lines of progress, are no failures', () => {
  const log = [
    lockdown('unsigned module loading'),
    'sched_ext: BPF scheduler "slow" enabled',
    'LSM support for eBPF active',
    'bpf_jit_enable = 2 was set! NEVER use this in production, only for JIT debugging!',
  ];
  expect(lastKernelFailure(log.join('\n'), anything)).toBeNull();
});

test('the last failure of a kernel log counts, and it has at most 200 characters', () => {
  const long = `sched_ext: cid-form scheduler ${'b'.repeat(300)}\n`;
  const log = `TCP: a does not implement required ops\nsomething else\n${long}`;
  expect(lastKernelFailure(`${log}TCP: c already registered or non-unique key\n`, anything)?.text).toBe(
    'TCP: c already registered or non-unique key',
  );
  expect(lastKernelFailure(log, anything)?.text.length).toBe(200);
});

test('the text of a failure in a kernel log has no time before it and no spaces behind it', () => {
  expect(lastKernelFailure('[    1.25] TCP: a does not implement required ops \t\r\n', anything)?.text).toBe(
    'TCP: a does not implement required ops',
  );
});

test('only the last 256 KiB of a kernel log are read', () => {
  const failure = 'TCP: a does not implement required ops\n';
  const log = (length: number) => lastKernelFailure(failure.padEnd(length, ' '), anything)?.text;
  expect([log(256 * 1024), log(256 * 1024 + 1)]).toEqual([failure.trim(), undefined]);
});
