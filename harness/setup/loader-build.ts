// How set-up builds a loader program: what the program depends on, and the build itself.
import { InfraError } from '../base/errors.ts';

/** No compiler for a program of the guest, one that is too old, or one without the libraries of the program. */
export class MissingCompiler extends InfraError {}

/** How a loader program is built. */
export interface LoaderBuild {
  /** Everything that the program depends on: its sources and lock files. */
  files: readonly string[];
  /** The version line of the compiler, and the flags. */
  inputs: readonly string[];
  /** The exact release of the library: `0.22.0`. */
  release: string;
  /**
   * Builds the program.
   * @throws InfraError with the compiler's message
   */
  build: (target: string) => Promise<void>;
}
