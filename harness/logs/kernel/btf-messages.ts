// Messages with which the kernel refuses the BTF of an object, by kind. Reads the log of bpf(BPF_BTF_LOAD) of Linux 5.10 to 7.3.

/** A line that ends with these words. Before them, the kernel prints the type, member or variable that they are about. */
const end = (words: string): RegExp => new RegExp(`(?:^|[\\t ])(?:${words})$`);

export interface BtfRefusalKind {
  patterns: readonly RegExp[];
  /** Why no recorded log of a guest shows this kind; absent if one does. */
  unseen?: string;
}

/**
 * The kinds of refusals. A message belongs to the first kind that has a pattern for it.
 * @see the calls of btf_verifier_log() and its variants in kernel/bpf/btf.c; a test reads the messages of real kernels
 */
export const BTF_REFUSALS = {
  /** The kernel is older than a form that the BTF uses, or the BTF is damaged there. */
  'unknown-form': {
    patterns: [
      end('Unsupported (?:btf_header|version|flags|section found|encoding|resolve|check_member|check_kflag_member)'),
      end('Invalid (?:kind:\\d+|btf_info:[0-9a-f]+|btf_info kind_flag)'),
      end('Linkage not supported'),
    ],
  },
  /** A name that is no identifier of C, or that is missing or not allowed there. */
  name: { patterns: [end('Invalid (?:name|name_offset:\\d+|member name_offset:\\d+)')] },
  /** The header and the sections of the BTF contradict each other. */
  layout: {
    unseen: 'libbpf refuses such BTF when it opens the object, so that the kernel never reads it.',
    patterns: [
      end('(?:hdr_len|btf_header) not found'),
      end('Invalid (?:magic|section offset|string section)'),
      end('No (?:data|type found)'),
      end('(?:Section overlap found|Total section length too long|String section is not at the end)'),
      end('Unaligned (?:type|layout)_off'),
      end('(?:Layout section is too (?:big|small)|layout_len is not multiple of \\d+)'),
      end('meta_left:\\d+ meta_needed:\\d+'),
    ],
  },
  /** More types, or a longer chain of them, than the kernel accepts. */
  limit: {
    patterns: [end('Exceeded max (?:num of types|resolving depth:\\d+)'), end('(?:Loop detected|Max chain length or cycle detected)')],
  },
  /** A type, member or variable that contradicts itself or another one. */
  type: {
    patterns: [
      end(
        'Invalid (?:type|type_id|type_size|size|offset|offset\\+size|btf_info size|index|elem|int_data:[0-9a-f]+|array of int|func linkage|arg#\\d+|return type|value|component_idx|resolve state)',
      ),
      end('Invalid member(?: base type| bitfield_size| bits_offset| offset)?'),
      end('Member (?:bits_offset exceeds its struct size|exceeds struct_size|is not (?:byte|properly) aligned)'),
      end('(?:size|type|vlen) != 0|(?:size|vlen) == 0|Unexpected size'),
      end('nr_bits exceeds (?:\\d+|type_size)|nr_copy_bits exceeds 128|bits_offset exceeds U32_MAX|Array size overflows U32_MAX'),
      end("(?:Not a VAR kind member|vararg|Type tags don't precede modifiers)"),
    ],
  },
} as const satisfies Readonly<Record<string, BtfRefusalKind>>;

export type BtfRefusal = keyof typeof BTF_REFUSALS;

export const BTF_REFUSAL_KINDS: readonly BtfRefusal[] = Object.keys(BTF_REFUSALS).filter((name): name is BtfRefusal =>
  Object.hasOwn(BTF_REFUSALS, name),
);

/** The kind of a line of the log, or null if it has the words of none. */
export function btfRefusalOf(line: string): BtfRefusal | null {
  return BTF_REFUSAL_KINDS.find((kind) => BTF_REFUSALS[kind].patterns.some((pattern: RegExp) => pattern.test(line))) ?? null;
}

const MAX_LOG = 256 * 1024;
const MAX_TEXT = 300;

/** A type or member without the numbers of types, which differ between builds. */
function withoutNumbers(line: string): string {
  return line
    .replace(/^\[\d+\] /, '')
    .replaceAll(/ (?:index_)?type_id=\d+/g, '')
    .trim();
}

/**
 * Reads why the kernel refused BTF. The kernel prints every type that it accepts, and the reason last.
 * @returns one line with the type, the member if it is about one, and the words of the kernel; null if no rule knows the last line
 */
export function readBtfLog(log: string): { kind: BtfRefusal; text: string } | null {
  const lines = log
    .slice(-MAX_LOG)
    .split('\n')
    .filter((line) => line.trim() !== '');
  const last = lines.at(-1)?.trimEnd() ?? '';
  const kind = btfRefusalOf(last);
  if (kind === null) return null;
  const owner = last.startsWith('\t') ? lines.findLast((line) => line.startsWith('[')) : undefined;
  const text = owner === undefined ? withoutNumbers(last) : `${withoutNumbers(owner)}: ${withoutNumbers(last)}`;
  return { kind, text: text.slice(0, MAX_TEXT) };
}
