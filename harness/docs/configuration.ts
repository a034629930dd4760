// docs/reference/configuration.md: every key of corematrix.yaml, from its schema.
import { z } from 'zod';
import { libraryName } from '../base/loader-name.ts';
import { configSchema } from '../plan/config/schema.ts';
import { schemaReference } from './json-schema.ts';
import { allLimits } from '../plan/object-settings/loader-limits.ts';
import { blocks, code, generatedFrom, plainText, table } from './markdown.ts';
import { EXPLAINED_WORDS } from './results.ts';

const INTRODUCTION = `\`corematrix.yaml\` says what \`corematrix run\` runs and which failures are expected. \`corematrix init\` writes one for the objects
of a folder. \`corematrix plan\` shows what it means.

Editors complete and check the file with [config.schema.json](../../harness/plan/config/config.schema.json). For editors that use
yaml-language-server, put this line at the top:

\`\`\`yaml
# yaml-language-server: $schema=node_modules/corematrix/harness/plan/config/config.schema.json
\`\`\`

A key may be left out unless it is marked as required. Options of the command line take precedence over the file.`;

const LIMITS = `libbpf applies every setting. The libraries of other loaders have no function for these. corematrix refuses such a setting with its
line before any guest boots. If an object also names loaders that can apply the setting, it is still loaded with them.`;

function limitRows(): string[][] {
  return allLimits().map(({ loaders, setting, values, why }) => [
    loaders.map(code).join(', '),
    code(setting),
    typeof values === 'string' ? values : (values?.map((value) => code(String(value))).join(', ') ?? 'all'),
    plainText(`${libraryName(loaders[0])} ${why}`),
  ]);
}

/** The text of the page. */
export function configurationPage(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input' });
  return blocks(
    generatedFrom('harness/plan/config/schema.ts'),
    '# corematrix.yaml',
    INTRODUCTION,
    ...schemaReference(schema, { top: 'Top level', mark: 'required', words: EXPLAINED_WORDS }),
    '## Settings that a loader cannot apply',
    LIMITS,
    table(['loader', 'setting', 'values', 'reason'], limitRows()),
  );
}
