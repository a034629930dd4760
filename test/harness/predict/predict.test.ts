import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBtf } from '../../../harness/bpf/btf/btf.ts';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { readElf, sectionNamed } from '../../../harness/bpf/elf/elf.ts';
import { UserError } from '../../../harness/base/errors.ts';
import { type BpfObject, readBpfObject } from '../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { newComparison, typesMatch } from '../../../harness/core-relo/match-type.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import { predictLoad } from '../../../harness/core-relo/relocate.ts';
import { buildBtf, type WrittenType } from '../bpf/btf/build-btf.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { mustReadBtf, type SampleObject, sampleObjects } from '../bpf/object/samples.ts';
import { pulledBtf } from '../../kernels/pulled.ts';
import { MACROS } from '../core-relo/conformance/cases.ts';
import { TYPE_FAMILIES } from '../core-relo/conformance/types.ts';
import { linesOf } from '../core-relo/oracles.ts';

let folder = '';
let samples: SampleObject[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predict-test-'));
  samples = await sampleObjects();
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const INT: WrittenType = { name: 'int', kind: 1, size: 4, words: [0x01000020] };
const TASK: WrittenType = { name: 'task_struct', kind: 4, vlen: 2, size: 8, words: ['tgid', 1, 0, 'pid', 1, 32] };

function kernelOf(types: readonly WrittenType[], modules: KernelTypes['modules'] = []): KernelTypes {
  return { vmlinux: indexNames(mustReadBtf(buildBtf(types))), modules };
}

async function objectOf(name: string, source: string, target?: string): Promise<BpfObject> {
  return readBpfObject(await readFile(await compileBpf(folder, name, MACROS + source, target)), name);
}

const LOCAL = `
struct task_struct { int pid; } access_index;
SEC("raw_tp/x") int usual(u64 *ctx) { at(task_struct, t); out[0] = off(t->pid); return 0; }
SEC("?raw_tp/y") int on_demand(u64 *ctx) { at(task_struct, t); out[0] = size(t->pid); return 0; }`;

describe('a load', () => {
  it('a load relocates the programs that load by default, or the one that is named', async () => {
    const object = await objectOf('demand', LOCAL);
    const kernel = kernelOf([INT, TASK]);
    expect({
      whole: linesOf(predictLoad(object, kernel).log),
      alone: linesOf(predictLoad(object, kernel, 'on_demand').log),
    }).toMatchInlineSnapshot(`
      {
        "alone": [
          "libbpf: sec 'raw_tp/x': found 1 CO-RE relocations",
          "libbpf: sec '?raw_tp/y': found 1 CO-RE relocations",
          "libbpf: CO-RE relocating [7] struct task_struct: found target candidate [2] struct task_struct in [vmlinux]",
          "libbpf: prog 'on_demand': relo #0: <byte_sz> [7] struct task_struct.pid (0:0 @ offset 0)",
          "libbpf: prog 'on_demand': relo #0: matching candidate #0 <byte_sz> [2] struct task_struct.pid (0:1 @ offset 4)",
          "libbpf: prog 'on_demand': relo #0: patched insn #0 (ALU/ALU64) imm 4 -> 4",
        ],
        "whole": [
          "libbpf: sec 'raw_tp/x': found 1 CO-RE relocations",
          "libbpf: CO-RE relocating [7] struct task_struct: found target candidate [2] struct task_struct in [vmlinux]",
          "libbpf: prog 'usual': relo #0: <byte_off> [7] struct task_struct.pid (0:0 @ offset 0)",
          "libbpf: prog 'usual': relo #0: matching candidate #0 <byte_off> [2] struct task_struct.pid (0:1 @ offset 4)",
          "libbpf: prog 'usual': relo #0: patched insn #0 (ALU/ALU64) imm 0 -> 4",
          "libbpf: sec '?raw_tp/y': found 1 CO-RE relocations",
        ],
      }
    `);
  });

  it('a relocation uses types of modules only if the kernel itself lacks the type', async () => {
    const object = await objectOf('modules', LOCAL);
    const base = mustReadBtf(buildBtf([INT]));
    const module = mustReadBtf(buildBtf([TASK], { stringStart: base.strings.length }), base);
    const modules = [{ name: 'zram', index: indexNames(module) }];
    const candidates = (kernel: KernelTypes) => linesOf(predictLoad(object, kernel).log).filter((line) => line.includes('candidate ['));
    expect([candidates({ vmlinux: indexNames(base), modules }), candidates(kernelOf([INT, TASK], modules))]).toEqual([
      ['libbpf: CO-RE relocating [7] struct task_struct: found target candidate [2] struct task_struct in [zram]'],
      ['libbpf: CO-RE relocating [7] struct task_struct: found target candidate [2] struct task_struct in [vmlinux]'],
    ]);
  });

  it('a prediction does not change the bytes of the object', async () => {
    const path = await compileBpf(folder, 'alone', MACROS + LOCAL);
    const bytes = await readFile(path);
    predictCell(readBpfObject(bytes, 'alone'), kernelOf([INT, TASK]));
    expect(bytes.equals(await readFile(path))).toBe(true);
  });
});

describe('big-endian objects', () => {
  it('big-endian objects are relocated against big-endian kernels with the shifts of that byte order', async () => {
    const patched = async (target: string) => {
      const object = await objectOf(`bits-${target}`, TYPE_FAMILIES.bitfields.local, target);
      const kernel = readElf(
        await readFile(await compileBpf(folder, 'bits-kernel', TYPE_FAMILIES.bitfields.targets['other sizes'], target)),
      );
      const btf = mustReadBtf((kernel.ok ? sectionNamed(kernel.elf, '.BTF')?.bytes : undefined) ?? new Uint8Array());
      const { relocations } = predictCell(object, { vmlinux: indexNames(btf), modules: [] });
      return relocations.map(({ ref, outcome, target: value }) => {
        const { kind = '', access = '' } = object.relocations[ref] ?? {};
        return `${kind} ${access}: ${kind === 'lshift_u64' ? '' : value} ${outcome === 'not-reached' ? outcome : 'reached'}`;
      });
    };
    const [little, big] = [await patched('bpfel'), await patched('bpfeb')];
    expect(big).toEqual(little);
    expect(big.length).toBeGreaterThan(30);
    const object = await objectOf(
      'shift',
      `struct s { unsigned a : 3; unsigned b : 29; } access_index; PROGRAM(p) { at(s, x); out[0] = left(x->a); return 0; }`,
      'bpfeb',
    );
    const same = { vmlinux: indexNames(object.btf ?? mustReadBtf(buildBtf([]))), modules: [] };
    // A four-byte load fills the lower half of the register, and the first bits are the upper ones.
    expect(predictCell(object, same).relocations.map(({ target }) => target)).toEqual(['32']);
  });
});

describe('hostile types', () => {
  it('types that contain themselves end in an error', async () => {
    const object = await objectOf('knot', 'struct knot { int x; } access_index; PROGRAM(p) { at(knot, k); out[0] = off(k->x); return 0; }');
    const members = Array.from({ length: 40 }, (_, index) => ['', 2, index * 8]).flat();
    const knot: WrittenType = { name: 'knot', kind: 4, vlen: 40, size: 8, words: members };
    expect(predictCell(object, kernelOf([INT, knot])).programs).toEqual([
      {
        name: 'p',
        isDamaged: false,
        failure: { stage: 'relocate', class: 'core-other', reason: expect.stringContaining('error matching candidate') },
        possible: null,
        findings: [],
      },
    ]);
  });

  it('types that need too many comparisons end in an error', () => {
    const levels = Array.from({ length: 30 }, (_, level): WrittenType => ({
      name: 'level',
      kind: 4,
      vlen: 2,
      size: 8,
      words: ['a', level + 1, 0, 'b', level + 1, 32],
    }));
    const btf = mustReadBtf(buildBtf([INT, ...levels]));
    const top = { btf, id: btf.endId - 1 };
    const comparison = newComparison([]);
    expect(typesMatch(top, top, comparison)).toBe(-22);
    expect(comparison.left).toBeLessThan(0);
  });

  it('damaged types and objects give a prediction or a one-line error', async () => {
    const { path } = await pulledBtf('debian:5.10');
    const small = buildBtf([INT, TASK, { name: 'bpf_attach_type', kind: 6, vlen: 1, size: 4, words: ['BPF_X', 1] }]);
    const types = await readFile(path);
    const byte = fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 0, max: 255 }));
    const damaged = (bytes: Uint8Array, changes: readonly (readonly [number, number])[]) => {
      const copy = Uint8Array.from(bytes);
      for (const [where, value] of changes) copy[Math.floor(where * copy.length)] = value;
      return copy;
    };
    const outcome = (object: Uint8Array, btf: Uint8Array): boolean => {
      const read = readBtf(btf);
      if (!read.ok) return read.reason !== '';
      try {
        const bpf = readBpfObject(object, 'damaged.o');
        return predictCell(bpf, { vmlinux: indexNames(read.btf), modules: [] }).relocations.length === bpf.relocations.length;
      } catch (error) {
        return error instanceof UserError;
      }
    };
    const property = fc.property(
      fc.nat(),
      fc.array(byte, { maxLength: 8 }),
      fc.array(byte, { maxLength: 8 }),
      fc.boolean(),
      (which, ofObject, ofBtf, whole) => {
        const object = samples[which % samples.length]?.bytes ?? new Uint8Array();
        return outcome(damaged(object, ofObject), whole ? types : damaged(small, ofBtf));
      },
    );
    const check = fc.check(property, { numRuns: 400 });
    expect(check).toMatchObject({ failed: false, counterexample: null });
  });
});
