// Reads cpio archives of the format newc, in which rpm packages and initramfs images hold their files.
import { InfraError } from '../../harness/base/errors.ts';

export interface CpioMember {
  path: string;
  /** Type and permissions, as in `st_mode`. */
  mode: number;
  /** In bytes. */
  size: number;
  /** Its bytes. What the reader leaves is skipped. */
  content: AsyncIterable<Uint8Array>;
}

const HEADER = 110;
const MAGICS: ReadonlySet<string> = new Set(['070701', '070702']);
/** rpm writes it where a file has 4 GiB or more: the sizes are only in the header of the package. */
const RPM_LARGE = '07070X';
const FIELDS = /^[0-9a-fA-F]{104}$/;
const END = 'TRAILER!!!';
/** The longest path of Linux. */
const MAX_NAME = 4096;
const MAX_MEMBERS = 1 << 20;

/** Takes bytes from a stream in parts of any length. */
function byteReader(source: AsyncIterable<Uint8Array>, label: string) {
  const chunks = source[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  async function* take(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0;) {
      if (rest.length === 0) {
        const { done, value } = await chunks.next();
        if (done === true) throw new InfraError(`${label}: damaged cpio archive: it is cut off`);
        rest = value;
      }
      const part = rest.subarray(0, left);
      rest = rest.subarray(part.length);
      left -= part.length;
      if (part.length > 0) yield part;
    }
  }
  const bytes = async (length: number): Promise<Buffer> => {
    const parts: Uint8Array[] = [];
    for await (const part of take(length)) parts.push(part);
    return Buffer.concat(parts);
  };
  const skip = async (length: number) => {
    for await (const _ of take(length));
  };
  const close = async () => chunks.return?.();
  return { take, bytes, skip, close };
}

const padding = (length: number) => (4 - (length % 4)) % 4;

async function* membersOf(reader: ReturnType<typeof byteReader>, label: string): AsyncGenerator<CpioMember> {
  const damaged = (reason: string) => new InfraError(`${label}: damaged cpio archive: ${reason}`);
  for (let count = 0; count < MAX_MEMBERS; count++) {
    const header = (await reader.bytes(HEADER)).toString('latin1');
    const magic = header.slice(0, 6);
    if (magic === RPM_LARGE) throw new InfraError(`${label}: it has a file of 4 GiB or more, which no kernel package has`);
    if (!MAGICS.has(magic) || !FIELDS.test(header.slice(6))) throw damaged('a member has no header of the format newc');
    const field = (index: number) => Number.parseInt(header.slice(6 + index * 8, 14 + index * 8), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    if (nameSize < 1 || nameSize > MAX_NAME) throw damaged(`the name of a member has ${nameSize} bytes`);
    const name = (await reader.bytes(nameSize)).toString('utf8', 0, nameSize - 1);
    await reader.skip(padding(HEADER + nameSize));
    if (name === END) return;
    let left = size;
    const content = async function* (): AsyncGenerator<Uint8Array> {
      while (left > 0) {
        for await (const part of reader.take(Math.min(left, 1 << 16))) {
          left -= part.length;
          yield part;
        }
      }
    };
    yield { path: name, mode, size, content: content() };
    await reader.skip(left + padding(size));
  }
  throw damaged(`it has more than ${MAX_MEMBERS} members`);
}

/**
 * The members of an archive, one after the other. The next one is read when the caller asks for it.
 * @param label the name of the archive in errors
 * @throws InfraError if the archive is damaged
 * @see cpio(5), "New ASCII Format"
 */
export async function* cpioMembers(source: AsyncIterable<Uint8Array>, label: string): AsyncGenerator<CpioMember> {
  const reader = byteReader(source, label);
  try {
    yield* membersOf(reader, label);
  } finally {
    await reader.close();
  }
}
