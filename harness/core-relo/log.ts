// Collects the lines that libbpf would print, as its print callback receives them.
import type { LogRecord } from '../logs/record.ts';

export type PredictedLog = LogRecord[];

/** Adds a line with the prefix `libbpf: `, like libbpf's macros. */
export function say(log: PredictedLog, level: 'warn' | 'debug', text: string): void {
  log.push({ level, text: `libbpf: ${text}\n` });
}

/** Error numbers from the kernel's headers. */
export const ERRNO = { E2BIG: 7, EINVAL: 22, ERANGE: 34, EOPNOTSUPP: 95 } as const;
