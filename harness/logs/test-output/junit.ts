// Reads a file in JUnit XML, as test runners of many languages write it.
import { XMLParser } from 'fast-xml-parser';
import { reasonOf, Rows, type TestRow } from './rows.ts';

const MAX_DEPTH = 32;

type Read = { ok: true; tests: TestRow[] } | { ok: false; reason: string };

/** Entities of a document type are never expanded. */
const PARSER_OPTIONS = {
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#text',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: true,
  htmlEntities: false,
};

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The children of one name; text alone is a node with text. */
function children(node: Node, name: string): Node[] {
  const found = node[name];
  if (found === undefined) return [];
  const list: unknown[] = Array.isArray(found) ? found : [found];
  return list.map((each) => (isNode(each) ? each : { '#text': each }));
}

const textOf = (value: unknown) => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

function messageOf(node: Node): string | null {
  return reasonOf(textOf(node['@message'])) ?? reasonOf(textOf(node['#text']).trim().split('\n')[0]) ?? reasonOf(textOf(node['@type']));
}

function addCase(rows: Rows, test: Node): void {
  const [className, name] = [textOf(test['@classname']), textOf(test['@name'])];
  const whole = className === '' ? name : `${className}.${name}`;
  const [bad] = [...children(test, 'failure'), ...children(test, 'error')];
  const [skipped] = children(test, 'skipped');
  if (bad) rows.end(whole, 'fail', messageOf(bad));
  else if (skipped) rows.end(whole, 'skip', messageOf(skipped));
  else rows.end(whole, 'pass');
}

function addSuite(rows: Rows, suite: Node, depth: number): void {
  if (depth > MAX_DEPTH) return;
  for (const test of children(suite, 'testcase')) addCase(rows, test);
  for (const inner of [...children(suite, 'testsuites'), ...children(suite, 'testsuite')]) addSuite(rows, inner, depth + 1);
}

/**
 * Reads the tests of all suites of a file.
 * @returns the reason for text that is no JUnit XML
 * @see https://github.com/testmoapp/junitxml
 */
export function readJunit(text: string): Read {
  try {
    const document: unknown = new XMLParser(PARSER_OPTIONS).parse(text);
    if (!isNode(document) || (document['testsuites'] === undefined && document['testsuite'] === undefined))
      return { ok: false, reason: 'it has neither <testsuites> nor <testsuite>' };
    const rows = new Rows();
    addSuite(rows, document, 0);
    return { ok: true, tests: rows.all() };
  } catch (error) {
    return { ok: false, reason: reasonOf(error instanceof Error ? error.message : String(error)) ?? 'it is not XML' };
  }
}
