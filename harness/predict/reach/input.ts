// Makes the input for following the paths through a load's instructions.
import { sectionNamed } from '../../bpf/elf/elf.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import type { ReachInput } from './reach.ts';
import { referencesOf } from './references.ts';
import { copyCode, type PredictedLoad } from '../../core-relo/relocate.ts';

/**
 * Returns the instructions of a load before and after relocation, with their references.
 * @param helpers ids of the helpers that the kernel has; null if unknown
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
