// Builds parts of the agent's C for this machine with sanitizers, and talks to them through pipes.
import { Buffer } from 'node:buffer';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { cacheRoot } from '../../../../harness/base/files.ts';
import { PACKAGE_ROOT } from '../../../../harness/base/package-root.ts';
import type { Frame, RequestFrame } from '../../../../harness/guest/protocol/frames.ts';
import { u32Bytes } from '../../../../harness/guest/protocol/fields.ts';
import { headerLength, REQUEST_HEADER, REQUEST_OFFSET, RESPONSE_HEADER } from '../../../../harness/guest/protocol/mailbox.ts';
import { encodeRequest } from '../../../../harness/guest/protocol/request.ts';
import { parseResponse, parseResponseHeader, type ResponseHeader } from '../../../../harness/guest/protocol/response.ts';
import { ensureLibbpf } from '../../../../harness/setup/libbpf.ts';

const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const WARNINGS = ['-Wall', '-Wextra', '-Werror'];

interface Build {
  /** A folder of the test, in which the program also runs. */
  folder: string;
  /** The test's own C: a name in this folder, or a path. */
  test: string;
  /** Names in harness/guest/agent/, without the ending. */
  agent: readonly string[];
  libbpf?: boolean;
  flags?: readonly string[];
}

/** A program that answers each input with one line. */
export interface HostProgram {
  /**
   * The line for one input. Only one question at a time.
   * @throws Error with the sanitizer's report if the program ended
   */
  ask(input: Uint8Array): Promise<string>;
  /** Ends the program, which then also reports leaks. */
  stop(): Promise<void>;
}

/** Builds a program of driver.c, a test's C and parts of the agent; returns its path. */
async function build({ folder, test, agent, libbpf = false, flags = [] }: Build): Promise<string> {
  const path = join(folder, 'program');
  const own = ['driver.c', test].map((name) => join(import.meta.dirname, name));
  const sources = [...agent, 'pci'].map((name) => join(PACKAGE_ROOT, 'harness/guest/agent', `${name}.c`));
  const { includeDir, staticLib } = await ensureLibbpf({ cache: cacheRoot(), onNote: () => {} });
  const libraries = libbpf ? [staticLib, '-lelf', '-lz'] : [];
  const options = ['-g', '-O1', '-std=gnu11', ...WARNINGS, ...SANITIZERS, '-DPCI_DEVICES="devices"', '-isystem', includeDir];
  await execa('gcc', [...options, ...flags, ...(test.startsWith('/') ? [own[0] ?? '', test] : own), ...sources, ...libraries, '-o', path]);
  return path;
}

/** Makes a device like those in sysfs, with a file as its memory. */
async function makeMailbox(folder: string, size: number): Promise<void> {
  const device = join(folder, 'devices/mailbox');
  await mkdir(device, { recursive: true });
  const files = {
    vendor: '0x1af4\n',
    device: '0x1110\n',
    enable: '',
    resource: `0x0 0x0 0x0\n0x0 0x0 0x0\n0x1000 0x${(0xfff + size).toString(16)} 0x0\n`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(device, name), text);
  await writeFile(join(device, 'resource2'), Buffer.alloc(size));
}

/** Builds a program and starts it in its folder, with a mailbox of `size` bytes. */
export async function startHostProgram(options: Build & { mailboxBytes?: number }): Promise<HostProgram> {
  const { folder, mailboxBytes = 1 << 20 } = options;
  await makeMailbox(folder, mailboxBytes);
  const child = execa(await build(options), [], { cwd: folder, reject: false, buffer: { stdout: false, stderr: true } });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const whyEnded = async () => {
    const { exitCode, signal, stderr } = await child;
    return new Error(`the program ended with ${signal ?? `status ${exitCode}`}:\n${stderr.slice(0, 4000)}`);
  };
  return {
    ask: async (input) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(input.length);
      child.stdin.write(Buffer.concat([length, input]));
      const { value, done } = await answers.next();
      if (done === true) throw await whyEnded();
      return value;
    },
    stop: async () => {
      child.stdin.end();
      const { exitCode } = await child;
      if (exitCode !== 0) throw await whyEnded();
    },
  };
}

/** A request for the driver: without the bytes between its header and its frames. */
export function requestBytes(frames: readonly RequestFrame[]): Buffer {
  const { bytes } = encodeRequest(frames);
  return Buffer.concat([bytes.subarray(0, headerLength(REQUEST_HEADER)), bytes.subarray(REQUEST_OFFSET)]);
}

/** A request of one frame with any payload. */
export function rawRequest(number: number, payload: Buffer): Buffer {
  const padding = Buffer.alloc((4 - (payload.length % 4)) % 4);
  const body = Buffer.concat([u32Bytes(number), u32Bytes(payload.length), payload, padding]);
  return Buffer.concat([Buffer.from('XMB1'), u32Bytes(body.length), u32Bytes(0x2000), u32Bytes(0), body]);
}

/** The response that the program in a folder has written into its mailbox. */
export async function responseIn(folder: string): Promise<{ frames: Frame[]; damage: string | null; header: ResponseHeader }> {
  const mailbox = await readFile(join(folder, 'devices/mailbox/resource2'));
  const header = parseResponseHeader(mailbox.subarray(RESPONSE_HEADER.offset));
  if (!header) throw new Error('the mailbox has no response');
  const offset = mailbox.readUInt32LE(8);
  const bytes = mailbox.subarray(offset, offset + header.length);
  return { ...parseResponse(bytes, header.complete ? header.crc : null), header };
}
