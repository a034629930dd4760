// Tests of the filter language.
import { describe, expect, it } from 'vitest';
import { parseFilter, wantsKernel, wantsRow } from '../../../../reports/html/client/filter.ts';

describe('a query', () => {
  it.each([
    ['', []],
    ['  ', []],
    ['Mem', [{ not: false, key: '', text: 'mem' }]],
    ['!s:fail', [{ not: true, key: 's', text: 'fail' }]],
    [
      'p:"a b" "c d"',
      [
        { not: false, key: 'p', text: 'a b' },
        { not: false, key: '', text: 'c d' },
      ],
    ],
    [
      'class:core k:5.10 o:x',
      [
        { not: false, key: 'class', text: 'core' },
        { not: false, key: 'k', text: '5.10' },
        { not: false, key: 'o', text: 'x' },
      ],
    ],
    ['bpf:x', [{ not: false, key: '', text: 'bpf:x' }]],
    [
      's: ! "" !""',
      [
        { not: false, key: '', text: 's:' },
        { not: false, key: '', text: '!' },
      ],
    ],
    ['"not closed', [{ not: false, key: '', text: 'not closed' }]],
    ['a::b', [{ not: false, key: '', text: 'a::b' }]],
  ])('the query %j is split into its words', (query, terms) => {
    expect(parseFilter(query)).toEqual(terms);
  });
});

describe('a row', () => {
  const row = {
    object: 'task_state',
    program: 'new_name',
    type: 'tracing',
    loader: 'cilium@0.22',
    marks: ['flaky'],
    statuses: ['xfail', 'pass'],
    classes: ['core-field-missing', ''],
    texts: ['◌ xfail new_name on debian-5.10: xfail — no such field', '● pass'],
  };

  it.each([
    ['', true],
    ['task', true],
    ['task nothing', false],
    ['task new', true],
    ['!task', false],
    ['"no such field"', true],
    ['!"no such field"', false],
    ['s:pass', true],
    ['s:fail', false],
    ['!s:fail', true],
    ['s:fail s:xfail', true],
    ['s:fail s:infra', false],
    ['s:xfail !s:pass', false],
    ['class:core', true],
    ['class:core-type', false],
    ['o:state p:name', true],
    ['o:name', false],
    ['p:state p:name', true],
    ['o:state s:fail', false],
    ['k:nothing arch:nothing', true],
    ['type:trac', true],
    ['!type:trac', false],
    ['loader:cilium', true],
    ['loader:cilium@0.17', false],
    ['!loader:libbpf', true],
    ['is:flaky', true],
    ['is:flak', false],
    ['is:mispredicted', false],
    ['is:different', true],
  ])('the query %j finds the row: %s', (query, found) => {
    expect(wantsRow(parseFilter(query), row)).toBe(found);
  });
});

describe('a kernel', () => {
  it.each([
    ['', true],
    ['s:fail', true],
    ['k:5.10', true],
    ['k:ARM64', false],
    ['arch:X86', true],
    ['arch:arm64 k:5.10', false],
    ['arch:x86 k:6.12', false],
    ['k:6.1 k:5.1', true],
    ['!k:debian', false],
    ['k:5.10 !k:cloud', false],
  ])('the query %j shows the kernel: %s', (query, shown) => {
    expect(wantsKernel(parseFilter(query), '5.10.262 5.10.0-46-cloud-amd64; x86_64; debian')).toBe(shown);
  });
});
