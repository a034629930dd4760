// A JSON Schema as Markdown: a table for every object in it, in the order in which a reader meets them.
import type { z } from 'zod';
import { blocks, code, table } from './markdown.ts';

type Schema = z.core.JSONSchema.JSONSchema;

export interface ReferenceOptions {
  /** What a key of the top level is called in its heading. */
  top: string;
  /** Which keys get a mark: the optional ones, or the required ones. */
  mark: 'optional' | 'required';
  /** Lists of words that another page explains: words, and a link in their place. */
  words: readonly { words: readonly string[]; link: string }[];
}

interface Section {
  path: string;
  objects: Schema[];
}

/** Longer lists of words stand below the table. */
const MAX_WORDS = 12;

const isSchema = (schema: unknown): schema is Schema => typeof schema === 'object' && schema !== null;
const key = (schema: Schema) => JSON.stringify({ ...schema, description: undefined });

/** Alternatives of alternatives are alternatives. */
function alternativesOf(schema: Schema): Schema[] {
  const inner = schema.anyOf ?? schema.oneOf;
  return inner ? inner.filter(isSchema).flatMap(alternativesOf) : [schema];
}

function itemsOf({ items, prefixItems }: Schema): Schema[] {
  return [...(prefixItems ?? []), ...(Array.isArray(items) ? items : [items])].filter(isSchema);
}

/** Objects with named keys in a value, and what leads from the value to each. */
function objectsIn(schema: Schema, path: string): { path: string; object: Schema }[] {
  return alternativesOf(schema).flatMap((one) => {
    if (one.properties) return [{ path, object: one }];
    const items = itemsOf(one).flatMap((item) => objectsIn(item, `${path}[]`));
    const values = isSchema(one.additionalProperties) ? objectsIn(one.additionalProperties, `${path}.NAME`) : [];
    return [...items, ...values];
  });
}

const propertiesOf = (object: Schema) =>
  Object.entries(object.properties ?? {}).flatMap(([name, value]) => (isSchema(value) ? [{ name, value }] : []));

/** All sections from an object on. Objects that are equal to an earlier one have no section of their own. */
function sectionsFrom(objects: Schema[], path: string, seen: Map<string, string>): Section[] {
  const fresh = objects.filter((object) => !seen.has(key(object)));
  for (const object of fresh) seen.set(key(object), path);
  if (fresh.length === 0) return [];
  const inner = fresh.flatMap(propertiesOf).flatMap(({ name, value }) => objectsIn(value, path === '' ? name : `${path}.${name}`));
  const paths = [...new Set(inner.map((one) => one.path))];
  const below = paths.flatMap((each) =>
    sectionsFrom(
      inner.filter((one) => one.path === each).map(({ object }) => object),
      each,
      seen,
    ),
  );
  return [{ path, objects: fresh }, ...below];
}

/** The anchor that GitHub gives to a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(' ', '-');

interface Context {
  options: ReferenceOptions;
  /** The section that is written. */
  path: string;
  /** Where each object has its section. */
  seen: ReadonlyMap<string, string>;
  /** Where each long list of words is shown. */
  lists: ReadonlyMap<string, string>;
}

const headingOf = (path: string, { top }: ReferenceOptions) => (path === '' ? top : path);

function linkTo(path: string, text: string, options: ReferenceOptions): string {
  return `[${text}](#${anchorOf(headingOf(path, options))})`;
}

const isSame = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((word) => other.includes(word));

function wordsText(words: readonly string[], { options, path, lists }: Context): string {
  const known = options.words.find((one) => isSame(one.words, words));
  if (known) return known.link;
  if (words.length <= MAX_WORDS) return words.map(code).join(', ');
  const home = lists.get(words.join()) ?? path;
  return home === path ? 'a word, see below' : `a word of ${linkTo(home, headingOf(home, options), options)}`;
}

function objectText(schema: Schema, context: Context): string {
  const path = context.seen.get(key(schema));
  if (path !== undefined) return linkTo(path, 'object', context.options);
  return isSchema(schema.additionalProperties) ? `map of ${typeText(schema.additionalProperties, context)}` : 'map';
}

function listText(schema: Schema, context: Context): string {
  const texts = itemsOf(schema).map((item) => typeText(item, context));
  return schema.prefixItems ? `[${texts.join(', ')}]` : `list of ${texts.join(' or ')}`;
}

function plainType({ type, format }: Schema): string {
  if (format === 'date-time') return 'time (ISO 8601)';
  if (format === 'date') return 'date (ISO 8601)';
  if (format === 'uri') return 'address (URL)';
  return [type ?? 'value'].flat().join(' or ');
}

function oneTypeText(schema: Schema, context: Context): string {
  if (schema.const !== undefined) return code(String(schema.const));
  if (schema.enum) return wordsText(schema.enum.map(String), context);
  if (schema.type === 'array') return listText(schema, context);
  if (schema.type === 'object') return objectText(schema, context);
  return plainType(schema);
}

/** The type of a value in a few words. Of alternatives, a list of all the others comes last. */
function typeText(schema: Schema, context: Context): string {
  const texts = [...new Set(alternativesOf(schema).map((one) => oneTypeText(one, context)))];
  const others = texts.slice(0, -1).join(' or ');
  return texts.length > 1 && texts.at(-1) === `list of ${others}` ? `${others}, or a list of them` : texts.join(' or ');
}

/** A description in a cell of a table. It is Markdown already, but for what only plain text may hold. */
function cellText(description: string): string {
  return description
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') ? part : part.replaceAll(/[*<]/g, String.raw`\$&`)))
    .join('')
    .replaceAll('|', String.raw`\|`);
}

/** Lists of words that no cell of a table has room for. */
function longLists(objects: readonly Schema[], { words: known }: ReferenceOptions): { name: string; words: string[] }[] {
  return objects.flatMap(propertiesOf).flatMap(({ name, value }) =>
    alternativesOf(value).flatMap(({ enum: values }) => {
      const words = (values ?? []).map(String);
      return words.length > MAX_WORDS && !known.some((one) => isSame(one.words, words)) ? [{ name, words }] : [];
    }),
  );
}

function firstPlaces(sections: readonly Section[], options: ReferenceOptions): Map<string, string> {
  const lists = sections.flatMap(({ path, objects }) => longLists(objects, options).map(({ words }) => [words.join(), path] as const));
  return new Map(lists.toReversed());
}

function rowOf({ name, value }: { name: string; value: Schema }, mark: string, context: Context): string[] {
  return [`${code(name)}${mark}`, typeText(value, context), cellText(value.description ?? '')];
}

/** A table of all keys of an object, with a mark for the optional or the required ones. */
function keyTable(object: Schema, keys: readonly { name: string; value: Schema }[], context: Context): string {
  const { mark } = context.options;
  const markOf = (name: string) => ((mark === 'required') === (object.required?.includes(name) === true) ? ` (${mark})` : '');
  return table(
    ['key', 'value', 'meaning'],
    keys.map((one) => rowOf(one, markOf(one.name), context)),
  );
}

/** The key that has another constant value in each alternative, and so tells them apart; undefined if they have none. */
function tagOf(objects: readonly Schema[]): string | undefined {
  const [first] = objects.map((object) => propertiesOf(object).filter(({ value }) => value.const !== undefined));
  return first
    ?.map(({ name }) => name)
    .find((name) => new Set(objects.map((object) => tagValue(object, name)?.const)).size === objects.length);
}

function tagValue(object: Schema, tag: string): Schema | undefined {
  return propertiesOf(object).find(({ name }) => name === tag)?.value;
}

/** Alternatives, each with the value of the key that tells them apart, and its other keys. */
function taggedTables(objects: readonly Schema[], tag: string, context: Context): string[] {
  return objects.flatMap((object) => {
    const value = tagValue(object, tag);
    const others = propertiesOf(object).filter(({ name }) => name !== tag);
    return [
      `If ${code(tag)} is ${code(String(value?.const))}: ${cellText(value?.description ?? '')}`,
      ...(others.length > 0 ? [keyTable(object, others, context)] : []),
    ];
  });
}

/** The description of an object and the tables of its keys. */
function objectBlocks(objects: readonly Schema[], context: Context): string[] {
  const [first] = objects;
  if (first && objects.length === 1)
    return [...(first.description === undefined ? [] : [cellText(first.description)]), keyTable(first, propertiesOf(first), context)];
  const tag = tagOf(objects);
  if (tag !== undefined) return [`The value of ${code(tag)} decides which other keys exist.`, ...taggedTables(objects, tag, context)];
  const rows = objects.flatMap(propertiesOf).map((one) => rowOf(one, '', context));
  return ['One of these keys.', table(['key', 'value', 'meaning'], rows)];
}

function sectionText({ path, objects }: Section, context: Context): string {
  return blocks(
    `## ${headingOf(path, context.options)}`,
    ...objectBlocks(objects, context),
    ...longLists(objects, context.options)
      .filter(({ words }) => context.lists.get(words.join()) === path)
      .map(({ name, words }) => `Words for ${code(name)}: ${words.map(code).join(', ')}.`),
  );
}

/** The sections of a reference page, made from a schema whose value is an object. */
export function schemaReference(schema: Schema, options: ReferenceOptions): string[] {
  const seen = new Map<string, string>();
  const sections = sectionsFrom([schema], '', seen);
  const lists = firstPlaces(sections, options);
  return sections.map((section) => sectionText(section, { options, seen, lists, path: section.path }));
}
