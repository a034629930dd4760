// Archives of any format, as the rest of the program reads them.

/** Which files of an archive are wanted. */
export interface FileRequest {
  /** Whether a file is wanted. `path` has no leading `./` or `/`. */
  wanted: (path: string) => boolean;
  /** A larger file is an error. */
  maxBytes: number;
  /** The name of the archive in errors. */
  label: string;
}

/**
 * An archive of files. Only wanted files are unpacked, and only to the target of the caller: paths in the archive are never followed.
 * All methods throw InfraError if the archive is damaged, a file is too large or a program is missing.
 */
export interface Archive {
  /** Writes the first wanted file to `target`, which must not exist. Returns its path in the archive; null if no file is wanted. */
  extractFirst: (request: FileRequest, target: string) => Promise<string | null>;
  /** The bytes of the first wanted file; null if no file is wanted. */
  readFirst: (request: FileRequest) => Promise<Buffer | null>;
  /** Writes every wanted file to the path that `targetOf` returns. Returns the number of files. */
  extractAll: (request: FileRequest, targetOf: (path: string) => string) => Promise<number>;
}
