// What libbpf would print, kept as its print callback would have been given it.
import type { LogRecord } from '../logs/record.ts';

export type PredictedLog = LogRecord[];

/** Adds a line; libbpf's own macros put its name in front. */
export function say(log: PredictedLog, level: 'warn' | 'debug', text: string): void {
  log.push({ level, text: `libbpf: ${text}\n` });
}

/** Error numbers as the kernel's headers have them. */
export const ERRNO = { E2BIG: 7, EINVAL: 22, ERANGE: 34, EOPNOTSUPP: 95 } as const;
