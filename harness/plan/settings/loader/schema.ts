// Releases of libbpf by their names.
import { z } from 'zod';

/** The release that the agent is built with, and releases as Debian's source packages have them. */
export const loaderSchema = z
  .string()
  .regex(/^libbpf@(?:default|\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)$/, 'expected libbpf@default or a release, such as libbpf@1.1')
  .describe('The libbpf that loads: `libbpf@1.1`, `libbpf@1.5`; `libbpf@default` is the one that set-up builds the agent with.');
