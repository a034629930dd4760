// The definition of a setting of an object. Each setting has a folder here; `../object-settings/setting-table.ts` registers them.
import type { z } from 'zod';
import type { BpfObject } from '../../bpf/object/object.ts';
import type { RequestFrame } from '../../guest/protocol/frames.ts';
import type { Place } from './place.ts';

/** The inputs of preparing a setting, besides its value. */
export interface SettingInput<Others> {
  /** The object as it was compiled. */
  object: BpfObject;
  file: { path: string; bytes: Uint8Array };
  /** The folder to which relative names in the settings belong. */
  directory: string;
  /** All settings of the object. */
  settings: Others;
  /** The place of the value. */
  place: Place;
}

/** The data of a cell that depends on its kernel. */
export interface OnKernel {
  customBtf: { bytes: Uint8Array; sha256: string } | null;
  modules: readonly { name: string; ko: Uint8Array }[];
}

/** The proposal of `corematrix init` for a setting. */
export interface Proposal {
  /** Whether the object needs the setting to load. If false, all lines become comments. */
  isNeeded: boolean;
  /** A comment beside the key. */
  remark?: string;
  entries: readonly ProposedEntry[];
}

export interface ProposedEntry {
  /** The key of the entry; null in a list. */
  name: string | null;
  /** Null if only the loader knows the value. */
  value: unknown;
  /** Why it is proposed: a comment beside the entry. */
  why?: string;
  /** If true, the line is a comment although the setting is needed for other entries. */
  isOptional?: boolean;
}

/**
 * A setting with all of its parts. Only `schema` and `prepare` are required.
 * @template Value the value in the configuration
 * @template Prepared the form that guests and predictions need
 * @template Others the other settings that this one reads
 */
export interface Setting<Value, Prepared, Others = unknown> {
  schema: z.ZodType<Value>;
  /** True if only the agent or a loader program applies the setting. An object with `command` cannot have it. */
  isOnlyForAgent?: true;
  /** Whether an object with these settings takes the default. Without it, `defaults:` does not have the setting. */
  takesDefault?: (settings: Others) => boolean;
  /**
   * Checks the value against the object and reads the files that it names.
   * @throws UserError with the place, the problem and what is possible
   */
  prepare: (value: Value, input: SettingInput<Others>) => Prepared | Promise<Prepared>;
  /** Returns the object that predictions are made from. */
  apply?: (object: BpfObject, prepared: Prepared) => BpfObject;
  /** The request frames for the agent, which applies the frames of all settings in the order of the table. */
  frames?: (prepared: Prepared, onKernel: OnKernel) => readonly RequestFrame[];
  /** Frames that follow those of all other settings. */
  lastFrames?: (prepared: Prepared) => readonly RequestFrame[];
  /** The digest of the files that the setting names, because a verdict depends on them; null without files. */
  sha256?: (prepared: Prepared, onKernel: Pick<OnKernel, 'customBtf'>) => string | null;
  /** Proposes values that the object seems to leave to its loader; null if there are none. */
  propose?: (object: BpfObject) => Proposal | null;
}
