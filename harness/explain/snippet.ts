// C code that replaces an access that some kernels lack: flavors with a check for each. It compiles without other declarations.
import { type Btf, kindOf, nameOf } from '../bpf/btf/btf.ts';
import { arrayOf, isAnyEnum, isComposite, type Member, referencedType, resolveType } from '../bpf/btf/types.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import type { FieldUse } from './field-use.ts';
import { namedMembers, pathText, type Step, walk } from './path.ts';
import { integerFacts, isScalar, standaloneDeclaration } from './type-text.ts';
import type { Conversion } from './value.ts';

/** One path to the value, and the types on it. */
export interface Reading {
  btf: Btf;
  root: number;
  /** From the root type on. A further path starts behind the pointer at the end of the path before. */
  paths: readonly (readonly Step[])[];
  /** Letters, digits and underscores: `v6_12`. */
  flavor: string;
  /** A member that only this one of several types with the name has. It is checked first. */
  only?: string | undefined;
  /** True if size and sign differ between kernels, so relocations must provide them. */
  anyWidth?: boolean;
  /** How to compute the value from the number at the end; null for the number itself. */
  as?: Conversion | null;
  /** Whether the function returns the value, which is the default, or its address. */
  use?: FieldUse;
}

const ATTRIBUTE = '__attribute__((preserve_access_index))';

/** Common input for the declarations of one flavor. */
interface Declarer {
  btf: Btf;
  flavor: string;
  /** Declares the member at the end of a path. */
  end: (type: number, name: string) => string;
}

/** Declares the types on a path, with only the members on it. */
function declare(from: Declarer, type: number, steps: readonly Step[], name: string): string {
  const [step, ...rest] = steps;
  if (step === undefined) return from.end(type, name);
  const id = resolveType(from.btf, type);
  const array = arrayOf(from.btf, id);
  if (array && typeof step === 'number') return declare(from, array.element, rest, `${name}[${Math.max(array.length, step + 1)}]`);
  return `struct { ${memberOn(from, id, steps)} } ${name};`;
}

/** CO-RE takes no integer for an enum. */
function bitfieldType(btf: Btf, { name, type, bitSize }: Member, flavor: string): string {
  if (isAnyEnum(kindOf(btf, resolveType(btf, type)))) return `enum { ${name}_${flavor}_value }`;
  if (bitSize > 32) return 'unsigned long long';
  return integerFacts(btf, type)?.signed === true ? 'int' : 'unsigned int';
}

function memberOn(from: Declarer, type: number, [step = '', ...rest]: readonly Step[]): string {
  const member = namedMembers(from.btf, type).find(({ name }) => name === step);
  if (!member) return '';
  if (member.bitSize > 0 && rest.length === 0) return `${bitfieldType(from.btf, member, from.flavor)} ${step} : ${member.bitSize};`;
  return declare(from, member.type, rest, member.name);
}

interface Declared {
  /** `struct inode___v6_12`, `kernel_cap_t___v6_12`. */
  type: string;
  text: string;
}

function declareRoot(from: Declarer, root: number, paths: readonly (readonly Step[])[]): Declared {
  const { btf, flavor } = from;
  const name = `${essentialName(nameOf(btf, root))}___${flavor}`;
  const members = paths.map((steps) => `\t${memberOn(from, root, steps)}`).join('\n');
  if (kindOf(btf, root) === 'typedef') return { type: name, text: `typedef struct {\n${members}\n} ${ATTRIBUTE} ${name};` };
  const kind = kindOf(btf, root);
  return { type: `${kind} ${name}`, text: `${kind} ${name} {\n${members}\n} ${ATTRIBUTE};` };
}

interface Rendered {
  declarations: string[];
  type: string;
  check: (variable: string) => string;
  read: (variable: string) => string;
  value: ValueKind;
}

type ValueKind = 'pointer' | 'signed' | 'unsigned' | 'address';

/** An array, struct or union gives its address. */
function valueKindOf(btf: Btf, type: number, { as = null, use }: Reading): ValueKind {
  if (use === 'address' || !isScalar(btf, type)) return 'address';
  if (kindOf(btf, resolveType(btf, type)) === 'ptr') return 'pointer';
  if (as !== null && as.what !== 'one-more') return 'unsigned';
  return integerFacts(btf, type)?.signed === true ? 'signed' : 'unsigned';
}

function endOf(btf: Btf, root: number, steps: readonly Step[]): { type: number; bitfield: boolean } {
  const { type, last } = walk(btf, root, steps);
  return { type, bitfield: typeof steps.at(-1) === 'string' && (last?.member.bitSize ?? 0) > 0 };
}

interface Link extends Declared {
  root: number;
  steps: readonly Step[];
}

/** Declares the root type and the types behind the pointers on the way, in this order. */
function chainOf(reading: Reading, root: number, [steps = [], ...further]: Reading['paths'], names: readonly string[] = []): Link[] {
  const { btf, only } = reading;
  const name = nameOf(btf, root);
  // A type that is on the way twice has a flavor for each place.
  const flavor = names.includes(name) ? `${reading.flavor}_${names.length + 1}` : reading.flavor;
  const declared = only === undefined ? [steps] : [[only], steps];
  if (further.length === 0) {
    const end = (type: number, member: string) =>
      standaloneDeclaration(btf, type, member, `${member.replaceAll(/\W/g, '')}___${flavor}_value`.replaceAll('___', '_'));
    return [{ root, steps, ...declareRoot({ btf, flavor, end }, root, declared) }];
  }
  const target = resolveType(btf, referencedType(btf, resolveType(btf, walk(btf, root, steps).type)));
  const behind = chainOf(reading, target, further, [...names, name]);
  const end = (_: number, member: string) => `${behind[0]?.type ?? 'void'} *${member};`;
  return [{ root, steps, ...declareRoot({ btf, flavor, end }, root, declared) }, ...behind];
}

/** The C expression of a value that is computed from a number. */
function convertedText(text: string, as: Conversion | null): string {
  if (as === null) return text;
  switch (as.what) {
    case 'bits': {
      const shifted = as.shift === 0 ? text : `(${text} >> ${as.shift})`;
      return `${shifted} & ${as.width === 1 ? '1' : `0x${((1n << BigInt(as.width)) - 1n).toString(16)}ULL`}`;
    }
    case 'is-not-zero':
      return `${text} != 0`;
    case 'equals':
      return `${text} == ${as.number}`;
    case 'one-more':
      return `({ long long count = ${text}; count < 0 ? 0 : count + 1; })`;
  }
}

/** Null for a path that flavors cannot express. */
function render(reading: Reading): Rendered | null {
  const { btf, paths, root, only, as = null } = reading;
  if (paths[0]?.length === 0 || !isComposite(kindOf(btf, resolveType(btf, root)))) return null;
  const chain = chainOf(reading, root, paths);
  const [own, ...pointed] = chain;
  const last = chain.at(-1);
  if (!own || !last) return null;
  if (pointed.some((link) => nameOf(btf, link.root) === '')) return null;
  const { type, bitfield } = endOf(btf, last.root, last.steps);
  const value = valueKindOf(btf, type, reading);
  if (pointed.length > 0 && (bitfield || reading.anyWidth === true || value === 'address')) return null;
  const check = (variable: string) =>
    [
      ...(only === undefined ? [] : [`${variable}->${only}`]),
      `${variable}->${pathText(own.steps)}`,
      ...pointed.map((link) => `((${link.type} *)0)->${pathText(link.steps)}`),
    ]
      .map((field) => `bpf_core_field_exists(${field})`)
      .join(' && ');
  const macro = bitfield || reading.anyWidth === true ? 'BPF_CORE_READ_BITFIELD_PROBED' : 'BPF_CORE_READ';
  const read = (variable: string) =>
    value === 'address'
      ? `&${variable}->${pathText(own.steps)}`
      : convertedText(`${macro}(${[variable, ...chain.map(({ steps }) => pathText(steps))].join(', ')})`, as);
  return { declarations: chain.map(({ text }) => text).toReversed(), type: own.type, check, read, value };
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const VALUES = {
  pointer: { result: 'void *', start: 'read_' },
  signed: { result: 'long long ', start: 'read_' },
  unsigned: { result: 'unsigned long long ', start: 'read_' },
  address: { result: 'const void *', start: 'address_of_' },
} as const satisfies Record<ValueKind, { result: string; start: string }>;

function identifier(text: string): string {
  return text
    .replaceAll(/\W+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .replaceAll(/_{3,}/g, '__');
}

/** The name of the C function that checks for a reading of an access. */
export function existsName(subject: string): string {
  return `${identifier(subject)}_exists`;
}

/** The kind of value that a function for all readings returns; null if the kinds do not fit together. */
function commonValue(rendered: readonly Rendered[]): ValueKind | null {
  const values = new Set(rendered.map(({ value }) => value));
  // Integers of both signs are returned as signed ones.
  if (values.has('signed')) values.delete('unsigned');
  const [value, ...others] = values;
  return value === undefined || others.length > 0 ? null : value;
}

/**
 * Two C functions: one that checks whether the kernel has one of the readings, and one that reads the value on all these kernels, by the
 * first reading that the kernel has. They need linux/bpf.h, bpf/bpf_helpers.h and bpf/bpf_core_read.h. The value is an integer, enum or
 * pointer, or the address of an array, struct or union.
 * @param subject text of the access: `task_struct.state`
 * @returns null if one of the readings cannot be written in C
 */
export function readSnippet(subject: string, readings: readonly Reading[]): string | null {
  const rendered = readings.flatMap((reading) => render(reading) ?? []);
  const value = commonValue(rendered);
  if (value === null || rendered.length < readings.length) return null;
  const names = rendered.map((_, at) => NAMES[at] ?? `x${at}`);
  const what = identifier(subject);
  const lines = [...new Set(rendered.flatMap(({ declarations }) => declarations))].flatMap((text) => [text, '']);
  const variables = (start: string) => rendered.map(({ type }, at) => `\tconst ${type} *${names[at]} = ${start};`);
  const checks = rendered.map(({ check }, at) => check(names[at] ?? 'a'));
  const any = checks.length === 1 ? checks : checks.map((check) => (check.includes('&&') ? `(${check})` : check));
  const { result, start } = VALUES[value];
  return [
    ...lines,
    `/* 0 on kernels with none of these forms: do not use ${start}${what}() there. */`,
    `static __always_inline int ${existsName(subject)}(void)`,
    '{',
    ...variables('0'),
    '',
    `\treturn ${any.join(' ||\n\t       ')};`,
    '}',
    '',
    `static __always_inline ${result}${start}${what}(const void *from)`,
    '{',
    ...variables('from'),
    '',
    ...rendered.flatMap(({ read }, at) => [`\tif (${checks[at]})`, `\t\treturn ${read(names[at] ?? 'a')};`]),
    `\treturn 0; /* not a value: ${existsName(subject)}() is 0 */`,
    '}',
  ].join('\n');
}

/**
 * A C function that returns the size of one of several types with a name: the one with a member that only it has. libbpf keeps the type
 * in which it finds this member first.
 */
export function sizeSnippet(type: string, btf: Btf, root: number, only: string): string | null {
  const rendered = render({ btf, root, paths: [[only]], flavor: `with_${only}` });
  if (!rendered) return null;
  const name = identifier(`${type}_with_${only}`);
  return [
    ...rendered.declarations.flatMap((text) => [text, '']),
    `static __always_inline unsigned int size_of_${name}(void)`,
    '{',
    `\tif (bpf_core_field_exists(${rendered.type}, ${only}))`,
    `\t\treturn bpf_core_type_size(${rendered.type});`,
    '\treturn 0; /* no size: the kernel lacks this type */',
    '}',
  ].join('\n');
}
