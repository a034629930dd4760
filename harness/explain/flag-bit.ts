// Finds the bit of a flags word that a one-bit member became, by the names of enumerators.
import { type Btf, kindOf, vlenOf } from '../bpf/btf/btf.ts';
import { type Enumerator, enumeratorOf, isAnyEnum, type Member } from '../bpf/btf/types.ts';
import { namedMembers } from './path.ts';
import { integerFacts } from './type-text.ts';

export interface FlagBit {
  /** The member with the flags. */
  member: Member;
  bit: number;
}

function* enumerators(btf: Btf, prefix: string): Generator<Enumerator[]> {
  for (let id = 1; id < btf.endId; id++) {
    if (!isAnyEnum(kindOf(btf, id))) continue;
    const all = Array.from({ length: vlenOf(btf, id) }, (_, at) => enumeratorOf(btf, id, at)).filter((each) => each !== null);
    const named = all.filter(({ name }) => name.startsWith(prefix));
    if (named.length > 1) yield named;
  }
}

const isMask = (value: bigint) => value > 0n && (value & (value - 1n)) === 0n;

/** The bit of an enumerator, or null if the enum lists neither bit numbers nor masks, or the word lacks the bit. */
function bitOf(all: readonly Enumerator[], { value }: Enumerator, bits: number): number | null {
  const masks = all.every((each) => isMask(each.value));
  // The numbers 1 and 2 are masks as well as bit numbers, so only a longer list of masks counts.
  if (masks && all.length < 3) return null;
  const numbers = new Set(all.map((each) => each.value)).size === all.length && all.every((each) => each.value >= 0n && each.value < bits);
  if (!masks && !numbers) return null;
  const bit = masks ? value.toString(2).length - 1 : Number(value);
  return bit < bits ? bit : null;
}

/**
 * Finds the bit that replaces a one-bit member: `freebind` became bit INET_FLAGS_FREEBIND of `inet_flags`. The enumerator must have the
 * names of both members.
 * @param container BTF id of the struct that lacks the member
 */
export function flagBits(btf: Btf, container: number, name: string): FlagBit[] {
  return namedMembers(btf, container).flatMap((member) => {
    const integer = member.bitSize === 0 && member.name.endsWith('flags') ? integerFacts(btf, member.type) : null;
    if (!integer) return [];
    const prefix = `${member.name.replace(/^_+/, '').toUpperCase()}_`;
    const found = [...enumerators(btf, prefix)].flatMap((all) => {
      const own = all.find((each) => each.name === `${prefix}${name.toUpperCase()}`);
      const bit = own ? bitOf(all, own, integer.size * 8) : null;
      return bit === null ? [] : [bit];
    });
    const [bit, ...others] = new Set(found);
    return bit === undefined || others.length > 0 ? [] : [{ member, bit }];
  });
}
