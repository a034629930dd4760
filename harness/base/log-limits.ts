// The limits for the logs of a cell, of a run, and of index.html. Docs, logs and reports name them from here.

/** Limits in bytes, for all logs of a cell or run together. */
export interface LogLimits {
  cell: number;
  run: number;
  /** The limit of a cell after others used up the limit of the run. */
  afterRun: number;
}

export const LOG_LIMITS = { cell: 32 * 2 ** 20, run: 4 * 2 ** 30, afterRun: 64 * 2 ** 10 } as const satisfies LogLimits;

/** The limit for all logs in `index.html`, in bytes before they are packed. Further logs are links to files of the report folder. */
export const PAGE_LOG_LIMIT = 32 * 2 ** 20;

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB'] as const;

/** A size in bytes as a text: `32 MiB`. */
export function sizeText(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 2 ** (10 * power)).toFixed(1))} ${UNITS[power] ?? ''}`;
}
