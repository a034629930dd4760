// Packs a custom loader for guests: its command, its files and the object in one archive.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { CommandSettings } from '../../packing/command-schema.ts';
import type { GuestCommand } from '../../../guest/protocol/frames.ts';
import { guestArchive, guestCommand } from '../../packing/pack-command.ts';
import type { SettingInput } from '../definition.ts';

const FOLDER = 'loader';

/** The command that the guest runs instead of loading the object through the agent. */
export interface CustomLoader extends GuestCommand {
  tar: Buffer;
  sha256: string;
}

/**
 * Packs a custom loader.
 * @throws UserError with the place and the problem
 */
export async function packCustomLoader(
  settings: CommandSettings,
  { file, directory, place }: Pick<SettingInput<unknown>, 'file' | 'directory' | 'place'>,
): Promise<CustomLoader> {
  const path = `${FOLDER}/${basename(file.path)}`;
  const { command, files } = await guestCommand({ settings, folder: FOLDER, directory, object: `/${path}`, place });
  const tar = guestArchive([...files, { path, bytes: file.bytes, executable: false }], place);
  const sha256 = createHash('sha256').update(tar).digest('hex');
  return { ...command, env: { LIBBPF_LOG_LEVEL: 'debug', ...command.env }, tar, sha256 };
}
