// One message that a loader printed.
/** One call of libbpf's print callback, its newline kept. A verifier log comes as one record with its BEGIN and END lines. */
export interface LogRecord {
  level: 'warn' | 'info' | 'debug';
  /** Untrusted bytes of the object and the kernel, decoded as UTF-8 with replacement. */
  text: string;
}
