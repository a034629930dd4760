// docs/reference/results.md: every key of results.json, from its schema.
import { z } from 'zod';
import { FAILURE_CLASSES } from '../base/failures.ts';
import { LOG_LIMITS, PAGE_LOG_LIMIT, sizeText } from '../base/log-limits.ts';
import { OUTCOMES, PREDICTED_STATUSES, RELOCATION_KINDS, STAGES, STATUSES } from '../base/vocabulary.ts';
import { resultsSchema, SCHEMA_VERSION } from '../results/schema.ts';
import { OLDEST_VERSION } from '../results/upgrade.ts';
import { schemaReference } from './json-schema.ts';
import { blocks, generatedFrom } from './markdown.ts';

/** Lists of words that other pages explain. */
export const EXPLAINED_WORDS = [
  { words: FAILURE_CLASSES, link: '[failure class](../failures.md)' },
  { words: STATUSES, link: '[status](../words.md#statuses)' },
  { words: STAGES, link: '[stage](../words.md#stages)' },
  { words: OUTCOMES, link: '[outcome](../words.md#relocation-outcomes)' },
  { words: RELOCATION_KINDS, link: '[relocation kind](../words.md#relocation-kinds)' },
  { words: PREDICTED_STATUSES, link: '[predicted status](../words.md#predicted-statuses)' },
] as const;

const INTRODUCTION = `\`results.json\` in the report folder has all facts of a run. All other reports are made from it.
[results.schema.json](../../reports/results.schema.json) is the same as a JSON Schema.

The format has schema version ${SCHEMA_VERSION}. corematrix reads versions ${OLDEST_VERSION} to ${SCHEMA_VERSION}: when it reads an older file, it renames its keys and prints a note.
A newer file is refused. \`corematrix report FILE --format json\` writes a file again in the newest version.

The logs of a cell have at most ${sizeText(LOG_LIMITS.cell)}, those of a run ${sizeText(LOG_LIMITS.run)}. When a run has reached its limit, each further cell
keeps its verdict, its reason and ${sizeText(LOG_LIMITS.afterRun)} of logs. A log that is cut keeps its beginning and its end, where the causes of
failures are, and a line between them names the bytes that are left out. Verdicts, relocation records and predictions are made before
logs are cut. \`logsCut\` of a cell, and every report, say what was cut. \`merge\` cuts nothing.

\`index.html\` has room for ${sizeText(PAGE_LOG_LIMIT)} of logs, half of it only for cells that need attention. It links to the files of the other logs.

A key is always present unless it is marked as optional.`;

/** The text of the page. */
export function resultsPage(): string {
  const schema = z.toJSONSchema(resultsSchema);
  return blocks(
    generatedFrom('harness/results/schema.ts'),
    '# results.json',
    INTRODUCTION,
    ...schemaReference(schema, { top: 'Top level', mark: 'optional', words: EXPLAINED_WORDS }),
  );
}
