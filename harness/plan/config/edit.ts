// Changes the expectations in the text of a corematrix.yaml. Comments and all other text stay unchanged.
import { type Document, isMap, isSeq, parseDocument } from 'yaml';
import { edits } from '../../base/diff.ts';
import type { ExpectationChange } from '../expectations/update-expectations.ts';

/** Guesses from the text how the file writes lists, maps and quotes. */
function styleOf(text: string) {
  return {
    lineWidth: 0,
    flowCollectionPadding: /[[{] \S/.test(text),
    indentSeq: !/^- /m.test(text),
    singleQuote: !text.includes('"'),
  };
}

/**
 * The updated text with all unchanged lines taken from the user's text, because the library changes the spaces in brackets.
 * @param text the user's text
 * @param plain the same text as the library writes it
 * @param updated the text with the changes, as the library writes it
 */
function asWritten(text: string, plain: string, updated: string): string {
  const [own, theirs] = [text.split('\n'), plain.split('\n')];
  if (own.length !== theirs.length) return updated;
  let at = 0;
  const lines = edits(theirs, updated.split('\n')).flatMap(({ sign, text: line }) => {
    if (sign === '+') return [line];
    at += 1;
    return sign === '-' ? [] : [own[at - 1] ?? line];
  });
  return lines.join('\n');
}

function addExpectation(document: Document, expectation: object): void {
  const list = document.get('expectations', true);
  if (isSeq(list) && list.items.length > 0) {
    const node = document.createNode(expectation);
    // If the file writes expectations in braces, so is the new one.
    const [first] = list.items;
    if (isMap(first) && isMap(node)) node.flow = first.flow ?? false;
    list.add(node);
    return;
  }
  document.set('expectations', document.createNode([expectation]));
}

/** The mark that some editors put at the head of a file. */
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Applies changes to the text of a configuration that parses. A byte order mark and the ends of lines stay as they are.
 * @returns the new text; the same text if there are no changes
 */
export function editExpectations(text: string, changes: readonly ExpectationChange[]): string {
  if (changes.length === 0) return text;
  const [mark, rest] = text.startsWith(BYTE_ORDER_MARK) ? [BYTE_ORDER_MARK, text.slice(1)] : ['', text];
  if (!/^[^\n]*\r\n/.test(rest)) return mark + edited(rest, changes);
  return mark + edited(rest.replaceAll('\r\n', '\n'), changes).replaceAll('\n', '\r\n');
}

function edited(text: string, changes: readonly ExpectationChange[]): string {
  const document = parseDocument(text);
  for (const change of changes) {
    if (change.kind === 'kernels') document.setIn(['expectations', change.at, 'kernels'], change.kernels);
    if (change.kind === 'class') document.setIn(['expectations', change.at, 'class'], change.class);
  }
  for (const change of changes) if (change.kind === 'add') addExpectation(document, change.expectation);
  // Removed from the last to the first, so that the remaining positions stay valid.
  for (const change of changes.toReversed()) if (change.kind === 'remove') document.deleteIn(['expectations', change.at]);
  const list = document.get('expectations', true);
  if (isSeq(list) && list.items.length === 0) document.delete('expectations');
  const style = styleOf(text);
  return asWritten(text, parseDocument(text).toString(style), document.toString(style));
}
