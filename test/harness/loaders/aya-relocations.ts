// Relocates objects with the loader program with aya on this machine: it gets the types of another kernel, and loads no program.
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { FRAME_HEADER_LENGTH, REQUEST_OFFSET } from '../../../harness/guest/protocol/mailbox.ts';
import { CONTROL_FRAMES, type Frame, type RequestFrame } from '../../../harness/guest/protocol/frames.ts';
import { encodeRequest } from '../../../harness/guest/protocol/request.ts';
import { parseResponse } from '../../../harness/guest/protocol/response.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { ensureLoaderProgram } from '../../../harness/setup/loader-program.ts';

/** A frame without fields. */
function header(number: number): Buffer {
  const bytes = Buffer.alloc(FRAME_HEADER_LENGTH);
  bytes.writeUInt32LE(number);
  return bytes;
}

const { ready, finished, end } = CONTROL_FRAMES;

/** The report in an output of the program; null as long as its last frame is missing. */
function reportIn(output: Buffer): Frame[] | null {
  const kept: Buffer[] = [];
  for (let at = 0; at + FRAME_HEADER_LENGTH <= output.length;) {
    const [number, length] = [output.readUInt32LE(at), output.readUInt32LE(at + 4)];
    const next = at + FRAME_HEADER_LENGTH + Math.ceil(length / 4) * 4;
    if (number === finished.number) return parseResponse(Buffer.concat(kept), null).frames;
    if (number !== ready.number) kept.push(output.subarray(at, next));
    at = next;
  }
  return null;
}

/**
 * The report of the loader program about a request.
 * @throws Error if the program ends without one
 */
async function reportOf(program: string, request: readonly RequestFrame[]): Promise<Frame[]> {
  const { bytes } = encodeRequest(request);
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(Buffer.concat([bytes.subarray(REQUEST_OFFSET), header(end.number)]));
  let output = Buffer.alloc(0);
  for await (const chunk of child.stdout) {
    if (chunk instanceof Buffer) output = Buffer.concat([output, chunk]);
    const report = reportIn(output);
    if (report === null) continue;
    // The program waits for the end of its guest.
    child.kill();
    return report;
  }
  throw new Error('the loader program ended without a report');
}

/** Paths of the loader programs with these releases of aya. */
export async function ayaPrograms(releases: readonly string[]): Promise<string[]> {
  const programs: string[] = [];
  for (const release of releases) programs.push((await ensureLoaderProgram({ family: 'aya', release }, { onNote: () => {} })).path);
  return programs;
}

/**
 * What aya does with each relocation of an object, in its order: `patched 0 -> 16`, `poisoned` or `failed`; ends with the one that fails.
 * @param btf the file with the kernel's types
 */
export async function relocatedByAya(program: string, object: string, btf: string): Promise<string[]> {
  const elf = await readFile(object);
  const { programs } = readBpfObject(elf, 'object');
  const frames = await reportOf(program, [
    ...programs.map(({ name }): RequestFrame => ({ type: 'autoload', wanted: 'no', program: name })),
    { type: 'btf', bytes: await readFile(btf) },
    { type: 'object', name: 'object', elf },
  ]);
  const failures = frames.flatMap((frame) => (frame.type === 'failure' && frame.about !== 'map' ? [`${frame.about}: ${frame.text}`] : []));
  const outcomes = frames.flatMap((frame) => {
    if (frame.type !== 'core-relocation') return [];
    return `${frame.function} #${frame.insn}: ${frame.outcome}${frame.outcome === 'patched' ? ` ${frame.from} -> ${frame.to}` : ''}`;
  });
  return outcomes.length > 0 ? outcomes : failures;
}
