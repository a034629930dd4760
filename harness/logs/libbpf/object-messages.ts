// Messages of libbpf about the whole object: relocation sections, BTF, externs, maps, struct_ops, privileges, ELF.
import type { LogRecord } from '../record.ts';
import { errnoOf } from './errno.ts';
import type { BtfFailure, ExternFailure, LoaderLog, MapFailure, PrintedError } from '../loader-log.ts';

export type ObjectMessage =
  | { type: 'section'; section: string }
  | { type: 'eliminated'; section: string; index: number }
  | { type: 'target'; localId: number; localType: string; id: number; target: string; btf: string }
  | { type: 'relocation-failed'; error: PrintedError }
  | { type: 'btf'; failure: BtfFailure }
  | { type: 'extern'; failure: ExternFailure }
  | { type: 'map'; failure: MapFailure }
  | { type: 'failure'; failure: LoaderLog['failures'][number] };

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
  const inBtf = detail?.startsWith('not found in ') === true ? 'btf' : null;
  const missingIn = kind === 'ksym' && detail === 'not resolved' ? 'symbols' : inBtf;
  return { type: 'extern', failure: { kind, name: name ?? '', detail: detail ?? '', missingIn } };
}

function btf(kind: BtfFailure['kind'], text: string | undefined): ObjectMessage {
  return { type: 'btf', failure: { kind, text: text ?? '' } };
}

function failure(topic: LoaderLog['failures'][number]['topic'], text: string | undefined): ObjectMessage {
  return { type: 'failure', failure: { topic, text: text ?? '' } };
}

/** Externs that libbpf fills in from the kernel configuration or itself; every other strong extern is a kernel symbol. */
const KCONFIG_NAME = /^(?:CONFIG_|LINUX_)/;

/** Lines that report progress. libbpf prints them at any level. */
const NOTICES = [
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
] as const satisfies readonly Rule[];

/**
 * Lines that end the opening or loading of an object, by their words of failure: a log of a custom loader has no levels, and
 * libbpf prints progress about the same things, e.g. `extern (kcfg) 'LINUX_KERNEL_VERSION': set to 0x60c76`.
 * @see the calls of pr_warn() in libbpf.c, elf.c and relo_core.c of libbpf 1.1 to 1.7
 */
const FAILURES = [
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

  {
    pattern:
      /^extern \(func ksym\) '([^']*)': (not found in .*|func_proto \[\d+\] incompatible with .*|module BTF fd index \d+ too big .*)$/,
    read: ([name, detail]) => extern('kfunc', name, detail),
  },
  {
    pattern: /^extern \((?:var )?ksym\) '([^']*)': (not found in .*|incompatible types, .*|resolution is ambiguous: .*)$/,
    read: ([name, detail]) => extern('ksym', name, detail),
  },
  {
    pattern:
      /^extern \(kcfg\) '([^']*)': (value '.*' (?:implies|isn't|doesn't fit) .*|invalid string config .*|type is unsupported|failed to get kernel version|unrecognized virtual extern)$/,
    read: ([name, detail]) => extern('kconfig', name, detail),
  },
  {
    pattern: /^extern '([^']*)' \(strong\): (not resolved)$/,
    read: ([name = '', detail]) => extern(KCONFIG_NAME.test(name) ? 'kconfig' : 'ksym', name, detail),
  },
  {
    pattern: /^(failed to open (?:system Kconfig|in-memory Kconfig: .*))$/,
    read: ([text]) => extern('kconfig', '', text),
  },
  { pattern: /^(failed to open \/proc\/kallsyms: .*)$/, read: ([text]) => extern('ksym', '', text) },

  { pattern: /^map '([^']*)': failed to create: (.*)$/, read: ([name, error]) => map('create', name, error) },
  // libbpf <= 0.2
  { pattern: /^failed to create map \(name: '([^']*)'\): (.*)$/, read: ([name, error]) => map('create', name, error) },
  { pattern: /^map '([^']*)': failed to create inner map: (.*)$/, read: ([name, error]) => map('create-inner', name, error) },
  {
    pattern:
      /^map '([^']*)': failed to (?:set initial contents|freeze as read-only|re-mmap\(\) contents|mmap arena|initialize slot .*|determine number of system CPUs): (.*)$/,
    read: ([name, error]) => map('set-up', name, error),
  },
  // libbpf <= 1.4
  {
    pattern: /^Error (?:setting initial|freezing) map\(([^)]*)\) (?:contents|as read-only): (.*)$/,
    read: ([name, error]) => map('set-up', name, error),
  },
  { pattern: /^map '([^']*)': failed to auto-pin at '[^']*': (.*)$/, read: ([name, error]) => map('pin', name, error) },
  { pattern: /^map '([^']*)': (error reusing pinned map|cannot find pinned map)$/, read: ([name, error]) => map('pin', name, error) },
  { pattern: /^couldn't reuse pinned map at '([^']*)': (.*)$/, read: ([name, error]) => map('pin', name, error) },
  { pattern: /^couldn't retrieve pinned map '([^']*)': (.*)$/, read: ([name, error]) => map('pin', name, error) },

  { pattern: /^settings: ((?!prog '[^']*': attach target '[^']*': -[23]$).*)$/, read: ([text]) => failure('settings', text) },

  {
    pattern:
      /^(struct_ops (?:init_kern|init|reloc)(?!.*(?: is set to prog |: copy |type_id[:=])).*(?:[Cc]annot|[Nn]ot |[Uu]nmatched|Error|failed|unsupported|invalid|beyond|too ).*|[Ee]rror: BTF_KIND .* is unsupported in STRUCT_OPS)$/,
    read: ([text]) => failure('struct-ops', text),
  },
  { pattern: /^(Error in \w+\(\):.*Couldn't load trivial BPF program\..*)$/, read: ([text]) => failure('permission', text) },
  {
    pattern: /^(permission error while running as root; try raising 'ulimit -l'.*|Failed to bump RLIMIT_MEMLOCK .*)$/,
    read: ([text]) => failure('memlock', text),
  },
  {
    pattern:
      /^(elf: (?!skipping|section\(|symbol address match|failed to find symbol table).*|sec '[^']*': (?:corrupted|program |failed to (?:get|alloc)|symbol #|invalid offset).*|object '[^']*': loading non-native endianness is unsupported|.* is not a valid eBPF object file|Error loading ELF section (?!.*Ignored and continue).*|invalid (?:license|kver) section in .*|extern function .* is unsupported under .* section|unrecognized extern section .*|DATASEC '[^']*' not found\.|externs without BTF info are not supported|extern '[^']*': unrecognized extern kind|failed to find (?:BTF for extern|extern definition for BTF) .*|failed to get sym name string for var .*|failed to (?:resolve size|determine alignment) of extern \(kcfg\) .*|failed to init libelf for .*|only extern variables and functions are supported, .*|\.maps relo #\d+: (?:failed|symbol|cannot|hash-of-maps|'[^']*' isn't).*)$/,
    read: ([text]) => failure('object', text),
  },
  {
    pattern:
      /^(map (?:'[^']*'|#\d+): (?!found |ignoring )(?:empty name|attr '|unknown field|unexpected (?:var|def) kind|unsupported map linkage|invalid (?:field|def|pinning|instruction index|jump table)|conflicting|(?:key|value|inner|\w+) (?:type|spec|def) |can't determine|multi-level|'[^']*' member should|should be|map type isn't|map-in-map|prog-array|inner def|only single ARENA|couldn't build pin path|jumptable|ELF file is missing|failed to alloc map name).*|map '[^']*' BTF data is corrupted\.|failed to alloc map '[^']*' content buffer: .*|cannot create a dummy_ksym var)$/,
    read: ([text]) => failure('object', text),
  },
  {
    pattern:
      /^(prog '[^']*': (?:invalid relo against|bad (?:call|map|data|subprog addr) relo|extern relo failed|incorrect bpf_call|map relo failed|data relo failed|bad arena|unexpected relo for insn|missing subprog addr relo|no \.text section|failed to (?:realloc prog code|add subprog offsets)|error relocating \.BTF\.ext|exception callback|exception_callback|multiple subprogs|cannot find exception|relo #\d+: (?:can't create jump table|bad insn|bad relo type)).*)$/,
    read: ([text]) => failure('object', text),
  },
] as const satisfies readonly Rule[];

/** Whether a line of this level can say that something failed. */
export function canFail(level: LogRecord['level']): boolean {
  return level === 'warn' || level === 'unknown';
}

/** Reads a line (without `libbpf: `) about the whole object; null if it is about something else or not a failure. */
export function readObjectMessage(line: string, level: LogRecord['level']): ObjectMessage | null {
  for (const rule of canFail(level) ? [...NOTICES, ...FAILURES] : NOTICES) {
    const match = rule.pattern.exec(line);
    if (match) return rule.read(match.slice(1));
  }
  return null;
}
