// Tests of addresses: the cell, comparison or relocation that they lead to.
import { expect, it } from 'vitest';
import { parseAddress } from '../../../../reports/html/client/places.ts';
import type { PageData } from '../../../../reports/html/shared/page-data.ts';

const PAGE: PageData = {
  kernels: ['old', 'new'].map((anchor) => ({ anchor, name: anchor, facts: '' })),
  objects: ['task', 'task+aya-0.14'].map((anchor, at) => ({
    id: anchor,
    anchor,
    programs: ['enter', 'leave'].map((name) => ({ name, anchor: name })),
    others: [1 - at],
  })),
  packed: [],
  types: [],
};

it.each([
  ['c/new/task', { view: 'cell', place: { kernel: 1, object: 0 } }],
  ['c/old/task/log/verifier/enter/L12', { view: 'cell', place: { kernel: 0, object: 0 } }],
  ['compare/old/new/task', { view: 'comparison', place: { left: 0, right: 1, object: 0, rightObject: 0, program: null } }],
  ['compare/new/new/task/leave', { view: 'comparison', place: { left: 1, right: 1, object: 0, rightObject: 0, program: 1 } }],
  ['compare/new/new/task=task+aya-0.14/enter', { view: 'comparison', place: { left: 1, right: 1, object: 0, rightObject: 1, program: 0 } }],
  ['relo/task/7/new/old', { view: 'relocation', place: { object: 0, ref: 7, left: 1, right: 0 } }],
])('the address %s leads to a view', (address, destination) => {
  expect(parseAddress(address, PAGE)).toEqual(destination);
});

it.each([
  '',
  'matrix',
  'c/new',
  'c/newer/task',
  'compare/old/new',
  'compare/old/new/task/other',
  'compare/old/new/task/',
  'compare/old/new/task=other',
  'relo/task/x/new/old',
  'relo/task/7/new',
])('the address "%s" leads to no view', (address) => {
  expect(parseAddress(address, PAGE)).toBeNull();
});
