// Reads kernel selectors: the name of a source, a colon, and a value that the source reads.
import { UserError } from '../harness/base/errors.ts';
import { mostSimilar } from '../harness/base/similar.ts';
import { meaningOfOffline } from './offline-selectors.ts';
import type { KernelSelector, RegisteredSource } from './registered.ts';
import { SOURCES } from './registry.ts';
import { firstForms } from './selector-help.ts';
import type { KernelIdentity } from './sources/source.ts';

interface SelectorParts {
  name: string;
  value: string;
}

function partsOf(text: string): SelectorParts | null {
  const [, name, value] = /^([a-z][a-z0-9-]*):(.*)$/s.exec(text) ?? [];
  return name === undefined || value === undefined ? null : { name, value };
}

function sourceNamed(name: string): RegisteredSource | null {
  return SOURCES.find((source) => source.name === name) ?? null;
}

/** The selector that the user most likely meant by a text without a source or with a misspelled one. */
function suggestion(text: string): string | null {
  const parts = partsOf(text);
  const [nearest] = parts
    ? mostSimilar(
        parts.name,
        SOURCES.map(({ name }) => name),
        1,
        0.5,
      )
    : [];
  if (parts && nearest !== undefined) return `${nearest}:${parts.value}`;
  for (const { name, guess } of SOURCES) {
    const value = guess(text);
    if (value !== null) return `${name}:${value}`;
  }
  return null;
}

/**
 * Reads a selector.
 * @throws UserError with what was expected, or what was most likely meant
 */
export function parseSelector(text: string): KernelSelector {
  const parts = partsOf(text);
  const source = parts && sourceNamed(parts.name);
  if (source) return source.read(parts.value, text);
  const offline = meaningOfOffline(text);
  if (offline !== null)
    throw new UserError(
      `'${text}' names ${offline}: only "predict -k" and "types -k" take it. Expected kernels, for example ${firstForms()} (all forms: corematrix kernels --help)`,
    );
  const meant = suggestion(text);
  const hint = meant === null ? `expected for example ${firstForms()}` : `did you mean ${meant}?`;
  throw new UserError(`'${text}' is not a kernel selector; ${hint} (all forms: corematrix kernels --help)`);
}

/** Changes the path in a selector with `rebase`. Other selectors stay unchanged. */
export function withPath(text: string, rebase: (path: string) => string): string {
  const parts = partsOf(text);
  return parts && sourceNamed(parts.name)?.isPath === true && parts.value !== '' ? `${parts.name}:${rebase(parts.value)}` : text;
}

/** A selector that means exactly one kernel of those that its original selector means. */
export function selectorOfKernel({ selector, version }: Pick<KernelIdentity, 'selector' | 'version'>): string {
  const parts = partsOf(selector);
  const source = parts && sourceNamed(parts.name);
  return source ? `${source.name}:${source.only(parts.value, version)}` : selector;
}
