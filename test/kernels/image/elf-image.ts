// Builds an uncompressed image as an ELF file: a part for the code, and one for a list.

/** The address of `_text`. */
export const TEXT = 0xffff_ffff_8100_0000n;
/** The place of the list in the file. */
const AT = 0x400;

/**
 * An ELF file with a part for the code and one for a list.
 * @param distance of the list from `_text`
 */
export function elfImage(list: Buffer, distance: number): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(AT), list]);
  bytes.writeUInt32BE(0x7f454c46, 0);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(2, 56);
  for (const [index, [offset, address, size]] of [
    [0x200, TEXT, 0x100] as const,
    [AT, TEXT + BigInt(distance), list.length] as const,
  ].entries()) {
    const at = 64 + index * 56;
    bytes.writeUInt32LE(1, at);
    bytes.writeBigUInt64LE(BigInt(offset), at + 8);
    bytes.writeBigUInt64LE(address, at + 16);
    bytes.writeBigUInt64LE(BigInt(size), at + 32);
  }
  return bytes;
}
