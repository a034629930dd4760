// docs/reference/configuration.md: every key of corematrix.yaml, from its schema.
import { z } from 'zod';
import { configSchema } from '../plan/config/schema.ts';
import { schemaReference } from './json-schema.ts';
import { blocks, generatedFrom } from './markdown.ts';
import { EXPLAINED_WORDS } from './results.ts';

const INTRODUCTION = `\`corematrix.yaml\` says what \`corematrix run\` runs and which failures are expected. \`corematrix init\` writes one for the objects
of a folder. \`corematrix plan\` shows what it means.

Editors complete and check the file with [config.schema.json](../../harness/plan/config/config.schema.json). For editors that use
yaml-language-server, put this line at the top:

\`\`\`yaml
# yaml-language-server: $schema=node_modules/corematrix/harness/plan/config/config.schema.json
\`\`\`

A key may be left out unless it is marked as required. Options of the command line take precedence over the file.`;

/** The text of the page. */
export function configurationPage(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input' });
  return blocks(
    generatedFrom('harness/plan/config/schema.ts'),
    '# corematrix.yaml',
    INTRODUCTION,
    ...schemaReference(schema, { top: 'Top level', mark: 'required', words: EXPLAINED_WORDS }),
  );
}
