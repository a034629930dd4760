// The mailbox that host and guest share: the places of its headers and frames, and the fields of the headers.

export const MAGIC = 0x31424d58;
/** A response begins at the start of a page. */
export const PAGE = 0x1000;
/** Bytes before the payload of a frame: its type and its length. The next frame begins at the next multiple of 4. */
export const FRAME_HEADER_LENGTH = 8;

/** Words of four bytes, each with its meaning. */
type HeaderFields = Readonly<Record<string, string>>;

/** The host writes the request before the guest reads it. The guest waits for its first word. */
export const REQUEST_HEADER = {
  offset: 0,
  fields: {
    magic: '',
    length: 'bytes of request frames, from REQUEST_OFFSET on',
    responseOffset: 'where the guest may begin to write, at the start of a page',
    reserved: '',
  },
} as const satisfies { offset: number; fields: HeaderFields };

/** The guest updates it with every frame, so that the host can read the response of a guest that hangs. */
export const RESPONSE_HEADER = {
  offset: 0x800,
  fields: {
    magic: '',
    length: 'bytes of response frames, from response_offset on',
    dropped: 'bytes of log text that did not fit',
    complete: '1 when the response is complete',
    openFrame: 'offset + 1 of the frame being written, 0 between frames',
    crc: 'CRC-32 of a complete response',
    beats: 'grows every second while the guest runs processes',
  },
} as const satisfies { offset: number; fields: HeaderFields };

/** Where request frames begin. */
export const REQUEST_OFFSET = 0x1000;

/** The bytes of a header. */
export function headerLength({ fields }: { fields: HeaderFields }): number {
  return Object.keys(fields).length * 4;
}
