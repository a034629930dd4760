// An executable with its packed files as the object of a run.
import type { BpfObject } from '../../bpf/object/object.ts';
import type { GuestCommand } from '../../guest/protocol/frames.ts';
import type { RunObject } from '../inputs/inputs.ts';
import type { PreparedSettings } from '../object-settings/setting-table.ts';

const MIB = 2 ** 20;
/** A guest of the default size has room for an archive of this size beside the response. */
const MAX_SMALL_ARCHIVE = 40 * MIB;
/** A larger guest has a larger mailbox. */
const LARGE_GUEST_MIB = 1024;
const EM_X86_64 = 62;

/** An executable has no BPF programs that corematrix could see. */
const NO_PROGRAMS: BpfObject = {
  littleEndian: true,
  license: null,
  elf: { littleEndian: true, machine: EM_X86_64, sections: [], damage: null },
  btf: null,
  ext: null,
  programs: [],
  subprograms: [],
  maps: [],
  alternatives: [],
  relocations: [],
  kconfig: new Map<string, string>(),
};

/** A packed executable. */
export interface PackedExecutable {
  /** Its path on this machine, or that of the bundle. */
  file: string;
  facts: { id: string; path: string; sha256: string; size: number };
  /** The command in the guest, with the archive of all its files. */
  command: GuestCommand & NonNullable<PreparedSettings['command']>;
  executable: NonNullable<RunObject['executable']>;
}

/** A packed executable as the object of a run. */
export function runObjectOf({ file, facts, command, executable }: PackedExecutable): RunObject {
  return {
    file,
    bytes: new Uint8Array(),
    bpf: NO_PROGRAMS,
    settings: {},
    prepared: { command, ...(command.tar.length > MAX_SMALL_ARCHIVE && { memory: LARGE_GUEST_MIB }) },
    executable,
    result: { ...facts, executable: true, license: null, programs: [], relocations: [], maps: [] },
  };
}
