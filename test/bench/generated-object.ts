// Writes BPF objects that are larger than any compiler makes in reasonable time: many relocations, or many programs.

const ELF_HEADER = 64;
const SECTION_HEADER = 64;
const SYMBOL = 24;
const INSN = 8;
/** `r0 = imm` and `exit`. */
const MOVE = 0xb7;
const EXIT = 0x95;
/** The function that all generated programs consist of. */
const RAW_TRACEPOINT = 'raw_tp/sched_switch';

/** A string table. */
function strings() {
  let text = '\0';
  const offsets = new Map<string, number>([['', 0]]);
  return {
    at: (name: string): number => {
      const known = offsets.get(name);
      if (known !== undefined) return known;
      const offset = text.length;
      text += `${name}\0`;
      offsets.set(name, offset);
      return offset;
    },
    bytes: () => Buffer.from(text, 'latin1'),
  };
}

function words(...values: number[]): Buffer {
  return table(values);
}

/** Like `words`, for more values than a call can have arguments. */
function table(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value >>> 0, index * 4);
  return bytes;
}

function instruction(opcode: number, immediate: number): Buffer {
  const bytes = Buffer.alloc(INSN);
  bytes[0] = opcode;
  bytes.writeInt32LE(immediate, 4);
  return bytes;
}

interface Section {
  name: string;
  type: number;
  flags?: number;
  bytes: Buffer;
  link?: number;
  info?: number;
  entry?: number;
}

/** @see elf(5) */
function elf(sections: readonly Section[]): Buffer {
  const names = strings();
  const all: Section[] = [{ name: '', type: 0, bytes: Buffer.alloc(0) }, ...sections];
  const tableSection: Section = { name: '.shstrtab', type: 3, bytes: Buffer.alloc(0) };
  all.push(tableSection);
  for (const { name } of all) names.at(name);
  tableSection.bytes = names.bytes();
  let at = ELF_HEADER;
  const headers: Buffer[] = [];
  const bodies: Buffer[] = [];
  for (const { name, type, flags = 0, bytes, link = 0, info = 0, entry = 0 } of all) {
    const head = Buffer.alloc(SECTION_HEADER);
    head.writeUInt32LE(names.at(name), 0);
    head.writeUInt32LE(type, 4);
    head.writeBigUInt64LE(BigInt(flags), 8);
    head.writeBigUInt64LE(BigInt(type === 0 ? 0 : at), 24);
    head.writeBigUInt64LE(BigInt(bytes.length), 32);
    head.writeUInt32LE(link, 40);
    head.writeUInt32LE(info, 44);
    head.writeBigUInt64LE(BigInt(type === 0 ? 0 : 8), 48);
    head.writeBigUInt64LE(BigInt(entry), 56);
    headers.push(head);
    const padding = Buffer.alloc((8 - (bytes.length % 8)) % 8);
    bodies.push(bytes, padding);
    at += bytes.length + padding.length;
  }
  const start = Buffer.alloc(ELF_HEADER);
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(start);
  start.writeUInt16LE(1, 16);
  start.writeUInt16LE(247, 18);
  start.writeUInt32LE(1, 20);
  start.writeBigUInt64LE(BigInt(at), 40);
  start.writeUInt16LE(ELF_HEADER, 52);
  start.writeUInt16LE(SECTION_HEADER, 58);
  start.writeUInt16LE(all.length, 60);
  start.writeUInt16LE(all.length - 1, 62);
  return Buffer.concat([start, ...bodies, ...headers]);
}

/** Relocations of the generated struct task_struct, each with the local value that is in the instruction. */
const RELOCATIONS = [
  { kind: 0, access: '0:0', value: 0 },
  { kind: 0, access: '0:1', value: 4 },
  { kind: 2, access: '0:2', value: 1 },
  { kind: 1, access: '0:1', value: 4 },
] as const;
/** The offset of a member that no kernel has: libbpf poisons its instruction. */
const MISSING = { kind: 0, access: '0:2', value: 8 } as const;

/** @see Documentation/bpf/btf.rst in the kernel */
function btf(programs: number) {
  const text = strings();
  const info = (kind: number, vlen = 0) => (kind << 24) | vlen;
  const member = (name: string, offset: number) => [text.at(name), 1, offset];
  const types = [
    words(text.at('int'), info(1), 4, 0x0100_0020),
    words(text.at('task_struct'), info(4, 3), 12, ...member('pid', 0), ...member('tgid', 32), ...member('no_such_member', 64)),
    words(0, info(13), 1),
    ...Array.from({ length: programs }, (_, index) => words(text.at(`many_${index}`), info(12, 1), 3)),
  ];
  const body = Buffer.concat(types);
  return { text, build: () => Buffer.concat([header(24, [0, body.length, body.length, text.bytes().length]), body, text.bytes()]) };
}

function header(length: number, fields: readonly number[]): Buffer {
  const bytes = words(0x0001_eb9f, length, ...fields);
  return Buffer.concat([bytes, Buffer.alloc(Math.max(0, length - bytes.length))]);
}

/** @param parts function records, line records, relocation records */
function extOf(parts: readonly Buffer[]): Buffer {
  const [functionBytes = 0, lineBytes = 0, reloBytes = 0] = parts.map(({ length }) => length);
  return Buffer.concat([header(32, [0, functionBytes, functionBytes, lineBytes, functionBytes + lineBytes, reloBytes]), ...parts]);
}

interface GeneratedObject {
  programs: number;
  relocations: number;
  missing?: 'some' | 'all';
  ownSections?: boolean;
}

/**
 * An object with programs that only set r0, each instruction with a CO-RE relocation.
 * @param programs number of programs
 * @param relocations number of relocations in each program
 * @param missing of a member that no kernel has is every fourth relocation (`some`), or each (`all`); by default none
 * @param ownSections if true, each program has a section of its own instead of one section with all programs
 */
export function generatedObject({ programs, relocations, missing, ownSections = false }: GeneratedObject): Buffer {
  const isMissing = (insn: number) => missing === 'all' || (missing === 'some' && insn % 4 === 2);
  const relocationAt = (insn: number) => (isMissing(insn) ? MISSING : (RELOCATIONS[insn % 4] ?? MISSING));
  const symbolNames = strings();
  const { text, build } = btf(programs);
  const file = text.at('generated.bpf.c');
  const line = text.at('return task->pid + task->tgid + task->no_such_member;');
  const insns = relocations + 2;
  const body = Buffer.concat([
    ...Array.from({ length: relocations }, (_, insn) => instruction(MOVE, relocationAt(insn).value)),
    instruction(MOVE, 0),
    instruction(EXIT, 0),
  ]);
  // The programs of each section.
  const all = Array.from({ length: programs }, (_, program) => program);
  const holders = ownSections
    ? all.map((program) => ({ name: `${RAW_TRACEPOINT}_${program}`, held: [program] }))
    : [{ name: RAW_TRACEPOINT, held: all }];
  const start = (place: number) => place * insns * INSN;
  /** Records of .BTF.ext for each section: `each` returns the values of a program, given its first byte. */
  const records = (size: number, each: (from: number, program: number) => number[]) => {
    const parts = holders.map(({ name, held }) => {
      const values = held.flatMap((program, place) => each(start(place), program));
      return values.length === 0 ? Buffer.alloc(0) : Buffer.concat([words(text.at(name), (values.length * 4) / size), table(values)]);
    });
    const whole = Buffer.concat(parts);
    return whole.length === 0 ? whole : Buffer.concat([words(size), whole]);
  };
  const ext = extOf([
    records(8, (from, program) => [from, 4 + program]),
    records(16, (from) => Array.from({ length: insns }, (_, insn) => [from + insn * INSN, file, line, (insn + 1) << 10]).flat()),
    records(16, (from) =>
      Array.from({ length: relocations }, (_, insn) => {
        const { kind, access } = relocationAt(insn);
        return [from + insn * INSN, 2, text.at(access), kind];
      }).flat(),
    ),
  ]);
  const symbols = Buffer.alloc(SYMBOL * (programs + 1));
  for (const [number, { held }] of holders.entries()) {
    for (const [place, program] of held.entries()) {
      const at = SYMBOL * (program + 1);
      symbols.writeUInt32LE(symbolNames.at(`many_${program}`), at);
      symbols[at + 4] = 0x12;
      symbols.writeUInt16LE(number + 1, at + 6);
      symbols.writeBigUInt64LE(BigInt(start(place)), at + 8);
      symbols.writeBigUInt64LE(BigInt(insns * INSN), at + 16);
    }
  }
  const code = holders.map(({ name, held }) => ({ name, type: 1, flags: 6, bytes: Buffer.concat(held.map(() => body)) }));
  return elf([
    ...code,
    { name: 'license', type: 1, flags: 3, bytes: Buffer.from('GPL\0') },
    { name: '.BTF', type: 1, bytes: build() },
    { name: '.BTF.ext', type: 1, bytes: ext },
    { name: '.symtab', type: 2, bytes: symbols, link: code.length + 5, info: 1, entry: SYMBOL },
    { name: '.strtab', type: 3, bytes: symbolNames.bytes() },
  ]);
}
