// Compares predictions with the rules of aya with aya itself: every case of every family, in both releases.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIBRARY_RELEASES } from '../../../harness/base/loader-name.ts';
import { ayaRefusal } from '../../../harness/bpf/object/aya-refusal.ts';
import { functionsBySection, INSN_BYTES, ownerFinder } from '../../../harness/bpf/object/functions.ts';
import type { BpfObject } from '../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { type Code, compiledCode } from '../../../harness/core-relo/code.ts';
import { LOADERS } from '../../../harness/core-relo/loader.ts';
import { BAD_RELO } from '../../../harness/core-relo/patch.ts';
import { predictLoad } from '../../../harness/core-relo/relocate.ts';
import { ayaPrograms, relocatedByAya } from '../loaders/aya-relocations.ts';
import { rustIsMissing } from '../loaders/toolchains.ts';
import { btfOf, casesOf, FAMILY_NAMES } from './conformance/compiled.ts';
import { tellCount } from './oracles.ts';

const LOADS_AND_STORES = [1, 2, 3];

/** Cases that no kernel of this project has: pointers of 32 bits, and a type with the mark of a flavor within its name. */
const NOT_COMPARED = new Set(['of 32 bits', 'name that only begins alike']);

/** The value that a relocation changes in an instruction. */
function valueAt({ view }: Code, insn: number): bigint {
  const at = insn * INSN_BYTES;
  const group = view.getUint8(at) & 7;
  if (LOADS_AND_STORES.includes(group)) return BigInt.asUintN(64, BigInt(view.getInt16(at + 2, true)));
  if (group !== 0) return BigInt.asUintN(64, BigInt(view.getInt32(at + 4, true)));
  return BigInt(view.getUint32(at + 4, true)) | (BigInt(view.getUint32(at + INSN_BYTES + 4, true)) << 32n);
}

/** The prediction in the words of `relocatedByAya`. */
function predicted(object: BpfObject, kernel: KernelTypes): string[] {
  const refusal = ayaRefusal(object, '0.14');
  if (refusal !== null) return [`btf: ${refusal}`];
  const { errno, codeOf, log } = predictLoad(object, kernel, null, LOADERS.aya);
  const before = compiledCode(object);
  const functions = functionsBySection([...object.programs, ...object.subprograms]);
  const outcomes: string[] = [];
  const places: string[] = [];
  for (const [section, records] of object.ext?.relocations ?? []) {
    const ownerOf = ownerFinder(functions.get(section) ?? []);
    for (const [index, { insnOffset }] of records.entries()) {
      const owner = ownerOf(insnOffset / INSN_BYTES);
      if (!owner) return [...outcomes, 'outside of functions'];
      const insn = insnOffset / INSN_BYTES - owner.insnOffset;
      places.push(`${owner.name} ${index}`);
      const after = codeOf(owner);
      const isPoisoned = after.view.getUint8(insn * INSN_BYTES) === 0x85 && after.view.getInt32(insn * INSN_BYTES + 4, true) === BAD_RELO;
      outcomes.push(
        `${owner.name} #${insn}: ${isPoisoned ? 'poisoned' : `patched ${valueAt(before(owner), insn)} -> ${valueAt(after, insn)}`}`,
      );
    }
  }
  if (errno === 0) return outcomes;
  const failed = log.flatMap(
    ({ text }) => /prog '([^']*)': relo #(\d+): failed to (?:relocate|patch)/.exec(text)?.slice(1).join(' ') ?? [],
  );
  const at = places.indexOf(failed[0] ?? '');
  return [...outcomes.slice(0, at), `${outcomes[at]?.replace(/: .*/, '')}: failed`];
}

let folder = '';
let programs: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aya-test-'));
  if (!rustIsMissing) programs = await ayaPrograms(LIBRARY_RELEASES.aya);
}, 900_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe.skipIf(rustIsMissing)('aya', () => {
  it.each(FAMILY_NAMES)('both releases of aya relocate the cases of family %s as predicted', async (family) => {
    const found: Record<string, string[]> = {};
    const expected: Record<string, string[]> = {};
    for (const { title, object, btf, bpf, kernel } of await casesOf(folder, family)) {
      if (NOT_COMPARED.has(title)) continue;
      const types = join(folder, 'types.btf');
      await writeFile(types, await btfOf(btf));
      for (const [index, program] of programs.entries()) {
        const name = `${title}, release ${LIBRARY_RELEASES.aya[index]}`;
        found[name] = await relocatedByAya(program, object, types);
        expected[name] = predicted(bpf, kernel);
      }
    }
    expect(found).toEqual(expected);
    tellCount(`${Object.values(found).flat().length} outcomes of aya in family ${family}`);
  });
});
