// The two kinds of error a person can act on. What fails on a kernel is data in the results, never an exception.

/** Wrong usage, configuration or input: one line that names what is wrong, where, and what to type instead. Exit code 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** The infrastructure failed (download, disk, QEMU, boot): no verdict about any object. Exit code 3. */
export class InfraError extends Error {
  override readonly name = 'InfraError';
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
