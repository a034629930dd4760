// `loader`: what loads the object, a release of libbpf or of another library.
import { DEFAULT_LIBBPF, namedLoader } from '../../../base/loader-name.ts';
import type { BpfObject } from '../../../bpf/object/object.ts';
import type { Setting } from '../definition.ts';
import { loaderSchema } from './schema.ts';

/**
 * The object as aya and cilium/ebpf load it: sections whose names begin with `.text` have functions and no programs. Rust has panics in
 * `.text.unlikely.`. cilium/ebpf reads these as programs without a type, which nothing loads but the programs that call them.
 * @see EbpfSectionKind::from_name() in aya-obj's obj.rs, flattenPrograms() in cilium/ebpf's elf_reader.go
 */
function withFunctionsOfText(object: BpfObject): BpfObject {
  const isFunction = ({ section }: { section: string }) => section.startsWith('.text');
  const programs = object.programs.filter((program) => !isFunction(program));
  // Without any program, the rows of the object would be empty.
  if (programs.length === 0) return object;
  return { ...object, programs, subprograms: [...object.subprograms, ...object.programs.filter(isFunction)] };
}

export const loader: Setting<string, string | null> = {
  schema: loaderSchema,
  isOnlyForAgent: true,
  prepare: (name) => (name === DEFAULT_LIBBPF ? null : name),
  apply: (object, name) => (name !== null && namedLoader(name).family !== 'libbpf' ? withFunctionsOfText(object) : object),
};
