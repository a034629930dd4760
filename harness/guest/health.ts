// Checks that a guest was healthy while it answered: an answer from a kernel that oopsed is not a verdict.
import type { FailureClass } from '../base/failures.ts';

interface Symptom {
  pattern: RegExp;
  class: Extract<FailureClass, 'infra-crash' | 'infra-splat'>;
  name: string;
  /** False for a symptom that a slow host or a small guest can cause, too. */
  grave: boolean;
}

const OUT_OF_MEMORY = 'out of memory';

/** Messages of a broken kernel. The first match names the symptom, so the most serious come first. */
const SYMPTOMS = [
  { pattern: /Kernel panic - not syncing/, class: 'infra-crash', name: 'kernel panic', grave: true },
  { pattern: /double fault|PANIC: double/, class: 'infra-crash', name: 'double fault', grave: true },
  {
    pattern: /\bOops: |Unable to handle kernel|unable to handle page fault|NULL pointer dereference/,
    class: 'infra-crash',
    name: 'kernel oops',
    grave: true,
  },
  { pattern: /general protection fault/, class: 'infra-crash', name: 'general protection fault', grave: true },
  { pattern: /kernel BUG at |\bBUG: (?!KASAN|soft lockup)/, class: 'infra-crash', name: 'kernel BUG', grave: true },
  { pattern: /BUG: soft lockup|hard LOCKUP/, class: 'infra-splat', name: 'lockup', grave: false },
  { pattern: /\brcu\w{0,20}:? .{0,60}detected (?:expedited )?stalls? on /, class: 'infra-splat', name: 'RCU stall', grave: false },
  { pattern: /[Oo]ut of memory: Kill|invoked oom-killer/, class: 'infra-splat', name: OUT_OF_MEMORY, grave: false },
  { pattern: /BUG: KASAN|UBSAN: /, class: 'infra-splat', name: 'sanitizer report', grave: true },
  { pattern: /hung_task: blocked tasks|blocked for more than \d+ seconds/, class: 'infra-splat', name: 'hung task', grave: false },
] as const satisfies readonly Symptom[];

/** A symptom in the kernel's messages. */
export interface KernelFault {
  class: 'infra-crash' | 'infra-splat';
  /** The symptom and its line. */
  reason: string;
  /** Whether the kernel is broken, and not only slow or short of memory. */
  grave: boolean;
}

function lineAround(text: string, index: number): string {
  const start = text.lastIndexOf('\n', index) + 1;
  const end = text.indexOf('\n', index);
  return text
    .slice(start, end < 0 ? undefined : end)
    .trim()
    .slice(0, 200);
}

/** Searches console and kernel messages for a symptom; null for a healthy kernel. */
export function findKernelFault(...texts: readonly string[]): KernelFault | null {
  for (const symptom of SYMPTOMS) {
    for (const text of texts) {
      const index = text.search(symptom.pattern);
      if (index < 0) continue;
      return { class: symptom.class, reason: `${symptom.name} in the guest: ${lineAround(text, index)}`, grave: symptom.grave };
    }
  }
  return null;
}

/** Whether the reason of a fault is that the guest had too little memory. */
export function isOutOfMemory(reason: string): boolean {
  return reason.startsWith(OUT_OF_MEMORY);
}
