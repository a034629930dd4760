// Writes the published JSON Schema of results.json beside this file. Run `npm run schema` after each change of the schema.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../harness/base/package-root.ts';
import { resultsJsonSchema } from './json.ts';

await writeFile(join(PACKAGE_ROOT, 'reports/results.schema.json'), resultsJsonSchema());
