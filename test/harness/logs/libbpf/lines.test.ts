// How print callbacks and plain log files become lines: pieces, blocks, levels, and limits.
import { expect, test } from 'vitest';
import { readLines, textRecords } from '../../../../harness/logs/libbpf/lines.ts';
import type { LogRecord } from '../../../../harness/logs/record.ts';

const record = (text: string, level: LogRecord['level'] = 'warn'): LogRecord => ({ level, text });
/** The lines of records, each in one word or two. */
const read = (...texts: (string | LogRecord)[]) =>
  readLines(texts.map((text) => (typeof text === 'string' ? record(text) : text))).map((line) =>
    line.type === 'message'
      ? `${line.level} ${line.text}`
      : [line.type, ...(line.type === 'verifier-log' ? [line.program] : []), line.text],
  );

test('pieces of a line are joined up to its end, and a piece that begins a line ends the line before', () => {
  expect([
    read('libbpf: one\n', 'libbpf: two\n'),
    read('libbpf: one\nlibbpf: two\n'),
    read('libbpf: o', 'n', 'e\n'),
    read('libbpf: one', 'libbpf: two\n'),
    read('libbpf: one', 'not libbpf: two\n'),
    read('libbpf: one\n', 'not libbpf: two\n'),
    read('libbpf: one'),
    read('\nlibbpf: one\n'),
    read('libbpf: one', '\nlibbpf: two\n'),
    read('libbpf: one\nand', ' more\n'),
    read(record('libbpf: o', 'debug'), record('ne\n', 'warn')),
    read(''),
    read(),
  ]).toEqual([
    ['warn one', 'warn two'],
    ['warn one', 'warn two'],
    ['warn one'],
    ['warn one', 'warn two'],
    ['warn onenot libbpf: two'],
    ['warn one'],
    ['warn one'],
    ['warn one'],
    ['warn one', 'warn two'],
    ['warn one'],
    ['debug one'],
    [],
    [],
  ]);
});

test('a line has at most 2048 characters', () => {
  const long = 'x'.repeat(3000);
  const lengths = (...texts: string[]) => readLines(texts.map((text) => record(text))).map(({ text }) => text.length);
  const prefix = 'libbpf: '.length;
  expect([
    lengths(`libbpf: ${long}\n`),
    lengths(`libbpf: ${'x'.repeat(1000)}`, 'y'.repeat(2000), 'z\n'),
    lengths(`libbpf: ${long}`, '\n'),
    lengths(`libbpf: x\n${long}\nlibbpf: y\n`),
    lengths(`libbpf: ${'x'.repeat(2048 - prefix)}\n`),
  ]).toEqual([[2048 - prefix], [2048 - prefix], [2048 - prefix], [1, 1], [2048 - prefix]]);
});

const BEGIN = "libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n";
const END = 'libbpf: -- END PROG LOAD LOG --\n';

test('a block is read whole, in one record or in several', () => {
  expect([
    read(`${BEGIN}one\ntwo\n-- END PROG LOAD LOG --\n`),
    read(`${BEGIN}one\n-- END PROG LOAD LOG --`),
    read(`${BEGIN}one\n${END}`),
    read(`${BEGIN}one\ntwo\n`),
    read(`${BEGIN}one\n-- END PROG LOAD LOG --\ntwo\n`),
    read(`${BEGIN}-- END PROG LOAD LOG --\n`),
    read(`${BEGIN}one, -- END PROG LOAD LOG --\n`),
    read(`${BEGIN}${'x'.repeat(100)}\n-- END PROG LOAD LOG --\n`),
    read(BEGIN, 'one\n', 'two\n', END, 'libbpf: after\n'),
    read(BEGIN, 'one\n', '-- END PROG LOAD LOG --\n', 'libbpf: after\n'),
    read(BEGIN, 'one\n', '-- END PROG LOAD LOG --', 'libbpf: after\n'),
    read(BEGIN, 'libbpf: \n', 'libbpf: \none\n', END),
    read(BEGIN, 'one\n', 'x -- END PROG LOAD LOG --\n', '-- END PROG LOAD LOG -- x\n', END),
    read(BEGIN, 'one\n'),
    read('libbpf: before', BEGIN, 'one\n', END),
    read('libbpf: -- BEGIN DUMP LOG ---\n', 'one\n', 'libbpf: -- END LOG --\n', 'libbpf: after\n'),
    read('libbpf: -- BEGIN DUMP LOG ---\none\nlibbpf: -- END LOG --\n'),
    read('libbpf: -- BEGIN BTF LOAD LOG ---\n', 'one\n', '-- END BTF LOAD LOG --\n', 'libbpf: after\n'),
    read('libbpf: -- BEGIN BTF LOAD LOG ---\none\n-- END BTF LOAD LOG --\n'),
    read("x libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\n", 'one\n'),
    read("libbpf: prog 'p': -- BEGIN PROG LOAD LOG -- x\n", 'libbpf: one\n'),
    read("libbpf: prog 'long_name': -- BEGIN PROG LOAD LOG --\n", 'one\n', END),
  ]).toEqual([
    [['verifier-log', 'p', 'one\ntwo']],
    [['verifier-log', 'p', 'one']],
    [['verifier-log', 'p', 'one']],
    [['verifier-log', 'p', 'one\ntwo']],
    [['verifier-log', 'p', 'one\n-- END PROG LOAD LOG --\ntwo']],
    [['verifier-log', 'p', '']],
    [['verifier-log', 'p', 'one, -- END PROG LOAD LOG --']],
    [['verifier-log', 'p', 'x'.repeat(100)]],
    [['verifier-log', 'p', 'one\ntwo'], 'warn after'],
    [['verifier-log', 'p', 'one'], 'warn after'],
    [['verifier-log', 'p', 'one'], 'warn after'],
    [['verifier-log', 'p', 'one']],
    [['verifier-log', 'p', 'one\nx -- END PROG LOAD LOG --\n-- END PROG LOAD LOG -- x']],
    [['verifier-log', 'p', 'one']],
    ['warn before', ['verifier-log', 'p', 'one']],
    [['verifier-log', null, 'one'], 'warn after'],
    [['verifier-log', null, 'one']],
    [['btf-log', 'one'], 'warn after'],
    [['btf-log', 'one']],
    [],
    ["warn prog 'p': -- BEGIN PROG LOAD LOG -- x", 'warn one'],
    [['verifier-log', 'long_name', 'one']],
  ]);
});

test('a line of a plain log file is a record, and a block is one, too', () => {
  const block = (begin: string, end: string) => `${begin}\none\n\n${end}\n`;
  const shown = (text: string) => textRecords(text).map(({ level, text: line }) => `${level} ${line}`);
  expect([
    shown('<0>libbpf: warn\n<1>libbpf: info\n<2>libbpf: debug\n<3>libbpf: three\nlibbpf: none\n'),
    shown('x<0>libbpf: x'),
    shown('\n\nlibbpf: one\n\n'),
    shown(`<0>${block("libbpf: prog 'p': -- BEGIN PROG LOAD LOG --", '-- END PROG LOAD LOG --')}<1>after\n`),
    shown(`${block('libbpf: -- BEGIN BTF LOAD LOG ---', '<2>libbpf: -- END BTF LOAD LOG --')}after\n`),
    shown("<0>libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\none"),
    shown(`libbpf: prog '${'p'.repeat(3000)}': -- BEGIN PROG LOAD LOG --\none`),
    shown(''),
  ]).toEqual([
    ['warn libbpf: warn\n', 'info libbpf: info\n', 'debug libbpf: debug\n', 'unknown <3>libbpf: three\n', 'unknown libbpf: none\n'],
    ['unknown x<0>libbpf: x\n'],
    ['unknown libbpf: one\n'],
    ["warn libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\none\n\n-- END PROG LOAD LOG --\n", 'info after\n'],
    ['unknown libbpf: -- BEGIN BTF LOAD LOG ---\none\n\nlibbpf: -- END BTF LOAD LOG --\n', 'unknown after\n'],
    ["warn libbpf: prog 'p': -- BEGIN PROG LOAD LOG --\none\n"],
    [`unknown libbpf: prog '${'p'.repeat(3000)}': -- BEGIN PROG LOAD LOG --\n`, 'unknown one\n'],
    [],
  ]);
});
