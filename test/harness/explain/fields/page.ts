// Writes docs/suggested-code.md: what explain suggests for each field, and why it suggests nothing.
import { existsName } from '../../../../harness/explain/snippet.ts';
import type { RootCause } from '../../../../harness/results/explanation.ts';
import { FIELD_KINDS, type FieldCase, fieldName } from './fields.ts';

export interface ExplainedField {
  field: FieldCase;
  /** Null if no kernel lacks the field. */
  cause: RootCause | null;
}

/** Returned expressions of a suggestion, in the order in which it tries them, without the names of its variables. */
function expressionsOf(snippet: string): string[] {
  const [, body = ''] = snippet.split(/^static __always_inline .*\(const void \*from\)$/m);
  return [...body.matchAll(/^\t\treturn (.*);$/gm)].map(([, text = '']) => text.replaceAll(/([(&])[a-f](?=, |->)/g, '$1from'));
}

/** What the kernels without the value have, with the names of the kernels. */
function reasonsOf({ situations, snippet }: RootCause, names: ReadonlyMap<string, string>): string[] {
  return situations.flatMap(({ kernels, summary, hints, alternatives: [best] }) => {
    const other = hints.find((hint) => hint.includes(' has another meaning'));
    const isRead = best !== undefined && other === undefined && snippet !== null;
    const on = kernels.map((id) => names.get(id) ?? id).join(', ');
    return isRead ? [] : [`${on}: ${other ?? summary}`];
  });
}

const cell = (lines: readonly string[]) => lines.map((line) => line.replaceAll('|', '\\|')).join('<br>');

type Extent = 'all' | 'some' | 'none';

function extentOf({ snippet, advice }: RootCause): Extent {
  if (snippet === null) return 'none';
  return advice.some((line) => line.startsWith('Nothing reads the same value')) ? 'some' : 'all';
}

const TITLES = {
  all: 'Code for all kernels',
  some: 'Code for some kernels',
  none: 'No code',
} as const satisfies Record<Extent, string>;

/** The page as Markdown. Kernels have the given names. */
export function pageOf(explained: readonly ExplainedField[], names: ReadonlyMap<string, string>): string {
  const found = explained.flatMap(({ field, cause }) => (cause ? [{ field, cause, extent: extentOf(cause) }] : []));
  const count = (extent: Extent) => found.filter((each) => each.extent === extent).length;
  const tables = (['all', 'some', 'none'] as const).flatMap((extent) => {
    const rows = found
      .filter((each) => each.extent === extent)
      .toSorted((a, b) => FIELD_KINDS.indexOf(a.field.kind) - FIELD_KINDS.indexOf(b.field.kind))
      .map(({ field, cause }) => {
        const code = (cause.snippet === null ? [] : expressionsOf(cause.snippet)).map((text) => `\`${text}\``);
        const reasons = extent === 'all' ? [] : [cell(reasonsOf(cause, names))];
        return `| ${[field.kind, `\`${fieldName(field)}\``, cell(code), ...reasons].join(' | ')} |`;
      });
    const head =
      extent === 'all' ? ['Change', 'Field', 'Suggested C'] : ['Change', 'Field', 'Suggested C', 'Why the other kernels have none'];
    return rows.length === 0
      ? []
      : [`## ${TITLES[extent]} (${count(extent)})`, '', `| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...rows, ''];
  });
  return [
    '<!-- Written by `npm run suggested-code`. -->',
    '',
    '# Suggested code for fields that changed',
    '',
    `What \`corematrix explain\` suggests for ${found.length} fields that differ between Linux ${[...names.values()].join(', ')}. A test runs each`,
    'suggestion on these kernels: it must read the value of a form that is written by hand for the test, or tell by its',
    `\`${existsName('field').replace('field', '...')}()\` that the kernel has none. No code is suggested where BTF and the known changes do not show that the value is the same.`,
    '',
    ...tables,
  ].join('\n');
}
