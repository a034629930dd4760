// The files that a path or glob names.
import { configuredPath } from '../../base/configured-path.ts';
import { messageOf, UserError } from '../../base/errors.ts';

const MAX_LENGTH = 4096;
/** Braces multiply: twenty pairs with two members each make a million patterns. */
const MAX_ALTERNATIVES = 1000;

/** An upper bound for the patterns that the braces make: groups of equal size make most, and a range counts as a thousand members. */
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
 * The files that a glob matches, sorted by name. A path names itself, even if no file is there.
 * @param directory the folder to which relative names belong
 * @throws UserError for a pattern that is too large or not valid
 */
export async function expand(pattern: string, directory: string): Promise<string[]> {
  if (!/[*?[{]/.test(pattern)) return [configuredPath(directory, pattern)];
  const problem = patternProblem(pattern);
  if (problem !== null) throw new UserError(`${pattern.slice(0, 80)}: ${problem}`);
  const { glob } = await import('zx');
  try {
    const found = await glob(pattern, { cwd: directory, absolute: true, onlyFiles: true });
    return found.toSorted();
  } catch (error) {
    // The rest of the message names paths and options of the library.
    const [reason = ''] = messageOf(error).split(/[,.] /, 1);
    throw new UserError(`${pattern.slice(0, 80)}: the pattern cannot be expanded: ${reason}`, { cause: error });
  }
}
