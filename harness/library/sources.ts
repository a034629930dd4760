// From where kernels and sources come, and what the user trusts.
import type { TrustOptions } from '../../kernels/trust/mirror-trust.ts';
import type { LoadedConfig } from './load-config.ts';

export interface SourceOptions extends TrustOptions {
  /** Base addresses of Debian mirrors (default: those of the configuration, else of the environment, else of apt). */
  mirrors?: readonly string[] | undefined;
}

/** The mirrors in use, and what the user trusts. */
export interface Sources {
  mirrors: readonly string[] | undefined;
  trust: TrustOptions;
}

/** The sources that options name; without mirrors among the options, those of a configuration. */
export function sourcesOf({ mirrors, trustMirrors, mirrorKeys }: SourceOptions, { config }: LoadedConfig): Sources {
  return { mirrors: mirrors ?? config.mirrors, trust: { trustMirrors, mirrorKeys } };
}
