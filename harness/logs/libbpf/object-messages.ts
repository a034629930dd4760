// Messages of libbpf about the whole object: relocation sections, BTF, externs, maps, struct_ops, privileges, ELF.
import { errnoOf } from './errno.ts';
import type { BtfFailure, ExternFailure, LibbpfLog, MapFailure, PrintedError } from './facts.ts';

export type ObjectMessage =
  | { type: 'section'; section: string }
  | { type: 'eliminated'; section: string; index: number }
  | { type: 'target'; localId: number; localType: string; id: number; target: string; btf: string }
  | { type: 'relocation-failed'; error: PrintedError }
  | { type: 'btf'; failure: BtfFailure }
  | { type: 'extern'; failure: ExternFailure }
  | { type: 'map'; failure: MapFailure }
  | { type: 'failure'; failure: LibbpfLog['failures'][number] };

interface Rule {
  pattern: RegExp;
  read: (groups: readonly string[]) => ObjectMessage;
}

/** An error as printed, with its number. */
export function printedError(text: string): PrintedError {
  return { text, errno: errnoOf(text) };
}

function map(step: MapFailure['step'], name: string | undefined, error: string | undefined): ObjectMessage {
  return { type: 'map', failure: { map: name ?? '', step, error: printedError(error ?? '') } };
}

function extern(kind: ExternFailure['kind'], name: string | undefined, detail: string | undefined): ObjectMessage {
  return { type: 'extern', failure: { kind, name: name ?? '', detail: detail ?? '' } };
}

function btf(kind: BtfFailure['kind'], text: string | undefined): ObjectMessage {
  return { type: 'btf', failure: { kind, text: text ?? '' } };
}

function failure(topic: LibbpfLog['failures'][number]['topic'], text: string | undefined): ObjectMessage {
  return { type: 'failure', failure: { topic, text: text ?? '' } };
}

/** Externs that libbpf fills in from the kernel configuration or itself; every other strong extern is a kernel symbol. */
const KCONFIG_NAME = /^(?:CONFIG_|LINUX_)/;

const RULES = [
  { pattern: /^sec '([^']*)': found \d+ CO-RE relocations$/, read: ([section = '']) => ({ type: 'section', section }) },
  {
    pattern: /^sec '([^']*)': skipping CO-RE relocation #(\d{1,9}) for insn #\d+ belonging to eliminated weak subprogram$/,
    read: ([section = '', index]) => ({ type: 'eliminated', section, index: Number(index) }),
  },
  {
    pattern: /^CO-RE relocating \[(\d{1,10})\] (.*): found target candidate \[(\d{1,10})\] (.*) in \[([^\]]*)\]$/,
    read: ([localId, localType = '', id, target = '', name = '']) => ({
      type: 'target',
      localId: Number(localId),
      localType,
      id: Number(id),
      target,
      btf: name,
    }),
  },
  {
    pattern: /^failed to perform CO-RE relocations: (.*)$/,
    read: ([error = '']) => ({ type: 'relocation-failed', error: printedError(error) }),
  },

  {
    pattern:
      /^(kernel BTF is missing at .*|failed to find valid kernel BTF.*|Error loading vmlinux BTF: .*|failed to parse target BTF: .*)$/,
    read: ([text]) => btf('kernel-missing', text),
  },
  { pattern: /^(vmlinux BTF is not found)$/, read: ([text]) => btf('kernel-missing', text) },
  { pattern: /^(BTF is required, but is missing or corrupted\.)$/, read: ([text]) => btf('object-missing', text) },
  {
    pattern: /^(Error loading \.BTF into kernel: .*\. BTF is mandatory, can't proceed\.)$/,
    read: ([text]) => btf('object-refused', text),
  },

  { pattern: /^extern \(func ksym\) '([^']*)': (.*)$/, read: ([name, detail]) => extern('kfunc', name, detail) },
  { pattern: /^extern \((?:var )?ksym\) '([^']*)': (.*)$/, read: ([name, detail]) => extern('ksym', name, detail) },
  { pattern: /^extern \(kcfg\) '([^']*)': (.*)$/, read: ([name, detail]) => extern('kconfig', name, detail) },
  {
    pattern: /^extern '([^']*)' \(strong\): (not resolved)$/,
    read: ([name = '', detail]) => extern(KCONFIG_NAME.test(name) ? 'kconfig' : 'ksym', name, detail),
  },
  { pattern: /^(failed to open system Kconfig)$/, read: ([text]) => extern('kconfig', '', text) },

  { pattern: /^map '([^']*)': failed to create: (.*)$/, read: ([name, error]) => map('create', name, error) },
  // libbpf <= 0.2
  { pattern: /^failed to create map \(name: '([^']*)'\): (.*)$/, read: ([name, error]) => map('create', name, error) },
  { pattern: /^map '([^']*)': failed to create inner map: (.*)$/, read: ([name, error]) => map('create-inner', name, error) },
  {
    pattern:
      /^map '([^']*)': failed to (?:set initial contents|freeze as read-only|re-mmap\(\) contents|mmap arena|initialize slot .*): (.*)$/,
    read: ([name, error]) => map('set-up', name, error),
  },
  { pattern: /^map '([^']*)': failed to auto-pin at '[^']*': (.*)$/, read: ([name, error]) => map('pin', name, error) },
  { pattern: /^map '([^']*)': (error reusing pinned map|cannot find pinned map)$/, read: ([name, error]) => map('pin', name, error) },
  { pattern: /^couldn't reuse pinned map at '([^']*)': (.*)$/, read: ([name, error]) => map('pin', name, error) },

  { pattern: /^settings: ((?!prog '[^']*': attach target '[^']*': -[23]$).*)$/, read: ([text]) => failure('settings', text) },

  {
    // The other lines about struct_ops report what was found, copied and set.
    pattern:
      /^(struct_ops (?:init_kern|init|reloc).*(?:[Cc]annot|[Nn]ot |[Uu]nmatched|Error|failed|unsupported|too ).*|[Ee]rror: BTF_KIND .* is unsupported in STRUCT_OPS)$/,
    read: ([text]) => failure('struct-ops', text),
  },
  { pattern: /^(Error in \w+\(\): .*Couldn't load trivial BPF program\..*)$/, read: ([text]) => failure('permission', text) },
  {
    pattern: /^(permission error while running as root; try raising 'ulimit -l'.*|Failed to bump RLIMIT_MEMLOCK .*)$/,
    read: ([text]) => failure('memlock', text),
  },
  {
    pattern:
      /^(elf: (?!skipping|section\().*|sec '[^']*': (?:corrupted|program|failed to).*|object '[^']*': loading non-native endianness is unsupported|.* is not a valid eBPF object file|Error loading ELF section .*|map '[^']*': (?:attr|unknown field|unexpected|unsupported|invalid|conflicting|key|value|inner def|should be|map type isn't).*)$/,
    read: ([text]) => failure('object', text),
  },
] as const satisfies readonly Rule[];

/** Reads a line (without `libbpf: `) about the whole object; null if it is about something else or not a failure. */
export function readObjectMessage(line: string): ObjectMessage | null {
  for (const rule of RULES) {
    const match = rule.pattern.exec(line);
    if (match) return rule.read(match.slice(1));
  }
  return null;
}
