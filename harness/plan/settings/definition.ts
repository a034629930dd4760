// What defines a setting of an object. Each setting has a folder here; `../object-settings/setting-table.ts` registers them.
import type { z } from 'zod';
import type { BpfObject } from '../../bpf/object/object.ts';
import type { RequestFrame } from '../../guest/protocol/frames.ts';
import type { Place } from './place.ts';

/** What a setting is prepared from, besides its value. */
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

/** What depends on the kernel of a cell. */
export interface OnKernel {
  customBtf: { bytes: Uint8Array; sha256: string } | null;
  modules: readonly { name: string; ko: Uint8Array }[];
}

/** What `corematrix init` proposes for a setting. */
export interface Proposal {
  /** Whether the object needs the setting to load. If false, the lines become comments. */
  isNeeded: boolean;
  /** A comment beside the key. */
  remark?: string;
  entries: readonly ProposedEntry[];
}

export interface ProposedEntry {
  /** The key of the entry; null in a list. */
  name: string | null;
  /** Null where only the loader knows the value. */
  value: unknown;
  /** Why it is proposed: a comment beside the entry. */
  why?: string;
}

/**
 * A setting with all of its parts. Only `schema` and `prepare` are required.
 * @template Value what the configuration holds
 * @template Prepared what guests and predictions need of it
 * @template Others the other settings that this one reads
 */
export interface Setting<Value, Prepared, Others = unknown> {
  schema: z.ZodType<Value>;
  /** Whether an object with these settings takes the default. Without it, `defaults:` does not have the setting. */
  takesDefault?: (settings: Others) => boolean;
  /**
   * Checks the value against the object and reads the files that it names.
   * @throws UserError with the place, what is wrong and what is possible
   */
  prepare: (value: Value, input: SettingInput<Others>) => Prepared | Promise<Prepared>;
  /** The object as predictions must see it. */
  apply?: (object: BpfObject, prepared: Prepared) => BpfObject;
  /** What the agent is asked to do; it applies the frames of all settings in the order of the table. */
  frames?: (prepared: Prepared, onKernel: OnKernel) => readonly RequestFrame[];
  /** Frames that follow those of all other settings. */
  lastFrames?: (prepared: Prepared) => readonly RequestFrame[];
  /** The digest of files that a verdict depends on besides the value; null without files. */
  sha256?: (prepared: Prepared, onKernel: Pick<OnKernel, 'customBtf'>) => string | null;
  /** What the object seems to leave to its loader; null if nothing. */
  propose?: (object: BpfObject) => Proposal | null;
}
