// From a pattern to the files it means.
import { resolve } from 'node:path';
import { messageOf, UserError } from '../../base/errors.ts';

const MAX_LENGTH = 4096;
/** Braces multiply: twenty pairs of two are a million patterns. */
const MAX_ALTERNATIVES = 1000;

/** At least as many patterns as the braces in this one make: even groups make most, and a range may have a thousand members. */
function alternatives(pattern: string): number {
  const count = (part: string) => pattern.split(part).length - 1;
  const braces = count('{');
  const ranges = pattern.match(/[^{},/]\.\.[^/]/g)?.length ?? 0;
  return braces === 0 ? 1 : (count(',') / braces + 1) ** braces * 1000 ** ranges;
}

function patternProblem(pattern: string): string | null {
  if (pattern.length > MAX_LENGTH) return `a pattern of ${pattern.length} characters is too long`;
  return alternatives(pattern) > MAX_ALTERNATIVES ? `its braces mean more than ${MAX_ALTERNATIVES} patterns` : null;
}

/**
 * The files a path or glob means, in the order of their names; a path means itself, whether it is there or not.
 * @param directory what relative names are relative to
 * @throws UserError for a pattern that nobody could follow
 */
export async function expand(pattern: string, directory: string): Promise<string[]> {
  if (!/[*?[{]/.test(pattern)) return [resolve(directory, pattern)];
  const problem = patternProblem(pattern);
  if (problem !== null) throw new UserError(`${pattern.slice(0, 80)}: ${problem}`);
  const { glob } = await import('zx');
  try {
    const found = await glob(pattern, { cwd: directory, absolute: true, onlyFiles: true });
    return found.toSorted();
  } catch (error) {
    // The rest of what the library and the system say names paths and options of theirs.
    const [reason = ''] = messageOf(error).split(/[,.] /, 1);
    throw new UserError(`${pattern.slice(0, 80)}: the pattern cannot be followed: ${reason}`, { cause: error });
  }
}
