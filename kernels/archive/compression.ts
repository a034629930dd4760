// The compressions of kernel images, packages and modules.

export type Compression = 'gzip' | 'xz' | 'lzma' | 'zstd' | 'lz4' | 'bzip2';

/** Recognises a compression by the first bytes; null if it is unknown. For lz4 it is the legacy frame, which kernels use. */
export function compressionOf(start: Uint8Array): Compression | null {
  const magics = [
    ['gzip', [0x1f, 0x8b]],
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
    ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
    ['lz4', [0x02, 0x21, 0x4c, 0x18]],
    ['bzip2', [0x42, 0x5a, 0x68]],
    ['lzma', [0x5d, 0x00, 0x00]],
  ] as const;
  const found = magics.find(([, magic]) => magic.every((byte, index) => start[index] === byte));
  return found?.[0] ?? null;
}
