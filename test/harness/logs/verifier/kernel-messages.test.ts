// Compares the table of the verifier's messages with the messages in the code of real kernels.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { KERNEL_FILES } from '../../../../kernels/image/facts.ts';
import { causeOf } from '../../../../harness/logs/verifier/causes.ts';
import { readVerifierLine } from '../../../../harness/logs/verifier/lines.ts';
import { REJECTION_KINDS, REJECTIONS } from '../../../../harness/logs/verifier/rejections.ts';
import { fourSelectors, pulledBtf } from '../../../kernels/pulled.ts';
import { sampleMessage, verifierFormats } from './kernel-messages.ts';

/** Lines that belong to other logs, and ends of lines whose start the verifier prints before. */
const NO_MESSAGE = [
  /^(?:magic|version|flags|hdr_len|type_off|type_len|str_off|str_len|layout_off|layout_len|btf_total_size): /,
  /^(?:btf_id:)?\t/,
  /^(?: or |expected=)/,
  /^prog '[^']*': relo #\d+: R1(?: candidate #\d+ R1)?$/,
  /^R1$/,
] as const;

const formats = new Map<string, Set<string>>();
beforeAll(async () => {
  for (const selector of await fourSelectors()) {
    const { path } = await pulledBtf(selector);
    formats.set(selector, verifierFormats(await readFile(join(dirname(path), KERNEL_FILES.vmlinux))));
  }
});

/** Whole lines that the verifier of some kernel can print. */
function lines(): string[] {
  const whole = new Set([...formats.values()].flatMap((each) => [...each]).filter((format) => format.endsWith('\n')));
  return [...whole].flatMap((format) => sampleMessage(format).split('\n')).filter((line) => line.trim() !== '');
}

test('the code of each kernel shows several hundred messages of the verifier', () => {
  for (const each of formats.values()) expect(each.size).toBeGreaterThan(350);
});

test('every message of the verifiers of four kernels is known, either as a failure or as progress', () => {
  const stranger = lines().filter((line) => {
    const read = readVerifierLine(line);
    return read.type === 'message' && causeOf(read.text) === null && !NO_MESSAGE.some((pattern) => pattern.test(line));
  });
  // The second line of a message whose first line is known.
  expect(stranger).toEqual(['use static function instead', 'use static function instead']);
});

test('no message of progress counts as a failure', () => {
  const both = lines().filter((line) => {
    const { type } = readVerifierLine(line);
    return (type === 'noise' || type === 'stats') && causeOf(line) !== null;
  });
  expect(both).toEqual([]);
});

test.each(REJECTION_KINDS)('every pattern for messages of kind %s occurs in a kernel', (kind) => {
  const samples = [...formats.values()].flatMap((each) => [...each]).map((format) => sampleMessage(format).trim());
  const unused = REJECTIONS[kind].patterns.filter((pattern: RegExp) => !samples.some((sample) => pattern.test(sample)));
  expect(unused).toEqual([]);
});
