// Finds parts of a YAML document that have no value of a configuration: aliases without anchors, and tags.
import { type Document, isAlias, isNode, isScalar, type Node, Scalar, visit } from 'yaml';

/** A part without a value. Nothing else is said about the text between `offset` and `end`. */
export interface Unreadable {
  offset: number;
  end: number;
  problem: string;
  /** Whether it is a key, without which its map has no meaning. */
  isKey: boolean;
}

const CORE = 'tag:yaml.org,2002:';
/** Tags that only repeat what a value is. */
const PLAIN: ReadonlySet<string> = new Set(['str', 'int', 'float', 'bool', 'null', 'seq', 'map'].map((name) => CORE + name));
const TAG_BEFORE = /(!\S*)\s*$/;
/** A longer text before a value is no tag that anyone writes, and searching it takes long. */
const MAX_TAG = 100;
const WHOLE_NUMBER = /^[-+]?(?:\d+|0x[\da-fA-F]+)$/;

function unreadable(document: Document, node: Node, text: string): Omit<Unreadable, 'isKey'> | null {
  const [start, , end] = node.range ?? [0, 0, 0];
  if (isAlias(node)) {
    if (node.resolve(document) !== undefined) return null;
    const name = text.slice(start, end).trim() || `*${node.source}`;
    return {
      offset: start,
      end,
      problem: `no anchor &${node.source} before the alias ${name}; a text that begins with * needs quotes: "${name}"`,
    };
  }
  const { tag } = node;
  if (tag === undefined || PLAIN.has(tag)) return null;
  const from = Math.max(0, start - MAX_TAG);
  const match = TAG_BEFORE.exec(text.slice(from, start));
  const [written, offset] = match ? [match[1] ?? tag, from + match.index] : [tag, start];
  const hint = written === '!!binary' ? '; a check or a trigger has bytes as text: "base64:..."' : '';
  return { offset, end, problem: `the tag ${written} has no meaning in a configuration; remove it${hint}` };
}

/** A whole number that JavaScript would round keeps its text. */
function keepWhole(node: Node): void {
  if (!isScalar(node) || typeof node.value !== 'number' || !Number.isInteger(node.value) || Number.isSafeInteger(node.value)) return;
  const { source } = node;
  if (source !== undefined && WHOLE_NUMBER.test(source)) node.value = source;
}

/**
 * Takes the parts without a value out of a document, so that all others can still be checked. Whole numbers beyond 2^53 become text, as they
 * are in the file.
 */
export function takeUnreadable(document: Document, text: string): Unreadable[] {
  const found: Unreadable[] = [];
  visit(document, {
    Node: (key, node) => {
      const fault = unreadable(document, node, text);
      if (!fault) {
        keepWhole(node);
        return undefined;
      }
      found.push({ ...fault, isKey: key === 'key' });
      if (key === 'key') return visit.SKIP;
      const empty = new Scalar(null);
      empty.range = isNode(node) ? (node.range ?? null) : null;
      return empty;
    },
  });
  return found;
}
