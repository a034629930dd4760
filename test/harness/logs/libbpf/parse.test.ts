import { readdirSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LoaderLog } from '../../../../harness/logs/loader-log.ts';
import { parseLibbpfLog, parseTextLog } from '../../../../harness/logs/libbpf/parse.ts';
import type { LogRecord } from '../../../../harness/logs/record.ts';
import { fuzzRuns } from '../../../fuzz/runs.ts';

const FOLDER = new URL('../../../fixtures/libbpf-logs/', import.meta.url);
const LOGS = readdirSync(FOLDER).filter((name) => name.endsWith('.log'));

/** All facts in a log, one a line. A verifier log appears as its number of lines. */
function compact(log: LoaderLog): string[] {
  const plain = (value: unknown) =>
    JSON.stringify(value, (key, each: unknown) => {
      if (each instanceof Map) return Object.fromEntries(each);
      if (key === 'verifierLog' && typeof each === 'string') return `${each.split('\n').length} lines`;
      const empty = each === null || each === false || (Array.isArray(each) && each.length === 0);
      return empty ? undefined : each;
    });
  return Object.entries(log).flatMap(([key, value]: [string, unknown]) => {
    if (Array.isArray(value)) return value.map((each) => `${key}: ${plain(each)}`);
    const text = plain(value);
    return text === undefined || text === '{}' ? [] : [`${key}: ${text}`];
  });
}

const record = (text: string, level: LogRecord['level'] = 'debug'): LogRecord => ({ level, text });

test.each(LOGS)('the libbpf log %s is read whole', (name) => {
  expect(compact(parseTextLog(readFileSync(new URL(name, FOLDER), 'utf8')))).toMatchSnapshot();
});

describe('what versions print differently reads the same', () => {
  const names = LOGS.filter((name) => name.startsWith('v1.7.0.')).map((name) => name.slice('v1.7.0.'.length));
  test.each(names)('the relocations in %s are read alike from all libbpf versions', (name) => {
    const facts = (version: string) =>
      parseTextLog(readFileSync(new URL(`v${version}.${name}`, FOLDER), 'utf8')).relocations.map(({ error, warnings, ...rest }) => ({
        ...rest,
        error: error !== null,
        warnings: warnings.length,
      }));
    expect(facts('1.1.0')).toEqual(facts('1.7.0'));
    expect(facts('1.5.1')).toEqual(facts('1.7.0'));
  });
});

test('a line that libbpf 0.7 prints in several callbacks is read as one line', () => {
  const pieces = [
    "libbpf: prog 'p': relo #3: kind <byte_off> (0), spec is ",
    '[9] struct task_struct',
    '.state',
    ' (0:1',
    ' @ offset 8)',
    '\n',
    "libbpf: prog 'p': relo #3: non-matching candidate #0 ",
    '[114] struct task_struct (0 @ offset 0)',
    '\n',
    "libbpf: prog 'p': relo #3: no matching targets found\n",
    "libbpf: prog 'p': relo #3: substituting insn #1 w/ invalid insn\n",
  ];
  expect(compact(parseLibbpfLog(pieces.map((piece) => record(piece))))).toMatchInlineSnapshot(`
    [
      "relocations: {"program":"p","index":3,"kind":"byte_off","spec":"[9] struct task_struct.state (0:1 @ offset 8)","candidates":[{"spec":"[114] struct task_struct (0 @ offset 0)"}],"noTarget":true,"poisoned":[1]}",
    ]
  `);
});

test('a verifier log of libbpf 0.6, which names the program after its log, is read', () => {
  const log = parseLibbpfLog([
    record('libbpf: load bpf program failed: Permission denied\n', 'warn'),
    record('libbpf: -- BEGIN DUMP LOG ---\n', 'warn'),
    record("libbpf: \n0: (61) r0 = *(u32 *)(r1 +0)\nR1 invalid mem access 'inv'\n\n", 'warn'),
    record('libbpf: -- END LOG --\n', 'warn'),
    record("libbpf: failed to load program 'p'\n", 'warn'),
    record("libbpf: failed to load object 'o'\n", 'warn'),
  ]);
  expect(log.programs).toEqual([
    {
      program: 'p',
      error: { text: 'Permission denied', errno: 13 },
      verifierLog: "0: (61) r0 = *(u32 *)(r1 +0)\nR1 invalid mem access 'inv'\n",
      missingTarget: null,
      warnings: [],
    },
  ]);
});

test('a source line that resembles the end of a verifier log does not end it, and the lines after it are not read as messages', () => {
  const log = parseLibbpfLog([
    record(
      "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n; x\n-- END PROG LOAD LOG --\nlibbpf: map 'm': failed to create: -EPERM\n0: (95) exit\n-- END PROG LOAD LOG --\n",
      'warn',
    ),
  ]);
  expect(compact(log)).toEqual(['programs: {"program":"p","verifierLog":"4 lines"}']);
});

test('failures of maps, externs, BTF and privileges in a libbpf log are distinguished', () => {
  const lines = [
    "libbpf: map 'rb': failed to create: Invalid argument(-22)",
    "libbpf: map 'outer': failed to create inner map: -E2BIG",
    'libbpf: Error in bpf_create_map_xattr(h): -EINVAL. Retrying without BTF.',
    "libbpf: couldn't reuse pinned map at '/sys/fs/bpf/m': parameter mismatch",
    "libbpf: map '.rodata': failed to freeze as read-only: -EPERM",
    "libbpf: extern (kcfg) 'CONFIG_HZ': value '1000' implies integer, char, or boolean type",
    "libbpf: extern 'CONFIG_X' (strong): not resolved",
    "libbpf: extern 'some_symbol' (strong): not resolved",
    "libbpf: extern (func ksym) 'bpf_f': func_proto [7] incompatible with vmlinux [99]",
    "libbpf: extern (var ksym) 'v': not found in kernel BTF",
    "libbpf: kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled?",
    'libbpf: BTF is required, but is missing or corrupted.',
    "libbpf: Error loading .BTF into kernel: -EINVAL. BTF is mandatory, can't proceed.",
    'libbpf: Error loading .BTF into kernel: -EINVAL. BTF is optional, ignoring.',
    "libbpf: permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB",
    'libbpf: struct_ops init_kern tcp_x: Cannot find member foo in kernel BTF',
    'libbpf: elf: o is not a valid eBPF object file',
    "libbpf: object 'o': failed (-22) to create BPF token from '/sys/fs/bpf', skipping optional step...",
  ];
  const log = parseLibbpfLog(lines.map((line) => record(`${line}\n`, 'warn')));
  expect(compact({ ...log, warnings: log.warnings.slice(-1) })).toMatchInlineSnapshot(`
    [
      "maps: {"map":"rb","step":"create","error":{"text":"Invalid argument(-22)","errno":22}}",
      "maps: {"map":"outer","step":"create-inner","error":{"text":"-E2BIG","errno":7}}",
      "maps: {"map":"/sys/fs/bpf/m","step":"pin","error":{"text":"parameter mismatch"}}",
      "maps: {"map":".rodata","step":"set-up","error":{"text":"-EPERM","errno":1}}",
      "externs: {"kind":"kconfig","name":"CONFIG_HZ","detail":"value '1000' implies integer, char, or boolean type"}",
      "externs: {"kind":"kconfig","name":"CONFIG_X","detail":"not resolved"}",
      "externs: {"kind":"ksym","name":"some_symbol","detail":"not resolved","missingIn":"symbols"}",
      "externs: {"kind":"kfunc","name":"bpf_f","detail":"func_proto [7] incompatible with vmlinux [99]"}",
      "externs: {"kind":"ksym","name":"v","detail":"not found in kernel BTF","missingIn":"btf"}",
      "btf: {"kind":"kernel-missing","text":"kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled?"}",
      "btf: {"kind":"object-missing","text":"BTF is required, but is missing or corrupted."}",
      "btf: {"kind":"object-refused","text":"Error loading .BTF into kernel: -EINVAL. BTF is mandatory, can't proceed."}",
      "failures: {"topic":"memlock","text":"permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB"}",
      "failures: {"topic":"struct-ops","text":"struct_ops init_kern tcp_x: Cannot find member foo in kernel BTF"}",
      "failures: {"topic":"object","text":"elf: o is not a valid eBPF object file"}",
      "ended: "object"",
      "warnings: "elf: o is not a valid eBPF object file"",
    ]
  `);
});

test('warnings about a relocation belong to it, also if they lack its number', () => {
  const log = parseLibbpfLog([
    record("libbpf: prog 'p': relo #1: <byte_sz> [2] struct S.a[1] (0:0:1 @ offset 4)\n"),
    record("libbpf: prog 'p': relo 1 at insn #4 can't be applied to array access\n", 'warn'),
    record("libbpf: prog 'p': relo #1: failed to relocate: -EINVAL\n", 'warn'),
    record('libbpf: failed to perform CO-RE relocations: -EINVAL\n', 'warn'),
  ]);
  expect(compact(log)).toMatchInlineSnapshot(`
    [
      "relocations: {"program":"p","index":1,"kind":"byte_sz","spec":"[2] struct S.a[1] (0:0:1 @ offset 4)","warnings":["relo 1 at insn #4 can't be applied to array access","failed to relocate: -EINVAL"],"error":"relo 1 at insn #4 can't be applied to array access"}",
      "relocationFailed: {"text":"-EINVAL","errno":22}",
      "ended: "relocation"",
      "warnings: "prog 'p': relo 1 at insn #4 can't be applied to array access"",
      "warnings: "prog 'p': relo #1: failed to relocate: -EINVAL"",
      "warnings: "failed to perform CO-RE relocations: -EINVAL"",
    ]
  `);
});

test('any text is read as a libbpf log, and no printed number is used as a length', () => {
  const words = fc.constantFrom(
    "libbpf: prog 'p': relo #1: ",
    '<byte_off> [1] struct S.a (0:1 @ offset 8)',
    'matching candidate #0 <byte_off> [1] struct S',
    'patched insn #99999999999 (LDIMM64) imm64 1 -> 18446744073709551615',
    "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n",
    '-- END PROG LOAD LOG --\n',
    'libbpf: -- BEGIN DUMP LOG ---\n',
    "libbpf: prog 'p': added 999999999 insns from sub-prog 's'\n",
    "libbpf: map '",
    "': failed to create: ",
    '\n',
    '<0>',
    '\ufffd',
  );
  const text = fc.array(fc.oneof(words, fc.string({ unit: 'binary' })), { maxLength: 40 }).map((parts) => parts.join(''));
  const level = fc.constantFrom<LogRecord['level']>('warn', 'info', 'debug');
  fc.assert(
    fc.property(fc.array(fc.record({ level, text }), { maxLength: 20 }), (records) => {
      expect(() => parseLibbpfLog(records)).not.toThrow();
      expect(() => parseTextLog(records.map((each) => each.text).join(''))).not.toThrow();
    }),
    { numRuns: fuzzRuns(50) },
  );
});
