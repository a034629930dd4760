// Resolves `__kconfig` externs from a kernel's configuration, as libbpf does before it relocates anything.
import { type Btf, kindOf, nameOf, vlenOf } from '../bpf/btf/btf.ts';
import { arrayOf, findType, integerOf, referencedType, resolveType, sizeField, variableOf } from '../bpf/btf/types.ts';

/** What an extern can hold. @see find_kcfg_type() in libbpf.c */
export type KconfigType = { kind: 'bool' | 'tristate' | 'char' | 'char-array' } | { kind: 'int'; bytes: number; signed: boolean };

const BTF_INT_SIGNED = 1;
const BTF_INT_BOOL = 4;

/** Null for a type that libbpf refuses when it opens the object. */
export function kconfigTypeOf(btf: Btf, id: number): KconfigType | null {
  const type = resolveType(btf, id);
  const size = sizeField(btf, type);
  const kind = kindOf(btf, type);
  if (kind === 'int') {
    const { encoding } = integerOf(btf, type);
    if (encoding & BTF_INT_BOOL) return size === 1 ? { kind: 'bool' } : null;
    return size === 1 ? { kind: 'char' } : { kind: 'int', bytes: size, signed: (encoding & BTF_INT_SIGNED) !== 0 };
  }
  if (kind === 'enum') return size === 4 && nameOf(btf, type) === 'libbpf_tristate' ? { kind: 'tristate' } : null;
  return kind === 'array' && kconfigTypeOf(btf, arrayOf(btf, type)?.element ?? 0)?.kind === 'char' ? { kind: 'char-array' } : null;
}

/** An extern of the object that needs a value of the configuration. */
interface KconfigExtern {
  name: string;
  type: KconfigType;
}

/** Externs that libbpf fills in itself (`LINUX_KERNEL_VERSION`) need no configuration. */
function externsOf(btf: Btf): KconfigExtern[] {
  const section = findType(btf, 'datasec', '.kconfig');
  if (section === null) return [];
  return Array.from({ length: vlenOf(btf, section) }, (_, index) => variableOf(btf, section, index)?.type ?? 0).flatMap((id) => {
    const [name, type] = [nameOf(btf, id), kconfigTypeOf(btf, referencedType(btf, id))];
    return type && name.startsWith('CONFIG_') ? [{ name, type }] : [];
  });
}

/** A value as written in a configuration (`y`, `"text"`, `0x10`); undefined if it is not set. */
export function kconfigValue(config: string, name: string): string | undefined {
  const start = config.startsWith(`${name}=`) ? 0 : config.indexOf(`\n${name}=`) + 1;
  if (start === 0 && !config.startsWith(`${name}=`)) return undefined;
  const end = config.indexOf('\n', start);
  return config.slice(start + name.length + 1, end < 0 ? undefined : end);
}

/** @see is_kcfg_value_in_range() in libbpf.c: negative numbers come as the unsigned ones they are the same bits of */
function fits(value: bigint, bytes: number, signed: boolean): boolean {
  const bits = bytes * 8;
  if (bits === 64) return true;
  return signed ? BigInt.asUintN(64, value + (1n << BigInt(bits - 1))) < 1n << BigInt(bits) : value >> BigInt(bits) === 0n;
}

/** libbpf's words for a number that the extern cannot take; null when it can. @see set_kcfg_value_num() */
function numberProblem(type: KconfigType, text: string): string | null {
  if (!/^-?(?:0[xX][0-9a-fA-F]+|\d+)$/.test(text)) return `value '${text}' isn't a valid integer`;
  if (type.kind !== 'int' && type.kind !== 'char') return `value '${text}' implies integer type`;
  const magnitude = BigInt(text.replace(/^-/, ''));
  const value = BigInt.asUintN(64, text.startsWith('-') ? -magnitude : magnitude);
  const [bytes, signed] = type.kind === 'int' ? [type.bytes, type.signed] : [1, true];
  return fits(value, bytes, signed) ? null : `value '${value}' doesn't fit in ${bytes} bytes`;
}

/** @see bpf_object__process_kconfig_line() in libbpf.c */
export function kconfigProblem(type: KconfigType, value: string): string | null {
  const first = value[0] ?? '';
  if (first === '"') return type.kind === 'char-array' ? null : `value '${value}' implies char array type`;
  if (first !== 'y' && first !== 'n' && first !== 'm') return numberProblem(type, value);
  if (type.kind === 'tristate' || type.kind === 'char') return null;
  if (type.kind !== 'bool') return `value '${first}' implies bool, tristate, or char type`;
  return first === 'm' ? `value 'm' implies tristate or char type` : null;
}

/** The message of libbpf about a value that the configuration does not set. */
export const KCONFIG_NOT_SET = 'not resolved';

export interface UnresolvedKconfig {
  /** '' for a kernel without a configuration. */
  name: string;
  /** The message of libbpf. */
  detail: string;
}

/**
 * The first `CONFIG_…` extern for which libbpf refuses an object, or null.
 * @param config the kernel's configuration as text, null for a kernel without one
 * @param given names of values that the loader sets, which override the kernel's
 * @see bpf_object__resolve_externs() in libbpf.c
 */
export function unresolvedKconfig(
  btf: Btf,
  weak: ReadonlySet<string>,
  config: string | null,
  given: ReadonlySet<string> = new Set(),
): UnresolvedKconfig | null {
  const externs = externsOf(btf).filter(({ name }) => !given.has(name));
  if (externs.length === 0) return null;
  // Without a configuration even weak externs fail.
  if (config === null) return { name: '', detail: 'failed to open system Kconfig' };
  const set = externs.flatMap(({ name, type }) => {
    const value = kconfigValue(config, name);
    return value === undefined ? [] : [{ name, type, value, at: config.indexOf(`${name}=`) }];
  });
  // libbpf reads the configuration line by line.
  for (const { name, type, value } of set.toSorted((a, b) => a.at - b.at)) {
    const detail = kconfigProblem(type, value);
    if (detail !== null) return { name, detail };
  }
  const missing = externs.find(({ name }) => !weak.has(name) && !set.some((each) => each.name === name));
  return missing ? { name: missing.name, detail: KCONFIG_NOT_SET } : null;
}
