// One message that a loader printed.
/** One call of libbpf's print callback, its newline kept. A verifier log comes as one record with its BEGIN and END lines. */
export interface LogRecord {
  /** `unknown`: the loader printed the line without its level. */
  level: 'warn' | 'info' | 'debug' | 'unknown';
  /** Untrusted bytes of the object and the kernel, decoded as UTF-8 with replacement. */
  text: string;
}
