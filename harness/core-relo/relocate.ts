// Predicts the CO-RE part of one load: applies all relocations in libbpf's order, and collects the lines that libbpf prints.
import type { TypeAt } from '../bpf/btf/btf.ts';
import { sectionNamed } from '../bpf/elf/elf.ts';
import { INSN_BYTES, type ObjectFunction, ownerFinder } from '../bpf/object/functions.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import type { KernelTypes } from './candidates.ts';
import { DEFAULT_LOADER, type Loader } from './loader.ts';
import { ERRNO, type PredictedLog, say } from './log.ts';
import { type Code, patchInsn } from './patch.ts';
import { type LoadContext, type NumberedRelo, resolveRelo } from './resolve.ts';

/** The predicted steps of a load before libbpf calls the kernel. */
export interface PredictedLoad {
  /** The only program that is loaded; null for the whole object. */
  program: string | null;
  /** 0, or the positive error number of the load. */
  errno: number;
  log: PredictedLog;
  /** Instructions after relocation, of every function of the object. */
  code: ReadonlyMap<ObjectFunction, Code>;
}

/** Copies the instructions of all functions. A damaged symbol may lie outside its section; only the existing bytes are then copied. */
export function copyCode({ elf, programs, subprograms, littleEndian }: BpfObject): Map<ObjectFunction, Code> {
  const code = new Map<ObjectFunction, Code>();
  for (const owner of [...programs, ...subprograms]) {
    const bytes = sectionNamed(elf, owner.section)?.bytes ?? new Uint8Array();
    // Not slice(), which does not copy a Buffer.
    const copy = Uint8Array.from(bytes.subarray(owner.insnOffset * INSN_BYTES, (owner.insnOffset + owner.insns) * INSN_BYTES));
    code.set(owner, { view: new DataView(copy.buffer), littleEndian });
  }
  return code;
}

interface Loading extends LoadContext {
  loader: Loader;
  code: Map<ObjectFunction, Code>;
  loaded: (owner: ObjectFunction) => boolean;
}

/** Applies the relocations of one section. Returns 0, or the error number that ends the load. */
function relocateSection(object: BpfObject, section: string, loading: Loading): number {
  const records = object.ext?.relocations.get(section) ?? [];
  const { log, code, loaded, loader } = loading;
  say(log, 'debug', `sec '${section}': found ${records.length} CO-RE relocations`);
  const ownerOf = ownerFinder([...code.keys()].filter((owner) => owner.section === section));
  const siblings = (relo: NumberedRelo): NumberedRelo[] =>
    records.flatMap((record, index) =>
      ownerOf(record.insnOffset / INSN_BYTES)?.name === relo.program ? [{ record, index, program: relo.program }] : [],
    );
  for (const [index, record] of records.entries()) {
    const insn = record.insnOffset / INSN_BYTES;
    if (!Number.isInteger(insn)) return ERRNO.EINVAL;
    const owner = ownerOf(insn);
    const own = owner && code.get(owner);
    if (!owner || !own) {
      say(log, 'debug', `sec '${section}': skipping CO-RE relocation #${index} for insn #${insn} belonging to eliminated weak subprogram`);
      continue;
    }
    if (!loaded(owner)) continue;
    const local = insn - owner.insnOffset;
    if ((local + 1) * INSN_BYTES > own.view.byteLength) return ERRNO.EINVAL;
    const relo = { record, index, program: owner.name };
    const prefix = `prog '${owner.name}': relo #${index}: `;
    const resolution = resolveRelo(relo, { ...loading, siblings });
    if (typeof resolution === 'number') {
      say(log, 'warn', `${prefix}failed to relocate: ${loader.errorText(resolution)}`);
      return resolution;
    }
    const failure = patchInsn({ code: own, insn: local, relo, resolution, log });
    if (failure !== 0) {
      say(log, 'warn', `${prefix}failed to patch insn #${local}: ${loader.errorText(failure)}`);
      return failure;
    }
  }
  return 0;
}

/**
 * Relocates a copy of an object against a kernel's types, like one call of bpf_object__load.
 * @param program the only program that is loaded; null for all that load by default
 * @see bpf_object__relocate_core() in libbpf.c
 */
export function predictLoad(
  object: BpfObject,
  kernel: KernelTypes,
  program: string | null = null,
  loader: Loader = DEFAULT_LOADER,
): PredictedLoad {
  const log: PredictedLog = [];
  const code = copyCode(object);
  const done = (errno: number): PredictedLoad => ({ program, errno, log, code });
  if (!object.btf || !object.ext) return done(0);
  const subprograms = new Set(object.subprograms);
  const wanted = new Set<ObjectFunction>(
    object.programs.filter(({ name, autoload }) => (program === null ? autoload !== false : name === program)),
  );
  const loading: Loading = {
    local: object.btf,
    kernel,
    log,
    loader,
    candidates: new Map<number, TypeAt[]>(),
    code,
    loaded: (owner) => subprograms.has(owner) || wanted.has(owner),
  };
  for (const section of object.ext.relocations.keys()) {
    const errno = relocateSection(object, section, loading);
    if (errno === 0) continue;
    say(log, 'warn', `failed to perform CO-RE relocations: ${loader.errorText(errno)}`);
    return done(errno);
  }
  return done(0);
}
