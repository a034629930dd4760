// The guests that a process has started and that still run.
import { readdir, readFile } from 'node:fs/promises';

/** The ids of the QEMU processes that are children of a process. */
export async function guestsOf(parent: number): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const guests: number[] = [];
  for (const id of ids) {
    const stat = await readFile(`/proc/${id}/stat`, 'utf8').catch(() => '');
    const [, name = '', , above] = /^\d+ \((.*)\) (\S) (\d+) /s.exec(stat) ?? [];
    if (name.startsWith('qemu') && Number(above) === parent) guests.push(Number(id));
  }
  return guests;
}
