// Writes the published JSON Schema of corematrix.yaml beside this file. Run `npm run schema` after each change of the schema.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../base/package-root.ts';
import { configJsonSchema } from './json-schema.ts';

await writeFile(join(PACKAGE_ROOT, 'harness/plan/config/config.schema.json'), configJsonSchema());
