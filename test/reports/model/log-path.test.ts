import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileName } from '../../../reports/model/file-name.ts';
import { logPath } from '../../../reports/model/log-path.ts';

/** Short names of a few characters, which are often nearly equal, and arbitrary texts. */
const name = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'A', 'b', '.', '_', '-', '@', '/', '~', '1'), maxLength: 5 }),
  fc.constantFrom(
    'a.bpf.o',
    'a.old_name.bpf.o',
    'old_name',
    'verifier',
    'libbpf',
    '..',
    '',
    'K'.repeat(300),
    'k'.repeat(300),
    'İ',
    'ı',
    'K',
  ),
  fc.string({ unit: 'binary', maxLength: 300 }),
);
const place = fc.record({
  kernel: name,
  object: name,
  program: fc.option(name),
  kind: fc.constantFrom('libbpf', 'verifier', 'stdout'),
});

describe('the path of a log', () => {
  it('two different logs never have the same path, also on file systems that ignore case', () => {
    fc.assert(
      fc.property(place, place, (a, b) => {
        fc.pre(JSON.stringify(a) !== JSON.stringify(b));
        expect(logPath(a).toLowerCase()).not.toBe(logPath(b).toLowerCase());
      }),
      { numRuns: 5000 },
    );
  });

  it('a log of a program and a log of an object with a similar name have different paths', () => {
    const [kernel, kind] = ['debian-6.12', 'verifier'];
    expect([
      logPath({ kernel, kind, object: 'a.bpf.o', program: 'old_name' }),
      logPath({ kernel, kind, object: 'a.old_name.bpf.o', program: null }),
      logPath({ kernel, kind, object: 'a', program: 'old_name' }),
      logPath({ kernel, kind, object: 'a.old_name', program: null }),
    ]).toEqual([
      'logs/debian-6.12/a.bpf.o/old_name.verifier.log',
      'logs/debian-6.12/a.old_name.bpf.o/verifier.log',
      'logs/debian-6.12/a/old_name.verifier.log',
      'logs/debian-6.12/a.old_name/verifier.log',
    ]);
  });

  it('every part of the path of a log is a valid file name', () => {
    fc.assert(
      fc.property(place, (one) => {
        for (const part of logPath(one).split('/')) {
          expect(part).toMatch(/^[\w+~@][\w.+~@-]*$/);
          expect(Buffer.byteLength(part)).toBeLessThan(255);
        }
      }),
    );
  });
});

describe('a foreign name as a file name', () => {
  it.each([
    ['debian-6.12.117+deb13-cloud-amd64', 'debian-6.12.117+deb13-cloud-amd64'],
    ['TaskState', 'TaskState@110'],
    ['..', '_@sha-c7d10ceafb0974092160e3ed2f2c029a'],
    ['', '_@sha-e3b0c44298fc1c149afbf4c8996fb924'],
    ['a/b', 'a_b@sha-6df7cee2'],
    ['-rf', '_rf@sha-f876c254'],
    ['.hidden', '_hidden@sha-18eae0b5'],
  ])('an untrusted name becomes a file name: %j', (text, expected) => {
    expect(fileName(text).slice(0, expected.length)).toBe(expected);
  });
});
