import { execa } from 'execa';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { EM_BPF, readElf, readSymbols } from '../../../../harness/bpf/elf/elf.ts';
import { type SampleObject, sampleObjects } from '../object/samples.ts';

const SYMBOL_TYPES = ['NOTYPE', 'OBJECT', 'FUNC', 'SECTION', 'FILE'];
const BINDINGS = ['LOCAL', 'GLOBAL', 'WEAK'];
/** Special section numbers with their names in llvm-readelf. */
const SPECIAL: Readonly<Record<string, number>> = { UND: 0, ABS: 0xfff1, COM: 0xfff2 };

let objects: SampleObject[] = [];
beforeAll(async () => {
  objects = await sampleObjects();
});

/** Reads sections and symbols from the GNU-style tables of llvm-readelf, which are alike in all its versions. */
async function readelf(path: string) {
  const { stdout } = await execa('llvm-readelf', ['--wide', '--sections', '--symbols', path]);
  const lines = stdout.split('\n');
  const section = /^ +\[ *\d+\] (\S*) +([A-Z_0-9]+) +[0-9a-f]{16} [0-9a-f]{6,} ([0-9a-f]{6,}) [0-9a-f]+ +\w* +(\d+) +(\d+) +\d+$/;
  const symbol = /^ +\d+: ([0-9a-f]{16}) +(\d+) (\w+) +(\w+) +\w+ +(\w+) ?(.*)$/;
  return {
    sections: lines.flatMap((line) => {
      const [found, name = '', , size = '', link, info] = section.exec(line) ?? [];
      return found === undefined ? [] : [{ name, size: parseInt(size, 16), link: Number(link), info: Number(info) }];
    }),
    symbols: lines.flatMap((line) => {
      const [found, value = '', size, type = '', binding = '', index = '', name = ''] = symbol.exec(line) ?? [];
      if (found === undefined) return [];
      return [
        {
          // llvm-readelf prints the name of the section for the symbol of a section.
          name: type === 'SECTION' ? '' : name,
          type: SYMBOL_TYPES.indexOf(type),
          binding: BINDINGS.indexOf(binding),
          section: SPECIAL[index] ?? Number(index),
          value: parseInt(value, 16),
          size: Number(size),
        },
      ];
    }),
  };
}

describe('sections and symbols of the sample objects', () => {
  it('sections and symbols of the sample objects equal those that llvm-readelf lists', async () => {
    for (const { path, bytes } of objects) {
      const expected = await readelf(path);
      const read = readElf(bytes);
      if (!read.ok) throw new Error(read.reason);
      const { littleEndian, machine, sections } = read.elf;
      expect({ littleEndian, machine }).toEqual({ littleEndian: true, machine: EM_BPF });
      expect(sections.map(({ name, size, link, info }) => ({ name, size, link, info }))).toEqual(expected.sections);
      expect(readSymbols(read.elf)).toEqual(expected.symbols);
      expect(expected.symbols.length).toBeGreaterThan(3);
    }
  });
});

describe('files that are no ELF of this project', () => {
  const header = (...bytes: number[]) => Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, ...bytes, ...Array.from({ length: 64 }, () => 0));
  it('files that are not 64-bit ELF files are refused with the reason', () => {
    const refusals = [
      new Uint8Array(),
      Buffer.from('#!/bin/sh\n'),
      Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1),
      header(1, 1),
      header(2, 3),
    ].map((bytes) => readElf(bytes));
    expect(refusals).toEqual([
      { ok: false, reason: 'the file is empty' },
      { ok: false, reason: 'not an ELF file' },
      { ok: false, reason: 'truncated: 6 bytes are fewer than an ELF header' },
      { ok: false, reason: 'a 32-bit ELF file; BPF objects are 64-bit' },
      { ok: false, reason: 'an ELF file of unknown byte order' },
    ]);
  });

  it('an ELF file without sections is read', () => {
    expect(readElf(header(2, 1))).toEqual({ ok: true, elf: { littleEndian: true, machine: 0, sections: [], damage: null } });
  });
});

describe('damaged files', () => {
  it('damaged ELF files give a file or a reason, never an error', () => {
    const sample = objects[0]?.bytes ?? new Uint8Array();
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: sample.length }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: sample.length - 1 }), fc.integer({ min: 0, max: 255 })), { maxLength: 12 }),
        (length, changes) => {
          const bytes = Uint8Array.from(sample);
          for (const [at, value] of changes) bytes[at] = value;
          const read = readElf(bytes.subarray(0, length));
          expect(read.ok ? readSymbols(read.elf).length >= 0 : read.reason !== '').toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
