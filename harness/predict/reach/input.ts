// What the way through a load's instructions is followed from.
import { sectionNamed } from '../../bpf/elf/elf.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import type { ReachInput } from './reach.ts';
import { referencesOf } from './references.ts';
import { copyCode, type PredictedLoad } from '../../core-relo/relocate.ts';

/**
 * The instructions of a load before and after relocation, with what they refer to.
 * @param helpers ids of the helpers that the kernel knows; null where it does not tell
 */
export function reachInputOf(object: BpfObject, load: PredictedLoad, helpers: ReadonlySet<number> | null): ReachInput {
  return {
    code: load.code,
    original: copyCode(object),
    references: referencesOf(object.elf),
    constantData: (section) => sectionNamed(object.elf, section)?.bytes ?? new Uint8Array(),
    littleEndian: object.littleEndian,
    helpers,
  };
}
