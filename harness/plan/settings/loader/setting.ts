// `loader`: the release of libbpf that loads the object.
import { releaseOfLoader } from '../../../base/loader-name.ts';
import type { Setting } from '../definition.ts';
import { loaderSchema } from './schema.ts';

export const loader: Setting<string, string | null> = {
  schema: loaderSchema,
  prepare: releaseOfLoader,
};
