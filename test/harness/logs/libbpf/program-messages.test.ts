// Tests of warnings of libbpf about a program: which lines are warnings, by their level and their words.
import { expect, test } from 'vitest';
import { readObjectMessage } from '../../../../harness/logs/libbpf/object-messages.ts';
import { readProgramMessage } from '../../../../harness/logs/libbpf/program-messages.ts';

const NOT_GIVEN = [
  'missing BPF prog type, check ELF section name',
  'SEC("struct_ops") program isn\'t referenced anywhere, did you forget to use it?',
  'no BTF-based attach target provided',
  'attach program FD is not set',
  'failed to find BPF program (FD 7)',
  'failed to prepare load attributes: -22',
  'func_info, func_info_cnt, and func_info_rec_size must all be specified or all omitted',
  'line_info, line_info_cnt, and line_info_rec_size must all be specified or all omitted',
] as const;

test.each(NOT_GIVEN)('a program that libbpf does not load has a warning at any level that can warn: %s', (text) => {
  const warning = { type: 'warning', program: 'my_prog', text };
  expect((['warn', 'unknown'] as const).map((level) => readProgramMessage(`prog 'my_prog': ${text}`, level))).toEqual([warning, warning]);
  expect((['info', 'debug'] as const).map((level) => readProgramMessage(`prog 'my_prog': ${text}`, level))).toEqual([null, null]);
  expect([`a prog 'my_prog': ${text}`, `prog 'my_prog': ${text}\nx`].map((line) => readProgramMessage(line, 'unknown'))).toEqual([
    null,
    null,
  ]);
});

test('other words about a program are a warning only at the level of warnings', () => {
  const line = "prog 'p': unheard-of words";
  expect(readProgramMessage(line, 'warn')).toEqual({ type: 'warning', program: 'p', text: 'unheard-of words' });
  expect(readProgramMessage(line, 'unknown')).toBeNull();
  expect([`a ${line}`, `${line}\nx`].map((each) => readProgramMessage(each, 'warn'))).toEqual([null, null]);
});

test('only an extern whose name begins like a setting of the kernel is one', () => {
  const kindOf = (name: string) => {
    const message = readObjectMessage(`extern '${name}' (strong): not resolved`, 'warn');
    return message?.type === 'extern' ? message.failure.kind : null;
  };
  expect(['CONFIG_HZ', 'LINUX_KERNEL_VERSION', 'my_CONFIG_HZ', 'bpf_link_fops'].map(kindOf)).toEqual([
    'kconfig',
    'kconfig',
    'ksym',
    'ksym',
  ]);
});
