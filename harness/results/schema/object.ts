// `objects[]` in results.json.
import { z } from 'zod';
import { objectRelocation } from './places.ts';
import { count, sha256 } from './values.ts';

export const objectSchema = z.strictObject({
  id: z.string().describe('Identifier of the object, unique in this file and safe in a path and a URL fragment; made from the file name.'),
  path: z.string().describe('Path of the object file, as the command line or the configuration names it.'),
  sha256: sha256.describe('SHA-256 of the object file, in hexadecimal.'),
  size: count.describe('Size of the object file, in bytes.'),
  executable: z
    .literal(true)
    .optional()
    .describe('True for an executable that `corematrix exec` ran: its programs are tests; absent for a BPF object.'),
  loader: z.string().optional().describe('What loads the object: `libbpf@1.1`, `cilium@0.22`; absent for the default agent.'),
  mode: z
    .enum(['attach', 'run'])
    .optional()
    .describe(
      'How far the run went with the object after loading it: `attach`, or `run`, which also attaches; absent if it only loaded it.',
    ),
  customBtf: z
    .literal(true)
    .optional()
    .describe('True if relocations were resolved with BTF from elsewhere (`btf`); absent if with that of the kernel.'),
  modules: z
    .array(z.string())
    .optional()
    .describe('Modules that guests load before the object (`modules`), without those that these need; absent without one.'),
  compiler: z
    .string()
    .optional()
    .describe('Compiler, as the object names it; absent if the object does not, which is usual after stripping.'),
  license: z.string().nullable().describe('License that the object declares; null if it declares none.'),
  programs: z
    .array(
      z.strictObject({
        name: z.string().describe('Name of the program: its C function; for an executable, the name of a test.'),
        section: z.string().describe('ELF section of the program: `kprobe/do_unlinkat`; `test` for the tests of an executable.'),
        type: z
          .string()
          .nullable()
          .describe("Program type under libbpf's name: `kprobe`, `tracing`; null if neither a guest nor the section name revealed it."),
        attachTo: z
          .string()
          .nullable()
          .optional()
          .describe('Target that a setting names (attach_to); null or absent if the section names it.'),
        insns: count.describe('Number of instructions, before relocation.'),
      }),
    )
    .describe('Programs of the object, in the order of the file.'),
  relocations: z
    .array(objectRelocation)
    .describe(
      'All CO-RE relocations of the object, sections in the order of `.BTF.ext`; `cells[].relocations[].ref` is a position in this list.',
    ),
  maps: z
    .array(
      z.strictObject({
        name: z.string().describe('Name of the map.'),
        type: z.string().describe('Map type under the name of the kernel, in lower case: `hash`, `ringbuf`.'),
      }),
    )
    .describe('Maps of the object.'),
  fixedOffsets: z
    .array(z.string())
    .optional()
    .describe(
      'Programs that read kernel structs at fixed offsets, those of the machine that compiled them, because the object has no CO-RE relocation; absent if none does.',
    ),
});
