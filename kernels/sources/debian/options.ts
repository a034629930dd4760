// What everything that reads a Debian archive needs to know.

export interface DebianOptions {
  /** Root of the cache. */
  cache: string;
  /** Addresses of mirrors; without any, those of the environment or of apt. */
  mirrors?: readonly string[] | undefined;
  /** Ask the mirror for its Release files even where recent ones are known. */
  refresh?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Something a person should know: a signature that was not checked, a mirror that is down. */
  onNote?: ((text: string) => void) | undefined;
}
