// The tool's own version, for results and `--version`.

/** The same as in package.json; a test keeps them equal. */
export const VERSION = '0.1.0';
