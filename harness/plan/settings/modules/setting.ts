// `modules`: kernel modules that the guest loads before the object.
import { z } from 'zod';
import type { Setting } from '../definition.ts';

const schema = z
  .array(z.string().regex(/^[\w-]{1,64}$/, 'expected the name of a module, such as nf_conntrack'))
  .max(64)
  .describe("Modules of the kernel's own package to load first, with those they need.");

export const modules: Setting<string[], readonly string[]> = {
  schema,
  takesDefault: () => true,
  prepare: (names) => names,
  frames: (_, { modules: loaded }) => loaded.map(({ name, ko }) => ({ type: 'module', name, ko })),
};
