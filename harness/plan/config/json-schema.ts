// The JSON Schema of corematrix.yaml, with which editors complete and check it.
import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The text of config.schema.json, made from the schema the program itself checks by. */
export function configJsonSchema(): string {
  const schema = z.toJSONSchema(configSchema, { target: 'draft-7', io: 'input' });
  return `${JSON.stringify({ title: 'corematrix configuration', ...schema }, null, 2)}\n`;
}
