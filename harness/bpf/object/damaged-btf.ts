// Finds what in the BTF of an object no compiler writes: strings, kinds, references and sections that do not fit.
import { type Btf, kindOf, nameOf, typeWord, vlenOf } from '../btf/btf.ts';
import { allMembers, detailOf, integerOf, referencedType, sizeField, variableOf } from '../btf/types.ts';
import { type Elf, type ElfSymbol, sectionNamed, STB_LOCAL } from '../elf/elf.ts';
import type { Damage } from './damage-kind.ts';

const SHT_PROGBITS = 1;
const SHT_NOBITS = 8;
const HEAD_WORDS = 3;
/** BTF_VAR_STATIC. */
const LINKAGE_STATIC = 0;
/** In bits. */
const LARGEST_INTEGER = 128;
/** Words of each element, for the kinds whose elements begin with a name. */
const NAMED_ELEMENTS: Readonly<Partial<Record<string, number>>> = { struct: 3, union: 3, enum: 2, func_proto: 2, enum64: 3 };
/** Kinds whose elements have a type as their second word. */
const TYPED_ELEMENTS = new Set(['struct', 'union', 'func_proto']);
/** Kinds whose third word is a type. */
const REFERRING = new Set(['ptr', 'typedef', 'volatile', 'const', 'restrict', 'func', 'func_proto', 'var', 'decl_tag', 'type_tag']);
/** Kinds whose types always have a name. */
const NAMED = new Set(['int', 'typedef', 'func', 'var', 'datasec', 'float', 'fwd', 'decl_tag', 'type_tag']);

/** Why no string begins at an offset; null if one does. @see lookupSlow() in cilium/ebpf's strings.go */
export function stringDamage({ strings }: Pick<Btf, 'strings'>, offset: number): string | null {
  if (offset === 0) return null;
  if (offset >= strings.length) return `offset ${offset}, beyond the strings`;
  return strings[offset - 1] === 0 ? null : `offset ${offset}, where no string begins`;
}

function* elementDamages(btf: Btf, id: number): Generator<Damage> {
  const kind = kindOf(btf, id);
  const words = NAMED_ELEMENTS[kind];
  if (words === undefined) return;
  for (let index = 0; index < vlenOf(btf, id); index++) {
    const at = HEAD_WORDS + index * words;
    const wrong = stringDamage(btf, typeWord(btf, id, at));
    if (wrong !== null) yield { kind: 'element-name', words: `BTF type ${id} has the name of element ${index} at ${wrong}` };
    const type = typeWord(btf, id, at + 1);
    if (TYPED_ELEMENTS.has(kind) && type >= btf.endId) {
      yield { kind: 'type-reference', words: `BTF type ${id} refers to type ${type}, which does not exist` };
    }
  }
}

/** An integer or a member that is larger than its type. @see btf_int_check_meta() and btf_struct_check_meta() in the kernel's btf.c */
function* layoutDamages(btf: Btf, id: number): Generator<Damage> {
  const [kind, size] = [kindOf(btf, id), sizeField(btf, id)];
  const { bits } = kind === 'int' ? integerOf(btf, id) : { bits: 0 };
  const isUsual = kind !== 'int' || bits <= Math.min(size * 8, LARGEST_INTEGER);
  const outside = allMembers(btf, id).find(({ bitOffset }) => bitOffset > size * 8);
  if (!isUsual || outside)
    yield { kind: 'btf-layout', words: `BTF type ${id} (${kind} ${nameOf(btf, id)}) is smaller than what it contains` };
}

function referencesOf(btf: Btf, id: number): number[] {
  const kind = kindOf(btf, id);
  if (kind === 'array') return [typeWord(btf, id, HEAD_WORDS), typeWord(btf, id, HEAD_WORDS + 1)];
  return REFERRING.has(kind) ? [referencedType(btf, id)] : [];
}

interface File {
  elf: Elf;
  symbols: readonly ElfSymbol[];
}

function* variableDamages(btf: Btf, id: number, { elf, symbols }: File): Generator<Damage> {
  const section = nameOf(btf, id);
  if (section === '.ksyms' || section === '.kconfig') return;
  for (let index = 0; index < vlenOf(btf, id); index++) {
    const variable = variableOf(btf, id, index);
    const name = variable ? nameOf(btf, variable.type) : '';
    const symbol = symbols.find((each) => each.name === name && elf.sections[each.section]?.name === section);
    const isStatic = variable !== null && detailOf(btf, variable.type) === LINKAGE_STATIC;
    const isSame = symbol !== undefined && (symbol.size === variable?.size || isStatic) && (symbol.binding === STB_LOCAL) === isStatic;
    if (!isSame) yield { kind: 'data-variable', words: `variable ${name} in BTF of section ${section} is not that of the file` };
  }
}

function* sectionDamages(btf: Btf, id: number, file: File): Generator<Damage> {
  const { elf } = file;
  const name = nameOf(btf, id);
  const size = sizeField(btf, id);
  const { type = 0 } = sectionNamed(elf, name) ?? {};
  const isInFile = type === SHT_PROGBITS || type === SHT_NOBITS;
  const says = (words: string): Damage => ({ kind: 'data-section', words: `section ${name} in BTF ${words}` });
  const isExtern = name === '.ksyms' || name === '.kconfig';
  for (let index = 0; index < vlenOf(btf, id); index++) {
    const variable = variableOf(btf, id, index);
    const kind = variable && kindOf(btf, variable.type);
    if (!variable || (kind !== 'var' && kind !== 'func')) yield says(`has a member that is no variable`);
    else if (nameOf(btf, variable.type) === '') yield says('has a variable without a name');
    else if (size !== 0 && variable.offset + variable.size > size) yield says(`ends before its variable ${nameOf(btf, variable.type)}`);
  }
  if (!isInFile && !isExtern) yield says('is no section with data');
  else yield* variableDamages(btf, id, file);
}

/** What no compiler writes into BTF. */
export function* btfDamages(btf: Btf, elf: Elf, symbols: readonly ElfSymbol[]): Generator<Damage> {
  const { strings } = btf;
  const header = sectionNamed(elf, '.BTF')?.bytes;
  if (header && (header[2] !== 1 || header[3] !== 0))
    yield { kind: 'btf-header', words: 'the version or the flags of its BTF are not known' };
  if (strings.length > 0 && (strings[0] !== 0 || strings.at(-1) !== 0)) {
    yield { kind: 'btf-string-table', words: 'the strings of its BTF do not begin and end with a 0 byte' };
  }
  for (let id = btf.startId; id < btf.endId; id++) {
    const kind = kindOf(btf, id);
    const wrong = stringDamage(btf, typeWord(btf, id, 0));
    if (kind === 'unknown' || kind === 'void') yield { kind: 'btf-kind', words: `BTF type ${id} is of a kind that is not known` };
    if (wrong !== null) yield { kind: 'type-name', words: `BTF type ${id} has its name at ${wrong}` };
    else if (NAMED.has(kind) && nameOf(btf, id) === '') yield { kind: 'element-name', words: `BTF type ${id} (${kind}) has no name` };
    for (const type of referencesOf(btf, id)) {
      if (type >= btf.endId) yield { kind: 'type-reference', words: `BTF type ${id} refers to type ${type}, which does not exist` };
    }
    if (kind === 'func' && kindOf(btf, referencedType(btf, id)) !== 'func_proto') {
      yield { kind: 'type-reference', words: `BTF type ${id} is a function without parameters and result` };
    }
    if (kind === 'datasec') yield* sectionDamages(btf, id, { elf, symbols });
    yield* layoutDamages(btf, id);
    yield* elementDamages(btf, id);
  }
}
