// Notes about objects that libbpf refuses and another library loads.
import { basename } from 'node:path';
import { libraryName } from '../../base/loader-name.ts';
import { proposedLoader, refusedParts } from '../object-settings/proposed-loader.ts';
import type { RunObject } from './inputs.ts';

/** Whether the library of an object's loader is libbpf in a cell; objects with a custom loader choose for themselves. */
const isForLibbpf = ({ settings, prepared, result }: Pick<RunObject, 'settings' | 'prepared' | 'result'>) =>
  settings.loader === undefined && !prepared.command && libraryName(result.loader ?? undefined) === 'libbpf';

const MAX_NOTES = 10;

/** One note for each object of which libbpf refuses a part that another library accepts, if libbpf loads it. */
export function loaderNotes(objects: readonly Pick<RunObject, 'bpf' | 'file' | 'settings' | 'prepared' | 'result'>[]): string[] {
  const notes = objects.filter(isForLibbpf).flatMap(({ bpf, file }) => {
    const found = proposedLoader(bpf, file);
    const refused = found && refusedParts(found);
    if (!found || !refused) return [];
    return [
      `${basename(file)}: libbpf refuses ${refused}; ${found.libraries} can load it. Such a failure is not the kernel's fault: ` +
        `write "loader: ${found.loader}" for the object in the configuration`,
    ];
  });
  const unique = [...new Set(notes)];
  const more = unique.length - MAX_NOTES;
  return [...unique.slice(0, MAX_NOTES), ...(more > 0 ? [`and ${more} more objects that libbpf refuses and other libraries load`] : [])];
}
