// What the rest of the program needs of an archive, whatever its format.

/** Which files of an archive are wanted. */
export interface FileRequest {
  /** Decides by the path in the archive, without a leading `./` or `/`. */
  wanted: (path: string) => boolean;
  /** A larger file is an error. */
  maxBytes: number;
  /** What errors call the archive. */
  label: string;
}

/**
 * An archive of files. Only wanted files are unpacked, and only to where the caller says: paths in the archive are never followed.
 * All methods throw InfraError when the archive is damaged, a file too large or a program missing.
 */
export interface Archive {
  /** Writes the first wanted file to `target`, which must not exist. Returns its path in the archive, or null when it has no such file. */
  extractFirst: (request: FileRequest, target: string) => Promise<string | null>;
  /** The bytes of the first wanted file, or null when the archive has no such file. */
  readFirst: (request: FileRequest) => Promise<Buffer | null>;
  /** Writes every wanted file to where `targetOf` says. Returns how many there were. */
  extractAll: (request: FileRequest, targetOf: (path: string) => string) => Promise<number>;
}
