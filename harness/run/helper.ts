// The guest helper as a run uses it.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildInitramfs } from '../guest/initramfs.ts';

/** The static helper binary that set-up built, and the libbpf in it. */
export interface GuestHelper {
  path: string;
  sha256: string;
  libbpf: string;
  libbpfOrigin: string;
}

/** Packs the helper into an initramfs in the run's work folder and returns its path. */
export async function prepareInitramfs(helper: GuestHelper, work: string): Promise<string> {
  const path = join(work, 'initramfs.cpio');
  await writeFile(path, buildInitramfs(await readFile(helper.path)));
  return path;
}
