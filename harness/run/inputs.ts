// The objects of a run: found by path or glob, read once, checked before any guest is started.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { messageOf, UserError } from '../errors.ts';
import { type BpfObject, readBpfObject } from '../object/object.ts';
import { toObjectResult } from '../object/result.ts';
import type { ObjectResult } from '../results/schema.ts';
import { expand } from './expand.ts';

const MAX_OBJECT_BYTES = 32 << 20;

export interface RunObject {
  file: string;
  bytes: Uint8Array;
  bpf: BpfObject;
  result: ObjectResult;
}

export interface Inputs {
  objects: RunObject[];
  /** One line for every object that cannot be used; the others still run. */
  problems: string[];
}

async function readFileChecked(file: string, shown: string): Promise<Uint8Array> {
  const facts = await stat(file).catch(() => null);
  if (!facts) throw new UserError(`${shown}: no such file`);
  if (facts.isDirectory()) throw new UserError(`${shown}: is a folder; name an object file, or a pattern such as '${shown}/*.bpf.o'`);
  if (!facts.isFile()) throw new UserError(`${shown}: not a regular file`);
  if (facts.size > MAX_OBJECT_BYTES) throw new UserError(`${shown}: ${facts.size} bytes is too large for a BPF object`);
  return readFile(file).catch((error: unknown) => {
    throw new UserError(`${shown}: cannot be read: ${messageOf(error)}`);
  });
}

export interface InputOptions {
  /** Whether objects for big-endian machines are of use: to predictions they are, but guests are all little-endian. */
  bigEndian?: boolean;
}

async function readObject(file: string, id: string, { bigEndian = false }: InputOptions): Promise<RunObject> {
  const shown = relative(process.cwd(), file) || file;
  const bytes = await readFileChecked(file, shown);
  const bpf = readBpfObject(bytes, shown);
  if (!bpf.littleEndian && !bigEndian)
    throw new UserError(`${shown}: compiled for big-endian BPF, which no guest here can load (use clang -target bpfel)`);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { file, bytes, bpf, result: toObjectResult(bpf, { id, path: shown, sha256, size: bytes.length }) };
}

/** A name that is safe in paths and URL fragments, and unique among those taken. */
function uniqueId(file: string, taken: Set<string>): string {
  const base =
    basename(file)
      .replace(/(\.bpf)?\.o$/, '')
      .replaceAll(/[^\w.+-]/g, '_') || 'object';
  let id = base;
  for (let copy = 2; taken.has(id); copy++) id = `${base}~${copy}`;
  taken.add(id);
  return id;
}

/** What a person can act on is kept; anything else is thrown on. */
function takeProblem(inputs: Inputs, error: unknown): null {
  if (!(error instanceof UserError)) throw error;
  inputs.problems.push(error.message);
  return null;
}

/**
 * Reads every object that paths and globs name, each file once, in the order named.
 * @param directory what relative names are relative to
 */
export async function readInputs(patterns: readonly string[], directory: string, options: InputOptions = {}): Promise<Inputs> {
  const inputs: Inputs = { objects: [], problems: [] };
  const seen = new Set<string>();
  const ids = new Set<string>();
  for (const pattern of patterns) {
    const files = await expand(pattern, directory).catch((error: unknown) => takeProblem(inputs, error));
    if (files?.length === 0) inputs.problems.push(`${pattern}: no file matches (in ${relative(process.cwd(), directory) || '.'})`);
    for (const file of files ?? []) {
      if (seen.has(file)) continue;
      seen.add(file);
      try {
        inputs.objects.push(await readObject(file, uniqueId(file, ids), options));
      } catch (error) {
        takeProblem(inputs, error);
      }
    }
  }
  return inputs;
}
