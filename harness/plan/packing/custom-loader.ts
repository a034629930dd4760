// An object's own loader made ready for guests: its command, its files and the object in one archive.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { CommandSettings } from '../config/loader-settings.ts';
import type { GuestCommand } from '../../guest/custom-loader-frames.ts';
import { guestArchive, guestCommand } from './command.ts';

const FOLDER = 'loader';

/** What a guest is asked to run instead of loading the object itself. */
export interface CustomLoader extends GuestCommand {
  tar: Buffer;
  sha256: string;
}

export interface CustomLoaderRequest {
  settings: CommandSettings;
  /** The BPF object: its name and bytes. */
  object: { file: string; bytes: Uint8Array };
  /** What relative names are relative to. */
  directory: string;
  /** Where a part of the object's settings stands. */
  placeOf: (path: readonly PropertyKey[]) => string;
}

/**
 * Packs an object's own loader.
 * @throws UserError naming the place in the configuration and what is missing or wrong
 */
export async function packCustomLoader({ settings, object, directory, placeOf }: CustomLoaderRequest): Promise<CustomLoader> {
  const path = `${FOLDER}/${basename(object.file)}`;
  const { command, files } = await guestCommand({
    settings,
    folder: FOLDER,
    directory,
    object: `/${path}`,
    placeOf: (part) => placeOf(['command', ...part]),
  });
  const tar = guestArchive([...files, { path, bytes: object.bytes, executable: false }], placeOf(['command']));
  const sha256 = createHash('sha256').update(tar).digest('hex');
  return { ...command, env: { LIBBPF_LOG_LEVEL: 'debug', ...command.env }, tar, sha256 };
}
