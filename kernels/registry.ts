// The kernel sources of this program. To add one, create a folder in `sources/` that exports a `KernelSource`, and list it here.
import { type RegisteredSource, registered } from './registered.ts';
import { deb } from './sources/deb/deb.ts';
import { debian } from './sources/debian/debian.ts';
import { dir } from './sources/dir/dir.ts';
import { file } from './sources/file/file.ts';
import { rpm } from './sources/rpm/rpm.ts';

/**
 * In the order of help texts. The first source that recognizes a text without a source is suggested, so sources of paths are last.
 */
export const SOURCES: readonly RegisteredSource[] = [
  registered(debian),
  registered(deb),
  registered(rpm),
  registered(dir),
  registered(file),
];

/** The selector for runs that name no kernel. */
export const DEFAULT_SELECTOR = 'debian:all';
