// Addresses in the page, without their `#`, made from encoded names. The renderer links to them, and the script reads them.

/** The address of a cell. */
export function cellAddress(kernel: string, object: string): string {
  return `c/${kernel}/${object}`;
}

/** One relocation in the table of a cell. */
export function cellRelocationAddress(cell: string, ref: number): string {
  return `${cell}/r/${ref}`;
}

/** A log of a cell: `log` is its kind, or `verifier/PROGRAM` for the log of one program. */
export function logAddress(cell: string, log: string): string {
  return `${cell}/log/${log}`;
}

/** A line of a log, from 1. */
export function lineAddress(log: string, line: number): string {
  return `${log}/L${line}`;
}

/** The relocations of an object across kernels. */
export function relocationsAddress(object: string): string {
  return `r/${object}`;
}

/** A root cause in the list of causes. */
export function causeAddress(fingerprint: string): string {
  return `cause/${fingerprint}`;
}
