// The kernel sources of this program. To add one, make a folder in `sources/` that exports a `KernelSource`, and list it here.
import { type RegisteredSource, registered } from './registered.ts';
import { deb } from './sources/deb/deb.ts';
import { debian } from './sources/debian/debian.ts';
import { file } from './sources/file/file.ts';

/**
 * In the order of help texts. A text without a source is guessed to be of the first one that knows it, so what takes any path is last.
 */
export const SOURCES: readonly RegisteredSource[] = [registered(debian), registered(deb), registered(file)];

/** What is meant where no kernel is named. */
export const DEFAULT_SELECTOR = 'debian:all';
