// Asks libbpf about an object and a kernel's BTF: through bpftool, and through a small program with libbpf's functions. Both load nothing.
import { access, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { INSN_BYTES } from '../../../harness/bpf/object/functions.ts';
import type { BpfObject } from '../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import type { PredictedLog } from '../../../harness/core-relo/log.ts';
import { predictLoad } from '../../../harness/core-relo/relocate.ts';
import { resolveRelo } from '../../../harness/core-relo/resolve.ts';
import { RELOCATION_KINDS } from '../../../harness/base/vocabulary.ts';
import { digestOf } from '../../../harness/base/digest.ts';
import { ensureLibbpf, ensureRelease } from '../../../harness/setup/libbpf.ts';
import { cacheRoot } from '../../../harness/base/files.ts';

/** Matches CO-RE messages, but not similar ones about data relocations and kfuncs. */
const CORE =
  /^libbpf: (CO-RE relocating \[|sec '[^']*': (found \d+|skipping) CO-RE |prog '[^']*': relo (#\d+: (?!poisoning)|for \[|\d+ at )|unexpected kind )/;

/** True if a line is about CO-RE. */
function isCoreLine(line: string): boolean {
  return CORE.test(line);
}

/** The lines of a guest's log in which libbpf prints CO-RE messages, with their levels. */
export function coreLinesOf(log: string): string[] {
  const isOurs = (line: string) => isCoreLine(line) || line.startsWith('libbpf: failed to perform CO-RE relocations');
  return log
    .split('\n')
    .map((line) => line.replace(/^<\d>/, ''))
    .filter(isOurs);
}

/** Prints into the output of the tests how much was compared. */
export function tellCount(text: string): void {
  process.stdout.write(`predictions compared: ${text}\n`);
}

/** The lines of a predicted log. */
export function linesOf(log: PredictedLog): string[] {
  return log.map(({ text }) => text.trimEnd());
}

/** The lines of `bpftool -d gen min_core_btf` about relocations, and whether it succeeded. */
export async function bpftoolLines(btf: string, object: string, folder: string): Promise<{ ok: boolean; lines: string[] }> {
  const output = join(folder, 'min.btf');
  const { exitCode, stdout, stderr } = await execa('bpftool', ['-d', 'gen', 'min_core_btf', btf, output, object], { reject: false });
  await rm(output, { force: true });
  return { ok: exitCode === 0, lines: `${stdout}\n${stderr}`.split('\n').filter(isCoreLine) };
}

/**
 * The prediction for the same: bpftool names sections instead of programs, resolves all relocations, patches nothing, and stops at the
 * first error.
 */
export function minCoreLines(object: BpfObject, kernel: KernelTypes): { ok: boolean; lines: string[] } {
  const log: PredictedLog = [];
  if (!object.btf || !object.ext) return { ok: true, lines: [] };
  const context = { local: object.btf, kernel, log, candidates: new Map() };
  for (const [section, records] of object.ext.relocations) {
    for (const [index, record] of records.entries()) {
      if (typeof resolveRelo({ record, index, program: section }, context) === 'number') return { ok: false, lines: linesOf(log) };
    }
  }
  return { ok: true, lines: linesOf(log) };
}

/**
 * Builds a program with libbpf's functions, unless it exists. Returns its path.
 * @param release a release of libbpf; null for the one of the agent
 */
export async function buildOracle(
  source: string = new URL('libbpf-oracle.c', import.meta.url).pathname,
  release: string | null = null,
): Promise<string> {
  const options = { cache: cacheRoot(), onNote: () => {} };
  const { includeDir, staticLib } = await (release === null ? ensureLibbpf(options) : ensureRelease(release, options));
  const folder = join(cacheRoot(), 'test');
  const path = join(folder, `${basename(source, '.c')}-${await digestOf([source, staticLib])}`);
  const isBuilt = await access(path).then(
    () => true,
    () => false,
  );
  if (isBuilt) return path;
  await mkdir(folder, { recursive: true });
  await execa('gcc', ['-std=gnu11', '-O1', '-Wall', '-isystem', includeDir, source, staticLib, '-lelf', '-lz', '-o', path]);
  return path;
}

export interface OracleCell {
  /** Paths of the object and of the file with the kernel's BTF. */
  object: string;
  btf: string;
  bpf: BpfObject;
}

/** The requests of one load of the whole object. */
function requestsOf({ object, btf, bpf }: OracleCell): string[] {
  const codeOf = new Map(bpf.elf.sections.map(({ name, bytes }) => [name, bytes]));
  const functions = [...bpf.programs, ...bpf.subprograms];
  const relocations = bpf.relocations.map(({ index, section, program, insn, kind }) => {
    const record = bpf.ext?.relocations.get(section)?.[index];
    const owner = functions.find((each) => each.section === section && each.name === program);
    const start = ((owner?.insnOffset ?? 0) + insn) * INSN_BYTES;
    const bytes = Buffer.alloc(2 * INSN_BYTES);
    bytes.set(codeOf.get(section)?.subarray(start, start + 2 * INSN_BYTES) ?? []);
    return `relo ${program} ${index} ${insn} ${RELOCATION_KINDS.indexOf(kind)} ${record?.typeId} ${record?.access} ${bytes.toString('hex')}`;
  });
  return [`cell ${object} ${btf}`, ...relocations];
}

/**
 * Returns for each cell the lines of libbpf's functions about its relocations, up to the one that ends the load. `= ` begins a line with
 * the patched instructions.
 * @param command the command of the oracle
 */
export async function askLibbpf(cells: readonly OracleCell[], command: readonly string[]): Promise<string[][]> {
  const [program = '', ...args] = command;
  const { stdout } = await execa(program, args, { input: cells.flatMap(requestsOf).join('\n'), maxBuffer: 2 ** 28 });
  const answers = stdout.split(/^# .*$/m).slice(1);
  return answers.map((answer) => {
    const lines = answer.split('\n').filter((line) => line !== '');
    const end = lines.findIndex((line) => line.startsWith('! '));
    return end < 0 ? lines : lines.slice(0, end);
  });
}

/** True if a line of an answer is about instructions. */
export function isPatched(line: string): boolean {
  return line.startsWith('= ');
}

/** Returns for each cell the lines of libbpf about its relocations, up to the one that ends the load. */
export async function libbpfLines(cells: readonly OracleCell[]): Promise<string[][]> {
  const answers = await askLibbpf(cells, [await buildOracle()]);
  return answers.map((lines) => lines.filter((line) => !isPatched(line)));
}

/** The lines of a predicted log that come from the functions of the oracle, not from their callers in libbpf. */
export function withoutFrame(log: PredictedLog): string[] {
  const frame = /^libbpf: (sec '|failed to perform CO-RE|prog '[^']*': relo #\d+: failed to )/;
  return linesOf(log).filter((line) => !frame.test(line));
}

/** The prediction for the same. */
export function engineLines({ bpf }: OracleCell, kernel: KernelTypes): string[] {
  return withoutFrame(predictLoad(bpf, kernel).log);
}
