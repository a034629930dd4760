// The report newer verifiers (seen in 7.3) print behind their one-line message: the failure, its reason, its place, and a suggestion.

export interface VerifierReport {
  /** `Policy: Operation is not allowed` */
  title: string;
  /** The kernel's own explanation; '' without one. */
  explanation: string;
  at: { program: string; file: string; line: number; column: number } | null;
  /** The kernel's suggestion; '' without one. */
  suggestion: string;
}

const TITLE = /^Verification failed: (.+)$/;
const STATS = /^(?:processed|verification time|stack depth) /;
const HEADING = /^(Reason|At|Causal path|Suggestion):$/;
const PLACE = /^(\S+) @ (.+):(\d{1,9}):(\d{1,9})$/;

/**
 * Splits the lines of a log into those before the report and the report; null without a report.
 * Sections are headings at the start of a line with their text indented below, wrapped at about 100 characters.
 */
export function splitReport(lines: readonly string[]): { before: string[]; report: VerifierReport | null } {
  const start = lines.findLastIndex((line) => TITLE.test(line));
  if (start < 0) return { before: [...lines], report: null };
  const sections = new Map<string, string[]>();
  const addTo = (name: string, text: string) => {
    const section = sections.get(name);
    if (section) section.push(text);
    else sections.set(name, [text]);
  };
  let heading = '';
  for (const line of lines.slice(start + 1)) {
    const next = HEADING.exec(line)?.[1];
    if (next !== undefined) heading = next;
    else if (line.startsWith('  ')) addTo(heading, line.trim());
    else if (line !== '') heading = '';
  }
  const paragraph = (name: string) => (sections.get(name) ?? []).join(' ');
  const place = PLACE.exec(sections.get('At')?.[0] ?? '');
  const [, program = '', file = '', row, column] = place ?? [];
  const report = {
    title: TITLE.exec(lines[start] ?? '')?.[1] ?? '',
    explanation: paragraph('Reason'),
    at: place ? { program, file, line: Number(row), column: Number(column) } : null,
    suggestion: paragraph('Suggestion'),
  };
  // The statistics follow the report.
  const stats = lines.slice(start + 1).filter((line) => STATS.test(line));
  return { before: [...lines.slice(0, start), ...stats], report };
}
