// Compares the table of messages about refused BTF with the messages in the code of real kernels, and with logs of real guests.
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { KERNEL_FILES } from '../../../../kernels/image/facts.ts';
import {
  BTF_REFUSAL_KINDS,
  type BtfRefusalKind,
  BTF_REFUSALS,
  btfRefusalOf,
  readBtfLog,
} from '../../../../harness/logs/kernel/btf-messages.ts';
import { parseTextLog } from '../../../../harness/logs/libbpf/parse.ts';
import { causeOf } from '../../../../harness/logs/verifier/causes.ts';
import { readVerifierLine } from '../../../../harness/logs/verifier/lines.ts';
import { fuzzRuns } from '../../../fuzz/runs.ts';
import { fourSelectors, pulledBtf } from '../../../kernels/pulled.ts';
import { btfFormats, sampleMessage } from '../verifier/kernel-messages.ts';

/** What the kernel prints about a type that it accepts, and strings that other code between the messages uses. */
const NO_MESSAGE = [
  /^(?:magic|version|flags|hdr_len|type_off|type_len|str_off|str_len|layout_off|layout_len|btf_total_size): /,
  /^(?:\t\S* )?(?:\w+=\S+ )*\w+=\S+$/,
  /^return=\S+ args=\($/,
  /^(?:void|, 12 R1|12 R1|, vararg|\[12\] R1 R1R1|\[12\]R1\()$/,
  // Code that prints values by their types.
  /^(?:R1)+/,
  /^(?:\(anon\)|\(invalid-name-offset\)|<unsupported kind:12>|contains:|kernel|vmlinux|bpf_(?:list|rb)_node|rd(?:only|wr)_buf_size|btf_id:\t12)$/,
] as const;

const formats = new Map<string, Set<string>>();
beforeAll(async () => {
  for (const selector of await fourSelectors()) {
    const { path } = await pulledBtf(selector);
    formats.set(selector, btfFormats(await readFile(join(dirname(path), KERNEL_FILES.vmlinux))));
  }
});

const samples = () => [...new Set([...formats.values()].flatMap((each) => [...each]))].map((format) => sampleMessage(format).trimEnd());

test('the code of each kernel shows about a hundred messages about BTF', () => {
  for (const each of formats.values()) expect(each.size).toBeGreaterThan(90);
});

test('every message about BTF of four kernels is known, as a refusal, as a description or as one of the verifier', () => {
  const isKnown = (line: string) =>
    btfRefusalOf(line) !== null || NO_MESSAGE.some((pattern) => pattern.test(line)) || causeOf(line.trim()) !== null;
  expect(samples().filter((line) => !isKnown(line) && readVerifierLine(line).type === 'message')).toEqual([]);
});

test('no description of an accepted type counts as a refusal', () => {
  const described = samples().filter((line) => NO_MESSAGE.some((pattern) => pattern.test(line)));
  expect(described.length).toBeGreaterThan(15);
  expect(described.filter((line) => btfRefusalOf(line) !== null && line !== 'vararg' && line !== ', vararg')).toEqual([]);
});

test.each(BTF_REFUSAL_KINDS)('every pattern for refusals of kind %s occurs in a kernel', (kind) => {
  const unused = BTF_REFUSALS[kind].patterns.filter((pattern: RegExp) => !samples().some((sample) => pattern.test(sample)));
  expect(unused).toEqual([]);
});

const FIXTURES = new URL('../../../fixtures/verifier-logs/', import.meta.url);
const LOGS = readdirSync(FIXTURES).filter((name) => /^\d.*\.btf_\w+\.log$/.test(name));

const read = LOGS.map((name) => {
  const log = parseTextLog(readFileSync(new URL(name, FIXTURES), 'utf8')).btfLog ?? '';
  return [name, readBtfLog(log)] as const;
});

test('real logs of refused BTF are read with the type and the words of the kernel', () => {
  expect(Object.fromEntries(read)).toMatchSnapshot();
});

test.each(BTF_REFUSAL_KINDS)('either real logs of three kernels show refusals of kind %s, or the table says why none can', (kind) => {
  const { unseen }: BtfRefusalKind = BTF_REFUSALS[kind];
  const seen = new Set(read.flatMap(([name, refusal]) => (refusal?.kind === kind ? [/^\d+\.\d+/.exec(name)?.[0]] : [])));
  expect({ seen: seen.size, isReason: unseen?.endsWith('.') ?? false }).toEqual({
    seen: unseen === undefined ? 3 : 0,
    isReason: unseen !== undefined,
  });
});

test('a log without words of refusal at its end gives no reason', () => {
  expect(['', '\n \n', 'magic: 0xeb9f\n', '[1] INT int size=4\n', 'Invalid name\n[2] INT later size=4\n'].map(readBtfLog)).toEqual(
    Array.from({ length: 5 }, () => null),
  );
});

test('any text is read as a log about BTF', () => {
  const words = fc.constantFrom('[1] ', 'STRUCT ', '\t', '\n', 'Invalid name', 'a type_id=1 ', 'Invalid member', '(anon) ');
  const text = fc.array(fc.oneof(words, fc.string({ unit: 'binary' })), { maxLength: 100 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (log) => {
      const found = readBtfLog(log);
      expect(found === null || (found.text !== '' && !found.text.includes('\n') && found.text.length <= 300)).toBe(true);
    }),
    { numRuns: fuzzRuns(100) },
  );
});
