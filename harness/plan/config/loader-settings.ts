// Who loads an object, and what has to be in the kernel before.
import { z } from 'zod';

const text = z.string().regex(/^[^\0]*$/, 'expected text without NUL');
const argument = text.max(4096);
const argv = z.array(argument).min(1).max(200);
/** Relative, and without a part that leads out of the folder. */
const placeInFolder = z
  .string()
  .max(200)
  .regex(/^(?!\/)(?!(?:.*\/)?\.{0,2}(?:\/|$))[^\0]+$/, 'expected a relative path without . and ..');

export const commandSchema = z.strictObject({
  argv: argv.describe(
    'Program and arguments; `{folder}` is the path of its files in the guest, and for a loader `{object}` that of the object.',
  ),
  files: z
    .array(z.union([z.string(), z.strictObject({ path: z.string(), to: placeInFolder.describe('Its path in `{folder}`.').optional() })]))
    .max(200)
    .optional()
    .describe('Files to lay beside it, relative to this file.'),
  env: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/, 'expected the name of a variable'), argument)
    .optional()
    .describe('Environment; LD_LIBRARY_PATH names folders of this machine to look for libraries in.'),
  folder: z
    .string()
    .regex(/^\/[^\0]*$/, 'expected an absolute path')
    .optional()
    .describe('Working folder in the guest; without it, `{folder}`.'),
  timeout: z.number().positive().max(3600).optional().describe('Seconds it may take; without it, 60.'),
});

export type CommandSettings = z.infer<typeof commandSchema>;

/** The one everything here is written for, and releases as Debian's source packages have them. */
export const loaderSchema = z
  .string()
  .regex(/^libbpf@(?:default|\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)$/, 'expected libbpf@default or a release, such as libbpf@1.1')
  .describe('Which libbpf loads: `libbpf@1.1`, `libbpf@1.5`; `libbpf@default` is the one of the agent that set-up builds.');

const modulesSchema = z
  .array(z.string().regex(/^[\w-]{1,64}$/, 'expected the name of a module, such as nf_conntrack'))
  .max(64)
  .describe("Modules of the kernel's own package to load first, with those they need.");

export const loaderSettings = {
  modules: modulesSchema.optional(),
  loader: loaderSchema.optional(),
  command: commandSchema
    .optional()
    .describe(
      "The object's own loader, run in the guest instead of loading the object through the agent: exit status 0 is a pass. Its shared libraries are found and packed.",
    ),
};
