// Tests that every message in the built libbpf releases ends a load, states a fact, or belongs to a family that does neither.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheRoot } from '../../../../harness/base/files.ts';
import { parseTextLog } from '../../../../harness/logs/libbpf/parse.ts';
import type { LoaderLog } from '../../../../harness/logs/loader-log.ts';
import { ensureAgent } from '../../../../harness/setup/agent.ts';
import { formatsOf } from './formats.ts';

/** Messages that never end a load, by the reason. A custom loader prints them without a level. */
const FAMILIES = {
  progress:
    /^(?:sec '\w+': (?:found|collecting|relo #\d+: (?:insn|couldn't find)|unexpected non-VAR|failed to (?:find|determine))|map '\w+'(?: \(global data\))?: (?:at |found|ignoring|setting|skipp|created|slot)|map 7 is|extern .*: (?:set to|resolved to)|extern \(\w+\) #|extern '\w+' \(weak\)|prog '\w+': (?:found|pinned|unpinned|unrecognized ELF)|struct_ops \w+: member \w+ not found in kernel, skipping|struct_ops init: struct|struct_ops init_kern \w+: (?:copy|func ptr \w+ is set|type_id)|struct_ops reloc \w+: for|elf: (?:section|skipping|symbol address|failed to find symbol table)|(?:un)?pinned map|(?:found no|reused) pinned|link fd|loaded? |loading |looking|collected|converted|license of|kernel version|Ignore ELF|No name found|Kernel doesn't|\.maps relo #\d+: (?:for|map)|supported section|attachable section|failed to guess|resolved '|zip: found|gen: |linker: |skipping module|object '\w+': (?:token|BPF FS)|usdt: (?:probe|sema|discovered|matched|failed to get absolute|IP collision)|tracepoint \w+\/\w+ path)/,
  'about a relocation or a call, read with the relocation or the program of the lines around':
    /^prog 'w': (?:insn #7 relocated|relo (?:7 at insn|for \[7\]))/,
  'libbpf goes on':
    /^(?:Error in bpf_create_map_xattr|Error loading \.BTF into kernel: .*(?:optional|w$)|Error loading ELF section .*Ignored|Detection of kernel|extern \(kcfg\) '\w+': long string|prog '\w+': (?:failed to bind map|missing \.BTF\.ext)|failed to (?:load module|iterate BTF|get BTF object|get map info for (?:map )?FD|re-mmap|dup FD)|map '\w+': failed to adjust resized|object '\w+': failed \(\w+\) to|unrecognized 'w' envvar|-- BEGIN)/,
  'another line names the cause':
    /^(?:failed to load object|error parsing \w+(?:-\w+)? Kconfig|prog '\w+': failed to (?:relocate (?:calls|data)|initialize|perform \.BTF\.ext)|failed to (?:load BPF skeleton|initialize skeleton|parse '|read kernel BTF|get ELF)|Error in \w+\(\): (?:Program|w\. Couldn't create)|Error in w\(\):w\(7\)\. Couldn't create|nr_progs|Total maps|internal error|Kernel error message)/,
  'parsing of BTF, before the line that names the section':
    /^(?:BTF |BTF\.|\.BTF\.ext|Invalid BTF|Malformed BTF|Unsupported BTF|btf: |w (?:section|size|has non-zero)|mismatch in|Can't load BTF|can't find section|anonymous struct|unexpected |unknown kind|unsatisfiable|unsupported BTF|type \[|distilled|string '|base BTF|Reached depth|w 'w' size|btf_dedup|not enough memory for decl|failed to (?:parse \.BTF|find new ID|find 'w' ELF|append BTF|open (?:w|'w'|file))|Unknown relocation kind|conflicting)/,
  'the static linker':
    /^(?:ELF |failed to (?:create (?:ELF|STRTAB|SYMTAB|memfd|'w')|finalize|add consolidated|find (?:BTF info|matching|symbol for)|get (?:EHDR|SHSTR|e_shstrndx|section|ELF class)|init section|parse (?:final|ELF)|write)|global|sec(?:tions)? w (?:entsize|flags|types|are)|incompatible|multiple SYMTAB|non-identical|relocation against|libelf init|byte order|un(?:known byte|supported (?:byte|kind)|recognized section)|can't fetch|symbol|sections w)/,
  'a call that the user makes after or beside the load':
    /^(?:perf_buffer|ringbuf|user ringbuf|error |error:|failed to (?:find skeleton|populate|open (?:link|perf|in-memory)|mmap perf|munmap|enable perf|epoll|set cpu|create epoll|allocate (?:buffers|events)|get online|mkdir|statfs|pin map|read kallsyms|parse available|determine \w+ retprobe)|Failed to|Invalid (?:CPU|message)|Empty CPU|CPU mask|page count|unknown perf|map '\w+' (?:already|should)|map '\w+': (?:BPF|can't|cannot be resized|failed to resize|unexpected \w+ size|'w')|prog '\w+': (?:can't|failed to pin|invalid perf|only|relative_fd|supply|try add|user|subprog)|object (?:not yet|'\w+': (?:load|prepare))|missing a path|no path|specified path|exclusive|excl_prog|invalid map pointer|subskeletons|type for map|usdt: |Netlink|Attribute of|Failed to parse|The target program|w is not found in prog's|zip: |failed bpf_|alloc memory|bpf_|prog '\w+': relo #7: w|failed to determine w perf type|multiple)/,
} as const satisfies Record<string, RegExp>;

function archives(): string[] {
  const folder = join(cacheRoot(), 'libbpf');
  return readdirSync(folder)
    .filter((name) => !name.endsWith('.json'))
    .map((name) => join(folder, name, 'lib/libbpf.a'));
}

/** The parser's reading of one line without a level: the step that it ends, or a fact that it states. */
function reading(line: string): string {
  const { ended, ...log }: LoaderLog = parseTextLog(`libbpf: ${line}`);
  if (ended !== null) return ended;
  return (
    Object.entries(log).find(([, value]) => (Array.isArray(value) ? value.length > 0 : value instanceof Map && value.size > 0))?.[0] ?? ''
  );
}

test('every message of libbpf 1.1, 1.5 and 1.7 ends a load, states a fact or belongs to a family that does neither', async () => {
  for (const release of ['1.1', '1.5']) await ensureAgent({ onNote: () => {}, release });
  await ensureAgent({ onNote: () => {} });
  const messages = [...new Set(archives().flatMap((archive) => formatsOf(archive).map(({ example }) => example)))].toSorted();
  expect(messages.length).toBeGreaterThan(800);
  const undecided = messages.filter((line) => reading(line) === '' && !Object.values(FAMILIES).some((family) => family.test(line)));
  expect(undecided).toEqual([]);
  const progress = messages.filter((line) => FAMILIES.progress.test(line));
  expect(
    progress.map((line) => `${reading(line)} ${line}`).filter((each) => !/^(?: |layouts|skipped|eliminated|targets)/.test(each)),
  ).toEqual([]);
}, 300_000);
