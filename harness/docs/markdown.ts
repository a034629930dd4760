// Pieces of Markdown that the generated pages share.

/** Stands at the top of a generated page, so that an editor of the page sees where its text comes from. */
export function generatedFrom(source: string): string {
  return `<!-- Generated from ${source} by \`npm run docs\`. Change the source, not this file. -->`;
}

/** Plain text as Markdown: identifiers, calls and options become code, everything else keeps its meaning. */
export function plainText(text: string): string {
  return text.replaceAll(/(\w*_\w+(?:\([^()]*\))?|--[a-z-]+)|[\\`*[\]<>|]/g, (found, word?: string) =>
    word === undefined ? `\\${found}` : code(found),
  );
}

/** Text that is typed or printed as it is. */
export function code(text: string): string {
  return `\`${text}\``;
}

/** A table; cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Paragraphs, tables and headings, one below the other. */
export function blocks(...parts: readonly string[]): string {
  return parts.join('\n\n');
}
