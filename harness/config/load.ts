// Reads corematrix.yaml; every error names file, line and column.
import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument, isMap, isNode, isScalar, type Document } from 'yaml';
import type { z } from 'zod';
import { UserError } from '../errors.ts';
import { type Config, configSchema } from './schema.ts';

/** More aliases than any person writes: a document with more is an attempt to exhaust memory. */
const MAX_ALIASES = 100;
const MAX_BYTES = 4 << 20;

type Issue = z.core.$ZodIssue;

/** Offset of the node an issue is about; where that does not exist, of the nearest node around it. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function keyOffset(document: Document, path: readonly PropertyKey[], key: string): number {
  const parent: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
  const pair = isMap(parent) ? parent.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
  return pair && isScalar(pair.key) && pair.key.range ? pair.key.range[0] : offsetOf(document, path);
}

function describeIssue(issue: Issue): string {
  const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  return `${where}${issue.message}`;
}

function known(issue: Issue): string {
  return issue.path.at(0) === 'expectations'
    ? 'object, program, kernels, status, class, reason'
    : Object.keys(configSchema.shape).join(', ');
}

/**
 * Checks the text of a configuration.
 * @param name how the file is called in messages
 * @throws UserError naming file, line, column, what is wrong and what is possible
 */
export function parseConfig(text: string, name: string): Config {
  if (text.length > MAX_BYTES) throw new UserError(`${name}: too large for a configuration (${text.length} characters)`);
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  const [broken] = document.errors;
  if (broken) throw new UserError(`${at(broken.pos[0])}: not valid YAML: ${broken.message}`);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES }) ?? {};
  } catch (error) {
    throw new UserError(`${name}: cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = configSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (!issue) throw new UserError(`${name}: not a valid configuration`);
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    throw new UserError(`${at(keyOffset(document, issue.path, key))}: unknown key "${key}"; possible here: ${known(issue)}`);
  }
  throw new UserError(`${at(offsetOf(document, issue.path))}: ${describeIssue(issue)}`);
}

/**
 * Reads and checks a configuration file.
 * @throws UserError when it cannot be read or is not valid
 */
export async function loadConfig(path: string): Promise<Config> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new UserError(`${path}: cannot read the configuration (${code})`);
  }
  return parseConfig(text, path);
}
