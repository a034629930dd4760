// Tests that a collection of layouts has each layout once, and loses none.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import type { TypeLayout } from '../../../harness/results/layouts/layout.ts';
import { type KernelLayouts, layoutsByKernel, collectLayouts } from '../../../harness/results/collected-layouts.ts';
import { touchedTypes } from '../../../harness/explain/touched-types.ts';
import { sample } from '../run/real-run.ts';

const layout = (...members: [name: string, offset: number][]): TypeLayout => ({
  kind: 'struct',
  text: 'struct t',
  size: 8 * members.length,
  entries: members.map(([name, offset]) => ({ name, bitOffset: 8 * offset, bitSize: 0, size: 8, type: 'long int' })),
  inner: [],
  others: 0,
});

const kernel = (name: string, layouts: Record<string, TypeLayout | null>): KernelLayouts => ({
  kernel: name,
  layouts: new Map(Object.entries(layouts)),
});

const KERNELS = [
  kernel('old', { 'struct t': layout(['a', 0], ['b', 8]), 'struct u': null }),
  kernel('same', { 'struct t': layout(['a', 0], ['b', 8]), 'struct u': layout(['x', 0]) }),
  kernel('new', { 'struct t': layout(['a', 0], ['c', 8], ['b', 16]), 'struct u': layout(['x', 0]) }),
];

describe('collected layouts', () => {
  it('collected layouts have each layout once and each member once', () => {
    expect(collectLayouts(KERNELS)).toMatchInlineSnapshot(`
      {
        "omitted": [],
        "types": [
          {
            "layouts": [
              {
                "kernels": [
                  "old",
                  "same",
                ],
                "kind": "struct",
                "others": 0,
                "places": [
                  [
                    0,
                    0,
                  ],
                  [
                    1,
                    64,
                  ],
                ],
                "size": 16,
              },
              {
                "kernels": [
                  "new",
                ],
                "kind": "struct",
                "others": 0,
                "places": [
                  [
                    0,
                    0,
                  ],
                  [
                    2,
                    64,
                  ],
                  [
                    1,
                    128,
                  ],
                ],
                "size": 24,
              },
            ],
            "members": [
              {
                "bitSize": 0,
                "name": "a",
                "size": 8,
                "type": "long int",
              },
              {
                "bitSize": 0,
                "name": "b",
                "size": 8,
                "type": "long int",
              },
              {
                "bitSize": 0,
                "name": "c",
                "size": 8,
                "type": "long int",
              },
            ],
            "missing": [],
            "name": "struct t",
          },
          {
            "layouts": [
              {
                "kernels": [
                  "same",
                  "new",
                ],
                "kind": "struct",
                "others": 0,
                "places": [
                  [
                    0,
                    0,
                  ],
                ],
                "size": 8,
              },
            ],
            "members": [
              {
                "bitSize": 0,
                "name": "x",
                "size": 8,
                "type": "long int",
              },
            ],
            "missing": [
              "old",
            ],
            "name": "struct u",
          },
        ],
      }
    `);
  });

  it('collected layouts contain the layouts of each kernel', () => {
    const collection = collectLayouts(KERNELS);
    expect(collectLayouts(layoutsByKernel(collection))).toEqual(collection);
  });

  it('too many layouts are omitted, the largest first, and named', () => {
    const collected = (most: number) => {
      const { types, omitted: left } = collectLayouts(KERNELS, ['struct u'].slice(0, most === 9 ? 1 : 0), most);
      return [types.map(({ name }) => name), left];
    };
    expect([collected(6), collected(5), collected(0), collected(9)]).toEqual([
      [['struct t', 'struct u'], []],
      [['struct u'], ['struct t']],
      [[], ['struct t', 'struct u']],
      [['struct t'], ['struct u']],
    ]);
  });
});

describe('types that an object depends on', () => {
  it.each([
    ['task_state', ['struct task_struct']],
    ['inode_ctime', ['struct file', 'struct inode', 'struct timespec64']],
    ['rss_stat', ['struct task_struct', 'struct mm_struct', 'struct mm_rss_stat', 'struct percpu_counter']],
    ['new_helpers', ['enum bpf_func_id', 'struct task_struct']],
    ['netfilter_hook', []],
  ])('the object %s depends on the kernel types of its relocations', async (name, types) => {
    const path = sample(name);
    expect(touchedTypes(readBpfObject(await readFile(path), path))).toEqual(types);
  });
});
