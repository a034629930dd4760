// Compares predictions for big-endian objects and kernels with what libbpf printed and patched on a big-endian machine.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { INSN_BYTES } from '../../../harness/bpf/object/functions.ts';
import { type BpfObject, readBpfObject } from '../../../harness/bpf/object/object.ts';
import type { PredictedLoad } from '../../../harness/core-relo/relocate.ts';
import { predictLoad } from '../../../harness/core-relo/relocate.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { withoutFrame } from './oracles.ts';

const FOLDER = join(PACKAGE_ROOT, 'test/fixtures/big-endian');
const LDIMM64 = 0x18;

const recorded = z.object({
  object: z.base64(),
  cases: z.array(z.object({ title: z.string(), btf: z.base64(), lines: z.array(z.string()), patched: z.array(z.string()) })),
});

const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.json'));

/** The instructions of the first relocations after a load: both halves of a 64-bit load. */
function patchedIn({ relocations, programs, subprograms }: BpfObject, { codeOf }: PredictedLoad, count: number): string[] {
  const byName = new Map([...programs, ...subprograms].map((each) => [each.name, codeOf(each).view]));
  return relocations.slice(0, count).map(({ program, insn }) => {
    const view = byName.get(program);
    if (!view) return 'no such program';
    const at = insn * INSN_BYTES;
    const length = view.getUint8(at) === LDIMM64 ? 2 * INSN_BYTES : INSN_BYTES;
    return Buffer.from(view.buffer, view.byteOffset + at, length).toString('hex');
  });
}

describe('objects for big-endian machines', () => {
  it.each(files)('big-endian objects are relocated like libbpf on a big-endian machine: %s', async (file) => {
    const { object, cases } = recorded.parse(JSON.parse(await readFile(join(FOLDER, file), 'utf8')));
    const bpf = readBpfObject(Buffer.from(object, 'base64'), file);
    expect(bpf.littleEndian).toBe(false);
    for (const { title, btf, lines, patched } of cases) {
      const kernel = { vmlinux: indexNames(mustReadBtf(Buffer.from(btf, 'base64'))), modules: [] };
      const load = predictLoad(bpf, kernel);
      const own = patchedIn(bpf, load, patched.length);
      expect({ title, lines: withoutFrame(load.log), patched: own }).toEqual({
        title,
        lines,
        patched: patched.map((both, index) => both.slice(0, own[index]?.length)),
      });
    }
    expect(cases.flatMap(({ patched }) => patched).length).toBeGreaterThan(cases.length);
  });
});
