// How kernels of Debian are pinned.
import { sourceLock } from '../lock.ts';
import { debianOptions } from './options.ts';
import { comparePreference, KERNEL_PARTS } from './packages.ts';
import { withParts } from './parts.ts';
import { readPin, writePin } from './pins.ts';

export const debianLock = sourceLock({
  read: readPin,
  write: writePin,
  complete: async (kernel, options) => withParts(kernel, debianOptions(options)),
  digests: ({ sha256, parts }) => [sha256, ...KERNEL_PARTS.flatMap((part) => parts?.[part]?.sha256 ?? [])],
  compare: comparePreference,
  selector: ({ arch, flavour }) => `all/${arch}/${flavour}`,
});
