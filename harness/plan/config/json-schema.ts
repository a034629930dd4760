// The JSON Schema of corematrix.yaml. Editors use it to complete and check the file.
import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The text of config.schema.json, made from the schema that corematrix itself uses. */
export function configJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { target: 'draft-7', io: 'input' });
  return `${JSON.stringify({ title: 'corematrix configuration', ...schema }, null, 2)}\n`;
}
