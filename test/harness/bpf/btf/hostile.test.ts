import { readFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Btf, readBtf } from '../../../../harness/bpf/btf/btf.ts';
import { readBtfExt } from '../../../../harness/bpf/btf/ext.ts';
import { indexNames, typesWithEssentialName } from '../../../../harness/bpf/btf/names.ts';
import { resolveType, sizeOf } from '../../../../harness/bpf/btf/types.ts';
import { readElf, sectionNamed } from '../../../../harness/bpf/elf/elf.ts';
import { mustReadBtf, type SampleObject, sampleObjects } from '../object/samples.ts';
import { pulledBtf } from '../../../kernels/pulled.ts';
import { rawDump } from './raw-dump.ts';

let samples: SampleObject[] = [];
beforeAll(async () => {
  samples = await sampleObjects();
});

function sectionOf({ bytes }: SampleObject, name: string): Uint8Array {
  const read = readElf(bytes);
  return (read.ok ? sectionNamed(read.elf, name)?.bytes : undefined) ?? new Uint8Array();
}

/** Bytes to change, each by its place as a part of the length and its new value, and the part after which the input is cut. */
const damage = fc.record({
  sample: fc.nat(),
  cut: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
  changes: fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 0, max: 255 })), {
    maxLength: 12,
  }),
});

function damaged(bytes: Uint8Array, cut: number | null, changes: readonly (readonly [number, number])[]): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const [where, value] of changes) copy[Math.floor(where * copy.length)] = value;
  return cut === null ? copy : copy.subarray(0, Math.floor(cut * copy.length));
}

function readAll(btf: Btf): number {
  for (let id = 0; id <= btf.endId; id++) {
    sizeOf(btf, id);
    resolveType(btf, id);
  }
  typesWithEssentialName(indexNames(btf), 'task_struct');
  return rawDump(btf).length;
}

describe('damaged BTF', () => {
  it('damaged BTF of an object is read as far as possible or refused with a reason', () => {
    const check = fc.check(
      fc.property(damage, ({ sample, cut, changes }) => {
        const bytes = sectionOf(samples[sample % samples.length] ?? { name: '', path: '', bytes: new Uint8Array() }, '.BTF');
        const read = readBtf(damaged(bytes, cut, changes));
        return read.ok ? readAll(read.btf) >= 0 : read.reason !== '';
      }),
      { numRuns: 2000 },
    );
    expect(check).toMatchObject({ failed: false, counterexample: null });
  });

  it('damaged BTF of a kernel is refused or read quickly', async () => {
    const { path } = await pulledBtf('debian:6.12');
    const bytes = await readFile(path);
    const check = fc.check(
      fc.property(damage, ({ cut, changes }) => {
        const read = readBtf(damaged(bytes, cut, changes));
        return read.ok ? typesWithEssentialName(indexNames(read.btf), 'task_struct').length >= 0 : read.reason !== '';
      }),
      { numRuns: 40 },
    );
    expect(check).toMatchObject({ failed: false, counterexample: null });
  });
});

describe('damaged .BTF.ext', () => {
  it('damaged .BTF.ext is read or refused with a reason', () => {
    const check = fc.check(
      fc.property(damage, ({ sample, cut, changes }) => {
        const object = samples[sample % samples.length] ?? { name: '', path: '', bytes: new Uint8Array() };
        const read = readBtfExt(damaged(sectionOf(object, '.BTF.ext'), cut, changes), mustReadBtf(sectionOf(object, '.BTF')));
        return read.ok || read.reason !== '';
      }),
      { numRuns: 2000 },
    );
    expect(check).toMatchObject({ failed: false, counterexample: null });
  });
});

describe('BTF that is none', () => {
  it('bytes that are not BTF are refused with the problem', () => {
    const header = (...fields: number[]) => {
      const bytes = Buffer.alloc(32);
      bytes.writeUInt32LE(0x0001eb9f, 0);
      for (const [index, value] of fields.entries()) bytes.writeUInt32LE(value, 4 + index * 4);
      return bytes;
    };
    const inputs = [
      new Uint8Array(),
      Buffer.alloc(24),
      header(16),
      header(24, 0, 99),
      header(24, 0, 6),
      header(24, 0, 8, 8, 0),
      header(24, 0, 0, 0, 8),
    ];
    expect(inputs.map((bytes) => readBtf(bytes)).map((read) => (read.ok ? `${read.btf.endId - 1} types` : read.reason))).toEqual([
      'BTF of 0 bytes is shorter than its header',
      'not BTF: the magic number is missing',
      'truncated BTF: its sections lie beyond the end',
      'truncated BTF: its sections lie beyond the end',
      'damaged BTF: its type section does not end with a type',
      'truncated BTF: type 1 has no room',
      '0 types',
    ]);
  });
});
