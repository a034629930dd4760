// Loaders by their names.
import { z } from 'zod';
import { LIBRARY_LOADERS } from '../../../base/loader-name.ts';

const LIBBPF = /^libbpf@(?:default|\d{1,3}\.\d{1,3}(?:\.\d{1,3})?)$/;

/** The names of loaders, for messages. */
export const LOADER_NAMES = `libbpf@default, a release such as libbpf@1.1, or one of ${LIBRARY_LOADERS.join(', ')}`;

/** A release of libbpf: the one that the agent is built with, or as Debian's source packages have it. Of other libraries, one of a list. */
export const loaderSchema = z
  .string()
  .regex(
    new RegExp(`${LIBBPF.source}|^(?:${LIBRARY_LOADERS.map((name) => name.replace('.', String.raw`\.`)).join('|')})$`),
    `expected ${LOADER_NAMES}`,
  )
  .describe(
    'What loads: a release of libbpf (`libbpf@1.1`; `libbpf@default` is the one that set-up builds the agent with), ' +
      `or of the libraries for Go and Rust: ${LIBRARY_LOADERS.map((name) => `\`${name}\``).join(', ')}.`,
  );
