// Messages of libbpf that can end a load by their words, but that no object and no failing call of the recording provokes, by the reason.
export const UNRECORDED = {
  'an earlier check of libbpf or libelf refuses such tables, relocations or BTF':
    /^(?:\.maps relo #7: failed to get ELF|sec 'w': failed to get relo|struct_ops reloc: failed to get|elf: (?:failed to get symbols|'w' has unknown byte order|symbol strings section)|map #7: empty name|map 'w': (?:unexpected var kind|w def is of unexpected kind)|map '\.jumptables': (?:ELF file is missing|invalid instruction)|prog 'w': data relo failed to find map|struct_ops reloc w: invalid target program offset)/,
  'libbpf itself sets the value that it checks':
    /^(?:extern 'w': unrecognized extern kind|prog 'w': relo #7: bad (?:relo type|insn)|elf: init internal error)/,
  'the name of libbpf 1.1 and 1.5 for a type that the table knows by its later message': /^struct_ops init_kern: struct ww is not found/,
  'clang 14 writes no enumerator with two values there': /^map 'w': attr 'w': invalid __ulong/,
  'more than 32,767 modules with kfuncs': /^extern \(func ksym\) 'w': module BTF fd index/,
  'only the static linker prints it': /^(?:externs without BTF info|only extern variables and functions)/,
  'libbpf goes on to the message about the function': /^vmlinux BTF is not found/,
  'a damaged or unusual file that a program attaches to': /^elf: (?:ambiguous match|could not read elf file|failed to get verdef)/,
  'an address that the kernel has several times, a section without a name, a map of a skeleton':
    /^(?:prog 'w': (?:failed to find a unique match|invalid section name)|map 'w': failed to auto-attach)/,
  'a process, a library or a file with USDT probes, which the recording lacks':
    /^usdt: (?:attaching to shared libraries|failed to (?:find '|find ELF loadable segment|find PT_LOAD|find shared lib|get memory segments|map IP|open 'w' to get|process ELF)|kernel doesn't support USDT)/,
} as const satisfies Readonly<Record<string, RegExp>>;
