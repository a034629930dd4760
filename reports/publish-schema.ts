// Writes the published JSON Schemas: `npm run schema`. With --check it writes nothing and names those that differ.
import { publish } from '../harness/base/generated.ts';
import { configJsonSchema } from '../harness/plan/config/json-schema.ts';
import { resultsJsonSchema } from './json.ts';

await publish('npm run schema', [
  { path: 'reports/results.schema.json', render: resultsJsonSchema },
  { path: 'harness/plan/config/config.schema.json', render: configJsonSchema },
]);
