// Builds small rpm packages byte by byte, so that tests can damage each in one place.
import { createHash } from 'node:crypto';

export interface RpmMember {
  path: string;
  content?: Buffer;
  /** As in `st_mode`. @default a regular file */
  mode?: number;
  /** In the list of files only. */
  isGhost?: boolean;
}

export interface RpmChanges {
  version?: string;
  release?: string;
  arch?: string;
  /** Compresses the payload. @default no compression */
  compress?: (payload: Buffer) => Buffer;
  /** The sha256 of the header in the signature. @default the right one */
  headerSha256?: string | null;
  /** @default the right one */
  payloadSha256?: string | null;
  isSource?: boolean;
}

type Value = { type: 4; numbers: readonly number[] } | { type: 6 | 8; strings: readonly string[] };

/** A header with these tags, without padding. */
function rpmHeader(tags: readonly (readonly [number, Value])[]): Buffer {
  const store: Buffer[] = [];
  let size = 0;
  const entries = tags.map(([tag, value]) => {
    const count = value.type === 4 ? value.numbers.length : value.strings.length;
    const gap = value.type === 4 ? (4 - (size % 4)) % 4 : 0;
    const bytes =
      value.type === 4
        ? Buffer.concat(
            value.numbers.map((number) => {
              const word = Buffer.alloc(4);
              word.writeUInt32BE(number);
              return word;
            }),
          )
        : Buffer.from(value.strings.map((text) => `${text}\0`).join(''));
    const entry = Buffer.alloc(16);
    for (const [at, number] of [tag, value.type, size + gap, count].entries()) entry.writeUInt32BE(number, at * 4);
    store.push(Buffer.alloc(gap), bytes);
    size += gap + bytes.length;
    return entry;
  });
  const intro = Buffer.alloc(16);
  intro.set([0x8e, 0xad, 0xe8, 0x01]);
  intro.writeUInt32BE(tags.length, 8);
  intro.writeUInt32BE(size, 12);
  return Buffer.concat([intro, ...entries, ...store]);
}

const padded = (bytes: Buffer, to: number) => Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)]);

/** A cpio archive of these members, in the format newc. */
export function cpioArchive(members: readonly RpmMember[]): Buffer {
  const parts = [...members, { path: 'TRAILER!!!', mode: 0 }].flatMap(({ path, content = Buffer.alloc(0), mode = 0o100_644 }, index) => {
    const name = Buffer.from(`${path}\0`);
    const fields = [index + 1, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
    return [padded(Buffer.concat([header, name]), 4), padded(content, 4)];
  });
  return Buffer.concat(parts);
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const GHOST = 1 << 6;

/** A binary package with these files. Names of members in the payload begin with `.`, as rpm writes them. */
export function rpmPackage(name: string, members: readonly RpmMember[], changes: RpmChanges = {}): Buffer {
  const { version = '6.9.1', release = '1.el9', arch = 'x86_64', compress = (payload) => payload, isSource = false } = changes;
  const inPayload = members.filter(({ isGhost }) => isGhost !== true).map((member) => ({ ...member, path: `.${member.path}` }));
  const payload = compress(cpioArchive(inPayload));
  const { payloadSha256 = sha256(payload) } = changes;
  const folders = [...new Set(members.map(({ path }) => path.slice(0, path.lastIndexOf('/') + 1)))];
  const numbers = (of: (member: RpmMember) => number): Value => ({ type: 4, numbers: members.map(of) });
  const header = rpmHeader([
    [1000, { type: 6, strings: [name] }],
    [1001, { type: 6, strings: [version] }],
    [1002, { type: 6, strings: [release] }],
    [1022, { type: 6, strings: [arch] }],
    [1028, numbers(({ content }) => content?.length ?? 0)],
    [1030, numbers(({ mode = 0o100_644 }) => mode)],
    [1037, numbers(({ isGhost }) => (isGhost === true ? GHOST : 0))],
    [1116, numbers(({ path }) => folders.indexOf(path.slice(0, path.lastIndexOf('/') + 1)))],
    [1117, { type: 8, strings: members.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)) }],
    [1118, { type: 8, strings: folders }],
    ...(payloadSha256 === null
      ? []
      : ([
          [5092, { type: 8, strings: [payloadSha256] }],
          [5093, { type: 4, numbers: [8] }],
        ] as const)),
  ]);
  const { headerSha256 = sha256(header) } = changes;
  const signature = rpmHeader(headerSha256 === null ? [] : [[273, { type: 6, strings: [headerSha256] }]]);
  const lead = Buffer.alloc(96);
  lead.set([0xed, 0xab, 0xee, 0xdb, 3, 0, 0, isSource ? 1 : 0]);
  return Buffer.concat([lead, padded(signature, 8), header, payload]);
}
