// `btf`: BTF that the loader brings for relocations.
import { z } from 'zod';
import { configuredPath } from '../../../base/configured-path.ts';
import type { Setting } from '../definition.ts';
import { type CustomBtf, openCustomBtf } from './custom-btf.ts';

const schema = z
  .string()
  .describe(
    "BTF for relocations instead of the kernel's own: a file for every kernel, or a folder with a file for each kernel release, as in BTFHub. A kernel without a file there keeps its own BTF. Relative to this file.",
  );

export const btf: Setting<string, CustomBtf> = {
  schema,
  takesDefault: () => true,
  isOnlyForAgent: true,
  prepare: async (value, { directory, place }) => openCustomBtf(configuredPath(directory, value), place),
  frames: (_, { customBtf }) => (customBtf ? [{ type: 'btf', bytes: customBtf.bytes }] : []),
  sha256: (_, { customBtf }) => customBtf?.sha256 ?? null,
};
