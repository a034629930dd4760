// `loader`: what loads the object, a release of libbpf or of another library.
import { DEFAULT_LIBBPF } from '../../../base/loader-name.ts';
import type { Setting } from '../definition.ts';
import { loaderSchema } from './schema.ts';

export const loader: Setting<string, string | null> = {
  schema: loaderSchema,
  prepare: (name) => (name === DEFAULT_LIBBPF ? null : name),
};
