// Writes programs that call suggested C on known memory, and count where it reads another value than the forms of the kernel say.
import { type Place, valueIn } from './form.ts';

/** Suggested C for one field, and the place of the value in one kernel; null if the kernel lacks the value. */
export interface Probe {
  snippet: string;
  place: Place | null;
}

/** Reads at several starts, so that no single bit is right by chance. */
const ROUNDS = 12;
const STEP = 8;
const STRUCT_BYTES = 24_576;
const MAX_POINTERS = 2;
const BITS = 32;

/** Bytes that no program changes. The same in every run. */
function memoryBytes(): Uint8Array {
  const bytes = new Uint8Array(STRUCT_BYTES + ROUNDS * STEP);
  let state = 0x2545f491;
  for (let at = 0; at < bytes.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
}

const MEMORY = memoryBytes();

/** Gives the functions, types and values of a snippet names that no other snippet has. */
function distinct(snippet: string, at: number): string {
  const { read, exists } = namesIn(snippet);
  return snippet
    .replaceAll(/___(?=\w)/g, `___f${at}_`)
    .replaceAll(new RegExp(`\\b(?:\\w+_v\\w+_value|${read}|${exists})\\b`, 'g'), (name) => `f${at}_${name}`);
}

function namesIn(snippet: string): { read: string; exists: string } {
  const [, read = ''] = /^static __always_inline .*?(\w+)\(const void \*from\)$/m.exec(snippet) ?? [];
  const [, exists = ''] = /^static __always_inline int (\w+_exists)\(void\)$/m.exec(snippet) ?? [];
  return { read, exists };
}

const hex = (value: bigint) => `0x${value.toString(16)}ULL`;

function checksOf({ snippet, place }: Probe): string[] {
  const { read, exists } = namesIn(snippet);
  if (!place) return [`bad |= ${exists}() != 0;`, `bad |= ${read}(memory) != 0;`];
  const { pointers, address, bool } = place;
  if (pointers.length > MAX_POINTERS) throw new Error(`${place.form} has more than ${MAX_POINTERS} pointers`);
  if (bool && !address && pointers.length === 0) {
    const reads = [1, 0].flatMap((value) => [`pointers_0[${place.bit / 8}] = ${value};`, `bad |= ${read}(pointers_0) != ${value};`]);
    return [`bad |= ${exists}() == 0;`, ...reads];
  }
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    const start = round * STEP;
    const target = `(__u64)(memory + ${start})`;
    const links = pointers.map((offset, hop) => {
      const next = hop + 1 < pointers.length ? `(__u64)pointers_${hop + 1}` : target;
      return `*(volatile __u64 *)(pointers_${hop} + ${offset}) = ${next};`;
    });
    const from = pointers.length > 0 ? '(__u64)pointers_0' : target;
    const expected = hex(valueIn(MEMORY, start, place));
    return [...links, `from = ${from};`, `bad |= (__u64)${read}((const void *)from) != ${address ? `from + ${expected}` : expected};`];
  });
  return [`bad |= ${exists}() == 0;`, ...rounds.flat()];
}

/** Variables with one bit for each probe: whether the program ran, and whether the suggested C was wrong. */
export function flagsOf(count: number): { ran: string; wrong: string; all: number }[] {
  return Array.from({ length: Math.ceil(count / BITS) }, (_, at) => {
    const own = Math.min(BITS, count - at * BITS);
    return { ran: `ran_${at}`, wrong: `wrong_${at}`, all: 2 ** own - 1 };
  });
}

/** C source with one program for each probe. */
export function probeSource(probes: readonly Probe[]): string {
  const programs = probes.map((probe, at) => {
    const [word, bit] = [Math.floor(at / BITS), at % BITS];
    const snippet = distinct(probe.snippet, at);
    return `${snippet}

SEC("raw_tp/sched_process_exec")
int probe_${at}(void *ctx)
{
	volatile __u64 from __attribute__((unused)) = 0;
	int bad = 0;

	${checksOf({ snippet, place: probe.place }).join('\n\t')}
	ran_${word} |= 1U << ${bit};
	if (bad)
		wrong_${word} |= 1U << ${bit};
	return 0;
}`;
  });
  const flags = flagsOf(probes.length).map(({ ran, wrong }) => `unsigned int ${ran};\nunsigned int ${wrong};`);
  const pointers = Array.from({ length: MAX_POINTERS }, (_, hop) => `char pointers_${hop}[${STRUCT_BYTES}];`);
  return `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

${flags.join('\n')}
${pointers.join('\n')}
unsigned char memory[] = { ${[...MEMORY].join(',')} };

${programs.join('\n\n')}

char LICENSE[] SEC("license") = "GPL";
`;
}
