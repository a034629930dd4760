// Tests of damaged objects in real guests: no loader contradicts a prediction.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sectionNamed } from '../../../harness/bpf/elf/elf.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { damagedObjects } from './damaged-objects.ts';
import { contradictions, runLoaders } from './run-loaders.ts';
import { goIsMissing, rustIsMissing } from './toolchains.ts';

const LOADERS = ['cilium@0.22', 'cilium@0.17', 'aya@0.14', 'aya@0.13'];
const SEED = 1;
/** COREMATRIX_DAMAGED_OBJECTS=500 tries as many objects; a few are enough to find that a rule is lost. */
const COUNT = Number(process.env['COREMATRIX_DAMAGED_OBJECTS'] ?? 12);

const [MISSING, HEALTHY] = ['((struct task_struct *)ctx[1])->no_such_field', '((struct task_struct *)ctx[1])->pid'];
const readOf = (name: string, accesses: readonly string[]) => `SEC("raw_tp/sched_switch") int ${name}(u64 *ctx) { int v = 0;
${accesses.map((access) => `probe_read(&v, 4, __builtin_preserve_access_index(&${access}));`).join(' ')} return v; }`;
const SOURCE = `struct task_struct { int no_such_field; int pid; } access_index;
static long (*probe_read)(void *, u32, const void *) = (void *)113;
${readOf('with_missing_field', [HEALTHY, MISSING])} SEC("tp_btf/sched_switch") int healthy(u64 *ctx) { struct task_struct *task = (void *)ctx[1]; return task->pid & 1; }`;

/** Bytes of the head of .BTF.ext with relocations, and of those before and of a relocation. */
const [OFFSET_OF_RELOCATIONS, BEFORE_FIRST, RECORD] = [24, 12, 16];

interface Opened {
  ext: DataView;
  code: Uint8Array;
  /** The place in `ext` of relocation number `index` of the first section. */
  relocation: (index: number) => number;
}

/** A copy of an object that a function has changed. */
function damaged(bytes: Uint8Array, damage: (opened: Opened) => void): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const { elf } = readBpfObject(copy, 'copy');
  const part = sectionNamed(elf, '.BTF.ext')?.bytes ?? new Uint8Array();
  const ext = new DataView(part.buffer, part.byteOffset, part.byteLength);
  const first = ext.getUint32(4, true) + ext.getUint32(OFFSET_OF_RELOCATIONS, true) + BEFORE_FIRST;
  const code = sectionNamed(elf, 'raw_tp/sched_switch')?.bytes ?? new Uint8Array();
  damage({ ext, code, relocation: (index) => first + index * RECORD });
  return copy;
}

const DAMAGES = {
  two_for_one: ({ ext, relocation }: Opened) => ext.setUint32(relocation(1), ext.getUint32(relocation(0), true), true),
  // BPF_LD | BPF_ABS
  without_value: ({ ext, code, relocation }: Opened) => code.set([0x20], ext.getUint32(relocation(0), true)),
};

test.skipIf(goIsMissing || rustIsMissing)(
  'relocations that a library may not use as libbpf does make no failure of a damaged object certain',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'damaged-'));
    try {
      const whole = await readFile(await compileBpf(folder, 'whole', SOURCE));
      const sources = Object.entries(DAMAGES).map(([name, damage]) => ({ name, pattern: join(folder, `${name}.o`), damage }));
      await Promise.all(sources.map(async ({ pattern, damage }) => writeFile(pattern, damaged(whole, damage))));
      const results = await runLoaders(
        sources.map(({ name, pattern }) => ({ name, pattern })),
        ['debian:6.12'],
        [...LOADERS, 'libbpf@default'],
      );
      const seen = results.cells.flatMap(({ object, programs }) =>
        programs.map(({ name, status, predicted }) => `${object}/${name}: ${status}, predicted ${predicted?.status}`),
      );
      expect(contradictions(results)).toEqual([]);
      expect(seen).toMatchInlineSnapshot(`
        [
          "two_for_one+cilium-0.22/with_missing_field: pass, predicted may-fail",
          "two_for_one+cilium-0.22/healthy: pass, predicted may-fail",
          "two_for_one+cilium-0.17/with_missing_field: pass, predicted may-fail",
          "two_for_one+cilium-0.17/healthy: pass, predicted may-fail",
          "two_for_one+aya-0.14/with_missing_field: fail, predicted may-fail",
          "two_for_one+aya-0.14/healthy: pass, predicted may-fail",
          "two_for_one+aya-0.13/with_missing_field: fail, predicted may-fail",
          "two_for_one+aya-0.13/healthy: pass, predicted may-fail",
          "two_for_one/with_missing_field: fail, predicted fail",
          "two_for_one/healthy: pass, predicted unknown",
          "without_value+cilium-0.22/with_missing_field: fail, predicted may-fail",
          "without_value+cilium-0.22/healthy: pass, predicted may-fail",
          "without_value+cilium-0.17/with_missing_field: fail, predicted may-fail",
          "without_value+cilium-0.17/healthy: pass, predicted may-fail",
          "without_value+aya-0.14/with_missing_field: fail, predicted may-fail",
          "without_value+aya-0.14/healthy: pass, predicted may-fail",
          "without_value+aya-0.13/with_missing_field: fail, predicted may-fail",
          "without_value+aya-0.13/healthy: pass, predicted may-fail",
          "without_value/with_missing_field: fail, predicted fail",
          "without_value/healthy: pass, predicted unknown",
        ]
      `);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  600_000,
);

test.skipIf(goIsMissing || rustIsMissing)(
  'no release of cilium/ebpf and aya does with a damaged object what contradicts a prediction',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'damaged-'));
    try {
      const objects = await damagedObjects(SEED, COUNT);
      const paths = objects.map((_, index) => join(folder, `damaged_${index}.bpf.o`));
      await Promise.all(objects.map(async (bytes, index) => writeFile(paths[index] ?? '', bytes)));
      const sources = paths.map((pattern, index) => ({ pattern, name: `damaged_${index}` }));
      const results = await runLoaders(sources, ['debian:6.12'], LOADERS);
      expect(results.cells).toHaveLength(COUNT * LOADERS.length);
      expect(contradictions(results)).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  7_200_000,
);
