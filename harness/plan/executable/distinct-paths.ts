// Checks that no file of a guest of `exec` hides another one.
import { dirname } from 'node:path';
import { UserError } from '../../base/errors.ts';
import type { PackedFile } from '../packing/libraries.ts';

/** Files with what put them into the guest, for errors: `--with data:/data`. */
export interface FileSource {
  source: string;
  files: readonly PackedFile[];
}

/** The folders that hold a path, without a leading slash, the nearest first. */
function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === '.' || folder === '/' ? [] : [folder, ...foldersAbove(folder)];
}

const OTHER_PATH = 'choose another guest path for one of them';

/**
 * Checks that each path in the guest has one content. The same content twice is fine: nothing is lost.
 * @param folders what is a folder in each guest, without a leading slash
 * @throws UserError that names both sources of a path with two contents, and of a path that is a file and a folder
 */
export function checkDistinctPaths(sources: readonly FileSource[], folders: readonly string[]): void {
  const files = new Map<string, { source: string; bytes: Uint8Array }>();
  const folderSources = new Map(folders.flatMap((folder) => [folder, ...foldersAbove(folder)]).map((folder) => [folder, 'the guest']));
  for (const { source, files: own } of sources) {
    for (const { path, bytes } of own) {
      const before = files.get(path);
      if (before && Buffer.compare(before.bytes, bytes) !== 0)
        throw new UserError(`${source} and ${before.source} both put a file at /${path} in the guest; ${OTHER_PATH}`);
      files.set(path, before ?? { source, bytes });
      for (const folder of foldersAbove(path)) folderSources.set(folder, folderSources.get(folder) ?? source);
    }
  }
  for (const [path, { source }] of files) {
    const other = folderSources.get(path);
    if (other !== undefined) throw new UserError(`${source} puts a file at /${path}, but ${other} needs a folder there; ${OTHER_PATH}`);
  }
}
