// Finds what in an object no compiler or linker writes. Loaders that check more than libbpf refuse such an object, each in its own words.
import { isUtf8 } from 'node:buffer';
import { type Elf, type ElfSection, type ElfSymbol, readSymbols, REPLACEMENT, SHF_EXECINSTR, STT_FUNC, STT_OBJECT } from '../elf/elf.ts';
import { btfDamages } from './damaged-btf.ts';
import { extDamages } from './damaged-ext.ts';
import type { Damage, DamageKind } from './damage-kind.ts';
import { INSN_BYTES } from './functions.ts';
import type { BpfObject } from './object.ts';

const SHT_PROGBITS = 1;
const SHT_NOBITS = 8;
const SHT_REL = 9;
const REL_SIZE = 16;
const STT_NOTYPE = 0;
/** Section numbers from here on have meanings of their own, such as SHN_ABS. */
const SHN_LORESERVE = 0xff00;
const LARGEST = 0xffffffff;
const WIDE_LOAD = 0x18;
const CALL = 0x85;
/** Instructions to which relocations belong. */
const REFERRING: ReadonlySet<number> = new Set([CALL, WIDE_LOAD]);
/** A call with no source register, as the first two bytes of an instruction. */
const HELPER_CALL = 0x85_00;
/** The upper four bits of a number are the platform in cilium/ebpf. */
const LARGEST_HELPER = 0x0fff_ffff;

type Checked = Pick<BpfObject, 'elf' | 'btf' | 'ext'>;

const isCode = ({ type, flags, size }: ElfSection) => type === SHT_PROGBITS && (flags & SHF_EXECINSTR) !== 0 && size > 0;
const isData = ({ name }: ElfSection) => name === '.bss' || /^\.(?:data|rodata)/.test(name);
/** Sections to which the references of code and maps lead. */
const isTarget = (section: ElfSection) => isCode(section) || isData(section) || /^\.?maps/.test(section.name);

function* symbolDamages({ sections }: Elf, symbols: readonly ElfSymbol[]): Generator<Damage> {
  for (const { name, type, section, value, size } of symbols) {
    if (name.includes(REPLACEMENT)) yield { kind: 'symbol-name', words: `the name of symbol ${name} is no UTF-8` };
    if (section >= SHN_LORESERVE) continue;
    const own = sections[section];
    if (own && name === '' && type === STT_FUNC && isCode(own)) {
      yield { kind: 'symbol-name', words: `a function in section ${own.name} has no name` };
    }
    if (!own) {
      yield { kind: 'symbol-section', words: `symbol ${name} is in section ${section}, which does not exist` };
      continue;
    }
    const isUsed = name !== '' && section !== 0 && (type === STT_FUNC || type === STT_OBJECT);
    if (!isUsed || value + size <= own.size) continue;
    const kind = type === STT_FUNC && isCode(own) ? 'function-bounds' : 'symbol-bounds';
    yield { kind, words: `symbol ${name} ends beyond its section ${own.name}` };
  }
}

function* codeDamages({ sections, littleEndian }: Elf, symbols: readonly ElfSymbol[]): Generator<Damage> {
  for (const [index, section] of sections.entries()) {
    if (!isCode(section)) continue;
    const functions = symbols.filter((each) => each.section === index && each.type === STT_FUNC && each.name !== '');
    if (functions.length === 0) yield { kind: 'code-without-symbols', words: `section ${section.name} has code, but no function` };
    else if (section.size % INSN_BYTES !== 0 || functions.every(({ value }) => value !== 0)) {
      yield { kind: 'code-gap', words: `the code of section ${section.name} does not begin with a function and end with an instruction` };
    }
    for (const { name, value, size } of functions) {
      if (value + size > section.size) continue;
      if (size === 0 || value % INSN_BYTES !== 0 || size % INSN_BYTES !== 0) {
        yield { kind: 'function-bounds', words: `function ${name} does not begin and end with an instruction` };
        continue;
      }
      const view = new DataView(section.bytes.buffer, section.bytes.byteOffset + value, size);
      for (let at = 0; at < size; at += INSN_BYTES) {
        if (view.getUint16(at) === HELPER_CALL && view.getInt32(at + 4, littleEndian) > LARGEST_HELPER) {
          yield { kind: 'helper-number', words: `function ${name} calls helper ${view.getInt32(at + 4, littleEndian)}` };
        }
        if (view.getUint8(at) !== WIDE_LOAD) continue;
        at += INSN_BYTES;
        if (at >= size || view.getUint32(at, littleEndian) !== 0) {
          yield { kind: 'wide-load', words: `a 64-bit load in function ${name} has no second half` };
          break;
        }
      }
    }
  }
}

function* relocationDamages({ sections, littleEndian }: Elf, symbols: readonly ElfSymbol[]): Generator<Damage> {
  for (const { name, type, info, bytes } of sections) {
    const section = sections[info];
    if (type === SHT_REL && info === 0) yield { kind: 'relocation-target', words: `section ${name} has the relocations of no section` };
    if (type !== SHT_REL || !section || !isTarget(section)) continue;
    if (bytes.length % REL_SIZE !== 0) yield { kind: 'relocation-symbol', words: `section ${name} does not end with a relocation` };
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + REL_SIZE <= bytes.length; at += REL_SIZE) {
      const index = Number(view.getBigUint64(at + 8, littleEndian) >> 32n);
      const symbol = symbols[index];
      const where = `relocation ${at / REL_SIZE} in section ${name}`;
      if (!symbol || index === 0) {
        yield { kind: 'relocation-symbol', words: `${where} names symbol ${index}, which does not exist` };
        continue;
      }
      const target = sections[symbol.section];
      if (symbol.section !== 0 && (!target || !isTarget(target))) {
        yield { kind: 'relocation-target', words: `${where} refers to symbol ${symbol.name}, which is neither code nor data` };
      }
      const offset = Number(view.getBigUint64(at, littleEndian));
      const isPlaced =
        offset < section.size && (!isCode(section) || (offset % INSN_BYTES === 0 && REFERRING.has(section.bytes[offset] ?? 0)));
      const isFitting = symbol.section === 0 ? symbol.type === STT_NOTYPE : true;
      if (!isPlaced || !isFitting) yield { kind: 'relocation-target', words: `${where} is at no instruction, or of the wrong type` };
    }
  }
}

/** Whether bytes are one string with its 0 byte. */
const isText = (bytes: Uint8Array) => isUtf8(bytes) && bytes.indexOf(0) === bytes.length - 1 && bytes.length > 0;

/** The size of sections, and the bytes of map definitions, which are all 0. */
function* sectionDamages({ sections }: Elf, symbols: readonly ElfSymbol[]): Generator<Damage> {
  for (const [index, { name, type, size, bytes }] of sections.entries()) {
    if (name.startsWith('maps') && symbols.every((each) => each.section !== index || each.name === '')) {
      yield { kind: 'map-without-symbols', words: `section ${name} has no map` };
    }
    if ((type === SHT_PROGBITS || type === SHT_NOBITS) && size > LARGEST) {
      yield { kind: 'section-size', words: `section ${name} claims ${size} bytes` };
    }
    if (isData({ name, type, size, bytes, flags: 0, link: 0, info: 0 }) && type !== SHT_PROGBITS && type !== SHT_NOBITS) {
      yield { kind: 'section-size', words: `section ${name} is of type ${type}, which holds no data` };
    }
    if (name === 'license' && !isText(bytes)) yield { kind: 'license', words: 'its license is no text' };
    if (name === '.maps' && bytes.some((byte) => byte !== 0)) {
      yield { kind: 'map-bytes', words: 'section .maps has bytes that are not 0' };
    }
  }
}

function* allDamages({ elf, btf, ext }: Checked): Generator<Damage> {
  if (elf.damage !== null) yield { kind: 'headers', words: elf.damage };
  const symbols = readSymbols(elf);
  yield* sectionDamages(elf, symbols);
  yield* symbolDamages(elf, symbols);
  if (btf) yield* btfDamages(btf, elf, symbols);
  if (btf && ext) yield* extDamages(btf, elf);
  yield* relocationDamages(elf, symbols);
  yield* codeDamages(elf, symbols);
}

/** An object is predicted on many kernels, and large objects take long to check. */
const known = new WeakMap<Elf, readonly Damage[]>();

/** What no compiler or linker writes: the first of each kind, in the order in which loaders read an object. Empty for a healthy object. */
export function damagesOf(object: Checked): readonly Damage[] {
  const found = known.get(object.elf);
  if (found) return found;
  const first = new Map<DamageKind, Damage>();
  for (const damage of allDamages(object)) if (!first.has(damage.kind)) first.set(damage.kind, damage);
  const damages = [...first.values()];
  known.set(object.elf, damages);
  return damages;
}
