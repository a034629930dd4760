// Results from the text of a results.json.
import { readVersionedResults } from '../../reports/json.ts';
import { checkOptions, RULES } from './check-options.ts';
import type { Results } from '../results/schema.ts';

/**
 * Reads and checks the text of a results.json, of this or of an earlier schema version. Results of an earlier version get the names of this
 * one.
 * @param name the name of the file in messages
 * @throws UserError naming the place in the file, and what was expected there
 * @example see docs/library.md
 */
export function parseResults(text: string, name = 'results.json'): Results {
  checkOptions({ name: 'parseResults()', rules: { text: RULES.text, name: RULES.text }, required: ['text'] }, { text, name });
  return readVersionedResults(text, name).results;
}
