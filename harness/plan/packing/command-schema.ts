// A command of this machine that runs in a guest: a custom loader, or a trigger.
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
    'Program and arguments. `{folder}` is the path of its files in the guest; for a custom loader, `{object}` is the path of the object.',
  ),
  files: z
    .array(
      z.union([
        z.string(),
        z.strictObject({
          path: z.string().describe('Path of the file, relative to this file.'),
          to: placeInFolder.describe('Path in `{folder}` (default: the name of the file).').optional(),
        }),
      ]),
    )
    .max(200)
    .optional()
    .describe('Files to copy into `{folder}`, relative to this file.'),
  env: z
    .record(z.string().regex(/^[A-Za-z_]\w*$/, 'expected the name of a variable'), argument)
    .optional()
    .describe('Environment variables. `LD_LIBRARY_PATH` names folders of this machine in which shared libraries are looked up.'),
  folder: z
    .string()
    .regex(/^\/[^\0]*$/, 'expected an absolute path')
    .optional()
    .describe('Working folder in the guest (default: `{folder}`).'),
  timeout: z.number().positive().max(3600).optional().describe('Time limit, in seconds (default: 60).'),
});

export type CommandSettings = z.infer<typeof commandSchema>;
