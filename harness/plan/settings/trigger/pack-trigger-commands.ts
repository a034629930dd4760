// The commands among the triggers of an object, packed for guests: one archive, with a folder for each command.
import { createHash } from 'node:crypto';
import type { CommandSettings } from '../../packing/command-schema.ts';
import type { GuestCommand } from '../../../guest/protocol/frames.ts';
import { guestArchive, guestCommand } from '../../packing/pack-command.ts';
import type { PackedFile } from '../../packing/libraries.ts';
import type { Place } from '../place.ts';

export interface TriggerCommands {
  tar: Buffer;
  sha256: string;
  /** By the index of the trigger in the plan. */
  commands: ReadonlyMap<number, GuestCommand>;
}

export interface CommandTrigger {
  index: number;
  settings: CommandSettings;
  /** The place of the command's settings. */
  place: Place;
}

/** Leaves out files with the same path and bytes: commands share their dynamic linker. */
function withoutCopies(files: readonly PackedFile[]): PackedFile[] {
  return files.filter(({ path, bytes }, index) => {
    const first = files.findIndex((file) => file.path === path && Buffer.compare(file.bytes, bytes) === 0);
    return first === index;
  });
}

/**
 * Packs the commands of triggers; null when there are none.
 * @param directory the folder to which relative names belong
 * @throws UserError with the place and the problem
 */
export async function packTriggerCommands(triggers: readonly CommandTrigger[], directory: string): Promise<TriggerCommands | null> {
  const [first] = triggers;
  if (!first) return null;
  const commands = new Map<number, GuestCommand>();
  const files: PackedFile[] = [];
  for (const { index, settings, place } of triggers) {
    const packed = await guestCommand({ settings, folder: `trigger/${index}`, directory, object: null, place });
    guestArchive(packed.files, place);
    commands.set(index, packed.command);
    files.push(...packed.files);
  }
  const tar = guestArchive(withoutCopies(files), first.place);
  return { tar, sha256: createHash('sha256').update(tar).digest('hex'), commands };
}
