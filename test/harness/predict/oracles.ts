// What libbpf itself says about an object and a kernel's BTF: through bpftool, which calls its functions without loading anything.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { BpfObject } from '../../../harness/object/object.ts';
import type { KernelTypes } from '../../../harness/predict/candidates.ts';
import type { PredictedLog } from '../../../harness/predict/log.ts';
import { resolveRelo } from '../../../harness/predict/resolve.ts';

const CORE =
  /^libbpf: (CO-RE relocating \[|sec '[^']*': (found \d+|skipping) CO-RE |prog '[^']*': relo (#\d+: |for \[|\d+ at )|unexpected kind )/;

/** Whether a line is about CO-RE. */
export function isCoreLine(line: string): boolean {
  return CORE.test(line);
}

/** The lines of a predicted log. */
export function linesOf(log: PredictedLog): string[] {
  return log.map(({ text }) => text.trimEnd());
}

/** What `bpftool -d gen min_core_btf` prints about relocations, and whether it went through. */
export async function bpftoolLines(btf: string, object: string, folder: string): Promise<{ ok: boolean; lines: string[] }> {
  const output = join(folder, 'min.btf');
  const { exitCode, stdout, stderr } = await execa('bpftool', ['-d', 'gen', 'min_core_btf', btf, output, object], { reject: false });
  await rm(output, { force: true });
  return { ok: exitCode === 0, lines: `${stdout}\n${stderr}`.split('\n').filter(isCoreLine) };
}

/**
 * What the engine says to the same: bpftool names sections instead of programs, takes every relocation there is, patches nothing and
 * stops at the first error.
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
