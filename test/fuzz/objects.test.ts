// Fuzzes the readers of objects and BTF, with the sample programs and the beginning of a real kernel's BTF.
import { readFile } from 'node:fs/promises';
import { type Btf, btfString, kindOf, nameOf, readBtf, vlenOf } from '../../harness/bpf/btf/btf.ts';
import { readBtfExt } from '../../harness/bpf/btf/ext.ts';
import { indexNames, typesWithEssentialName, typesWithName } from '../../harness/bpf/btf/names.ts';
import { arrayOf, enumeratorOf, memberOf, parameterOf, resolveType, sizeOf, variableOf } from '../../harness/bpf/btf/types.ts';
import { readElf, readSymbols, sectionNamed } from '../../harness/bpf/elf/elf.ts';
import { readBpfObject } from '../../harness/bpf/object/object.ts';
import { toObjectResult } from '../../harness/results/object-result.ts';
import { mustReadBtf, sampleObjects } from '../harness/bpf/object/samples.ts';
import { pulledBtf } from '../kernels/pulled.ts';
import { fuzz } from './fuzz.ts';

type Corpus = readonly [Uint8Array, ...Uint8Array[]];

function corpusOf(all: readonly Uint8Array[]): Corpus {
  const [first, ...rest] = all;
  if (!first) throw new Error('there is nothing to make inputs from');
  return [first, ...rest];
}

const samples = await sampleObjects();
const objects = corpusOf(samples.map(({ bytes }) => bytes));

function sections(name: string): Uint8Array[] {
  return objects.flatMap((bytes) => {
    const read = readElf(bytes);
    return (read.ok ? sectionNamed(read.elf, name)?.bytes : undefined) ?? [];
  });
}

const HEADER = 24;
const STRINGS = 64 << 10;
const TYPES = 2000;

/** The first types of a BTF, and the strings that most of them use. */
function beginning(bytes: Buffer): Buffer {
  const btf = mustReadBtf(bytes);
  const typeLength = (btf.starts[TYPES] ?? btf.words.length) * 4;
  const header = Buffer.from(bytes.subarray(0, HEADER));
  header.writeUInt32LE(HEADER, 4);
  for (const [index, value] of [0, typeLength, typeLength, STRINGS].entries()) header.writeUInt32LE(value, 8 + index * 4);
  const types = bytes.subarray(bytes.readUInt32LE(4), bytes.readUInt32LE(4) + typeLength);
  return Buffer.concat([header, types, btf.strings.subarray(0, STRINGS)], HEADER + typeLength + STRINGS);
}

const kernel = await pulledBtf('debian:5.10');
const btfs = corpusOf([...sections('.BTF'), beginning(await readFile(kernel.path))]);

/** Most elements to read of a type, because a damaged type can claim sixteen million. */
const MAX_ELEMENTS = 50;

function walk(btf: Btf): void {
  for (let id = 0; id < Math.min(btf.endId + 1, TYPES); id++) {
    kindOf(btf, id);
    arrayOf(btf, id);
    sizeOf(btf, resolveType(btf, id));
    for (let index = 0; index < Math.min(vlenOf(btf, id), MAX_ELEMENTS); index++) {
      memberOf(btf, id, index);
      enumeratorOf(btf, id, index);
      parameterOf(btf, id, index);
      variableOf(btf, id, index);
    }
  }
}

fuzz({
  name: 'BPF object',
  corpus: objects,
  read: (input) =>
    toObjectResult(readBpfObject(input, 'input.bpf.o'), { id: 'input', path: 'input.bpf.o', sha256: '', size: input.length }),
});

fuzz({
  name: 'ELF file',
  corpus: objects,
  read: (input) => {
    const read = readElf(input);
    if (!read.ok) return;
    const held = read.elf.sections.reduce((sum, { bytes }) => sum + bytes.length, 0);
    if (held > input.length * read.elf.sections.length) throw new Error(`sections of ${held} bytes in ${input.length}`);
    readSymbols(read.elf);
  },
});

fuzz({
  name: 'BTF section',
  corpus: btfs,
  read: (input, random) => {
    const read = readBtf(input);
    if (!read.ok) return;
    walk(read.btf);
    const index = indexNames(read.btf);
    const name = nameOf(read.btf, random.below(read.btf.endId)) || 'task_struct';
    typesWithName(index, name);
    typesWithEssentialName(index, name);
    btfString(read.btf, random.below(0x7fffffff));
  },
});

fuzz({
  name: 'split BTF',
  corpus: btfs,
  read: (input) => {
    const read = readBtf(input, mustReadBtf(Buffer.from(btfs[0])));
    if (read.ok) walk(read.btf);
  },
});

const base = mustReadBtf(Buffer.from(btfs[0]));

fuzz({
  name: 'BTF.ext section',
  corpus: corpusOf(sections('.BTF.ext')),
  read: (input) => readBtfExt(input, base),
});
