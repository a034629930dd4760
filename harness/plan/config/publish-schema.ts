// Writes the published JSON Schema of corematrix.yaml beside this file: `npm run schema`, whenever the schema changed.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../base/package-root.ts';
import { configJsonSchema } from './json-schema.ts';

await writeFile(join(PACKAGE_ROOT, 'harness/plan/config/config.schema.json'), configJsonSchema());
