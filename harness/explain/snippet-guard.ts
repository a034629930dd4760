// C code that avoids what some kernels lack, except fields: enumerators, helpers, kfuncs, symbols, maps, programs.
import { type Btf, kindOf, nameOf, vlenOf } from '../bpf/btf/btf.ts';
import { isComposite, parameterOf, referencedType, resolveType } from '../bpf/btf/types.ts';
import { integerFacts, integerText } from './type-text.ts';

/** A C function that returns the value of an enumerator, or -1 if the kernel lacks it. */
export function enumSnippet(type: string, enumerator: string, value: bigint): string {
  const declared = `enum ${type}___checked`;
  const name = `${enumerator}___checked`;
  return [
    `${declared} {\n\t${name} = ${value},\n};`,
    '',
    `static __always_inline long long value_of_${enumerator}(void)`,
    '{',
    `\tif (bpf_core_enum_value_exists(${declared}, ${name}))`,
    `\t\treturn bpf_core_enum_value(${declared}, ${name});`,
    '\treturn -1;',
    '}',
  ].join('\n');
}

function checkSnippet(type: string, enumerator: string, value: bigint, what: string): string {
  const name = `${enumerator}___checked`;
  return [
    `enum ${type}___checked {\n\t${name} = ${value},\n};`,
    '',
    `static __always_inline int ${what}(void)`,
    '{',
    `\treturn bpf_core_enum_value_exists(enum ${type}___checked, ${name});`,
    '}',
  ].join('\n');
}

/** A C function that checks for a helper. On kernels without the helper, the verifier does not reach calls that this check guards. */
export function helperSnippet(helper: string, number: number): string {
  return checkSnippet('bpf_func_id', `BPF_FUNC_${helper.replace(/^bpf_/, '')}`, BigInt(number), `has_${helper}`);
}

/**
 * A C function that checks for a map type, and the line by which a loader leaves out the map if the kernel lacks its type.
 * @param name as libbpf calls it: `bloom_filter`
 */
export function mapTypeSnippet(name: string, value: bigint): string {
  const enumerator = `BPF_MAP_TYPE_${name.toUpperCase()}`;
  return [
    '/* In the loader, before loading, so that libbpf does not create a map whose type the kernel lacks:',
    ` * bpf_map__set_autocreate(map, libbpf_probe_bpf_map_type(${enumerator}, NULL) == 1);`,
    ' * In programs, use the map only if this check is true. */',
    checkSnippet('bpf_map_type', enumerator, value, `has_map_type_${name}`),
  ].join('\n');
}

/** A section's name without the leading question mark, which keeps a program from loading by default. */
function sectionOf(section: string): string {
  return section.replace(/^\?/, '');
}

/** A program that does not load by default, and the line by which a loader switches it on if the kernel has its program type. */
export function programTypeSnippet(section: string, program: string, type: string): string {
  return [
    '/* In the loader, before loading:',
    ` * bpf_program__set_autoload(prog, libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_${type.toUpperCase()}, NULL) == 1); */`,
    `SEC("?${sectionOf(section)}")`,
    `int ${program}(void *ctx)`,
    '{',
    '\treturn 0; /* the body of the program */',
    '}',
  ].join('\n');
}

/**
 * One program for each of several attach targets. None loads by default; the loader switches on the one whose target exists.
 * @param section current section of the program: `fentry/do_unlinkat`
 * @param targets targets as in section names, the most likely first
 * @param lookUp returns the C expression that tests for a target
 */
export function attachSnippet(section: string, targets: readonly string[], lookUp: (target: string) => string): string {
  const plain = sectionOf(section);
  const prefix = plain.slice(0, plain.indexOf('/') + 1);
  const programs = targets.map((target) => {
    const name = `on_${target.replaceAll(/\W/g, '_')}`;
    return [`SEC("?${prefix}${target}")`, `int ${name}(void *ctx)`, '{', '\treturn 0; /* takes the arguments of this target */', '}'].join(
      '\n',
    );
  });
  const [first = ''] = targets;
  return [
    '/* In the loader, before loading, for each program:',
    ` * bpf_program__set_autoload(prog, ${lookUp(first)} > 0); */`,
    programs.join('\n\n'),
  ].join('\n');
}

type KconfigKind = 'text' | 'choice' | 'number';

function kconfigKind(value: string | null): KconfigKind {
  if (value?.startsWith('"') === true) return 'text';
  return value !== null && /^[ymn]/.test(value) ? 'choice' : 'number';
}

/** `absent` is the value where a kernel lacks the name. */
const KCONFIG_SNIPPETS = {
  text: { declared: (name) => `char ${name}[64]`, getter: 'const char *text_of_', absent: 'empty' },
  choice: { declared: (name) => `enum libbpf_tristate ${name}`, getter: 'unsigned long long value_of_', absent: 'TRI_NO' },
  number: { declared: (name) => `unsigned long long ${name}`, getter: 'unsigned long long value_of_', absent: '0' },
} as const satisfies Record<KconfigKind, { declared: (name: string) => string; getter: string; absent: string }>;

/**
 * A Kconfig value that is 0 or an empty text if the kernel's configuration lacks it.
 * @param value text from a kernel configuration, which shows the type: `y`, `250`, `"text"`; null if no kernel has the name
 */
export function kconfigSnippet(name: string, value: string | null): string {
  const { declared, getter, absent } = KCONFIG_SNIPPETS[kconfigKind(value)];
  return [
    `extern ${declared(name)} __kconfig __weak;`,
    '',
    `static __always_inline ${getter}${name}(void)`,
    '{',
    `\treturn ${name}; /* ${absent} if the kernel lacks it */`,
    '}',
  ].join('\n');
}

/** A kernel symbol that may be missing. */
export function ksymSnippet(name: string): string {
  return [
    `extern const void ${name} __ksym __weak;`,
    '',
    `static __always_inline const void *address_of_${name}(void)`,
    '{',
    `\treturn &${name}; /* 0 if the kernel lacks it */`,
    '}',
  ].join('\n');
}

/** The C type of a parameter or result. Structs behind pointers are added to `structs`. */
function typeIn(btf: Btf, type: number, structs: Set<string>): string {
  const id = resolveType(btf, type);
  const kind = kindOf(btf, id);
  if (kind === 'void') return 'void ';
  if (kind === 'ptr') {
    const pointed = resolveType(btf, referencedType(btf, id));
    const pointedKind = kindOf(btf, pointed);
    if (isComposite(pointedKind) && nameOf(btf, pointed) !== '') {
      structs.add(`${pointedKind} ${nameOf(btf, pointed)}`);
      return `${pointedKind} ${nameOf(btf, pointed)} *`;
    }
    return pointedKind === 'void' ? 'void *' : `${typeIn(btf, pointed, structs).trimEnd()} *`;
  }
  const integer = integerFacts(btf, id);
  if (integer) return integer.bool ? '_Bool ' : `${integerText(integer.size, integer.signed)} `;
  return 'void *';
}

/**
 * A kfunc that may be missing, and a C function that checks for it.
 * @param id BTF id of the function in `btf`, the BTF of a kernel that has it
 */
export function kfuncSnippet(name: string, btf: Btf, id: number): string {
  const proto = resolveType(btf, referencedType(btf, id));
  const structs = new Set<string>();
  const parameters = Array.from({ length: vlenOf(btf, proto) }, (_, at) => {
    const parameter = parameterOf(btf, proto, at);
    return `${typeIn(btf, parameter?.type ?? 0, structs)}${parameter?.name ?? ''}`.trimEnd();
  });
  const result = typeIn(btf, referencedType(btf, proto), structs);
  const declared = [...structs].map((struct) => `${struct} { char first; };`);
  return [
    ...(declared.length > 0
      ? ['#ifndef __VMLINUX_H__ /* remove these lines if you declare the types yourself */', ...declared, '#endif']
      : []),
    `extern ${result}${name}(${parameters.join(', ') || 'void'}) __ksym __weak;`,
    '',
    `static __always_inline int has_${name}(void)`,
    '{',
    `\treturn bpf_ksym_exists(${name}) ? 1 : 0;`,
    '}',
  ].join('\n');
}
