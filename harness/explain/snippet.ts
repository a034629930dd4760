// C code that replaces an access that some kernels lack: flavors with a check for each. It compiles without other declarations.
import { type Btf, kindOf, nameOf } from '../bpf/btf/btf.ts';
import { arrayOf, isComposite, type Member, referencedType, resolveType } from '../bpf/btf/types.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import { namedMembers, pathText, type Step, walk } from './path.ts';
import { integerFacts, isScalar, standaloneDeclaration } from './type-text.ts';

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
}

const ATTRIBUTE = '__attribute__((preserve_access_index))';

/** Common input for the declarations of one flavor. */
interface Declarer {
  btf: Btf;
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

function bitfieldType(btf: Btf, { type, bitSize }: Member): string {
  if (bitSize > 32) return 'unsigned long long';
  return integerFacts(btf, type)?.signed === true ? 'int' : 'unsigned int';
}

function memberOn(from: Declarer, type: number, [step = '', ...rest]: readonly Step[]): string {
  const member = namedMembers(from.btf, type).find(({ name }) => name === step);
  if (!member) return '';
  if (member.bitSize > 0 && rest.length === 0) return `${bitfieldType(from.btf, member)} ${step} : ${member.bitSize};`;
  return declare(from, member.type, rest, member.name);
}

interface Declared {
  /** `struct inode___v6_12`, `kernel_cap_t___v6_12`. */
  type: string;
  text: string;
}

function declareRoot(from: Declarer, root: number, paths: readonly (readonly Step[])[], flavor: string): Declared {
  const { btf } = from;
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
  value: ValueKind | null;
}

type ValueKind = 'pointer' | 'signed' | 'unsigned';

/** Null if the type is no integer, enum or pointer. */
function valueKindOf(btf: Btf, type: number): ValueKind | null {
  if (!isScalar(btf, type)) return null;
  if (kindOf(btf, resolveType(btf, type)) === 'ptr') return 'pointer';
  return integerFacts(btf, type)?.signed === true ? 'signed' : 'unsigned';
}

function endOf(btf: Btf, root: number, steps: readonly Step[]): { type: number; bitfield: boolean } {
  const { type, last } = walk(btf, root, steps);
  return { type, bitfield: typeof steps.at(-1) === 'string' && (last?.member.bitSize ?? 0) > 0 };
}

/** Null for a path that flavors cannot express. */
function render(reading: Reading): Rendered | null {
  const { btf, paths, flavor } = reading;
  const [first = [], second] = paths;
  let pointed: { root: number; declared: Declared } | null = null;
  let root = reading.root;
  if (first.length === 0 || !isComposite(kindOf(btf, resolveType(btf, root)))) return null;
  const standalone = (type: number, name: string) =>
    standaloneDeclaration(btf, type, name, `${name.replaceAll(/\W/g, '')}___${flavor}_value`.replaceAll('___', '_'));
  if (second) {
    const target = resolveType(btf, referencedType(btf, resolveType(btf, walk(btf, root, first).type)));
    pointed = { root: target, declared: declareRoot({ btf, end: standalone }, target, [second], flavor) };
  }
  const end = pointed ? (_: number, name: string) => `${pointed.declared.type} *${name};` : standalone;
  const own = declareRoot({ btf, end }, root, reading.only === undefined ? [first] : [[reading.only], first], flavor);
  if (pointed) root = pointed.root;
  const { type, bitfield } = endOf(btf, root, second ?? first);
  const value = valueKindOf(btf, type);
  if (second && (bitfield || value === null)) return null;
  const [path, next] = [pathText(first), second ? pathText(second) : null];
  const check = (variable: string) => {
    const settled = reading.only === undefined ? '' : `bpf_core_field_exists(${variable}->${reading.only}) && `;
    const exists = `${settled}bpf_core_field_exists(${variable}->${path})`;
    return pointed ? `${exists} && bpf_core_field_exists(((${pointed.declared.type} *)0)->${next})` : exists;
  };
  const macro = bitfield || reading.anyWidth === true ? 'BPF_CORE_READ_BITFIELD_PROBED' : 'BPF_CORE_READ';
  const read = (variable: string) =>
    value === null ? `&${variable}->${path}` : `${macro}(${variable}, ${path}${next === null ? '' : `, ${next}`})`;
  return {
    declarations: pointed ? [pointed.declared.text, own.text] : [own.text],
    type: own.type,
    check,
    read,
    value,
  };
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'] as const;
const VALUES = { pointer: 'void *', signed: 'long long ', unsigned: 'unsigned long long ' } as const satisfies Record<ValueKind, string>;

function identifier(text: string): string {
  return text
    .replaceAll(/\W+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .replaceAll(/_{3,}/g, '__');
}

/**
 * A C function that reads the value on all kernels, by the first reading that the kernel has. It needs linux/bpf.h, bpf/bpf_helpers.h and
 * bpf/bpf_core_read.h. It returns an integer, enum or pointer, or 0 if the kernel has no reading; it copies any other value.
 * @param subject text of the access: `task_struct.state`
 * @returns null if no reading can be written in C
 */
export function readSnippet(subject: string, readings: readonly Reading[]): string | null {
  const rendered = readings.flatMap((reading) => render(reading) ?? []);
  const [first] = rendered;
  if (!first) return null;
  const alike = rendered.filter(
    ({ value }) => (value === null) === (first.value === null) && (value === 'pointer') === (first.value === 'pointer'),
  );
  const names = alike.map((_, at) => NAMES[at] ?? `x${at}`);
  const what = identifier(subject);
  const lines = [...new Set(alike.flatMap(({ declarations }) => declarations))].flatMap((text) => [text, '']);
  // Integers of both signs are returned as signed ones.
  const value = alike.find((each) => each.value === 'signed')?.value ?? first.value;
  const head =
    value === null
      ? `static __always_inline long read_${what}(void *to, __u32 size, const void *from)`
      : `static __always_inline ${VALUES[value]}read_${what}(const void *from)`;
  const variables = alike.map(({ type }, at) => `\tconst ${type} *${names[at]} = from;`);
  const readingsText = alike.flatMap(({ check, read }, at) => {
    const variable = names[at] ?? 'a';
    const give = first.value === null ? `bpf_core_read(to, size, ${read(variable)})` : read(variable);
    return [`\tif (${check(variable)})`, `\t\treturn ${give};`];
  });
  const otherwise = first.value === null ? '\treturn -1;' : '\treturn 0;';
  return [...lines, head, '{', ...variables, '', ...readingsText, otherwise, '}'].join('\n');
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
    '\treturn 0;',
    '}',
  ].join('\n');
}
