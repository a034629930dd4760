// The lock file of this program: the kernels of its own matrix. It outlives Debian's indexes, which drop packages that mirrors keep.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import type { KernelPackage } from './packages.ts';
import { readPin } from './pins.ts';

async function read(): Promise<readonly KernelPackage[]> {
  const { debian }: { debian: unknown[] } = JSON.parse(await readFile(join(PACKAGE_ROOT, 'kernels/lock.json'), 'utf8'));
  return debian.map(readPin);
}

let pins: Promise<readonly KernelPackage[]> | undefined;

/** The kernels that this program pins. The file is read once. */
export async function shippedPins(): Promise<readonly KernelPackage[]> {
  return (pins ??= read());
}
