// Describes an object for the results.
import type { ObjectResult } from './schema.ts';
import { compilerOf } from '../bpf/object/compiler.ts';
import type { BpfObject } from '../bpf/object/object.ts';

/** Facts about the file besides its contents. */
type FileFacts = Pick<ObjectResult, 'id' | 'path' | 'sha256' | 'size'>;

/** The description of an object in a results file. */
export function toObjectResult(object: BpfObject, file: FileFacts): ObjectResult {
  const compiler = compilerOf(object.elf);
  return {
    ...file,
    ...(compiler !== null && { compiler }),
    license: object.license,
    programs: object.programs.map(({ name, section, type, attachTo, insns }) => {
      return { name, section, type, ...(attachTo !== null && { attachTo }), insns };
    }),
    relocations: object.relocations,
    maps: object.maps.map(({ name, type }) => ({ name, type })),
  };
}
