// Tests of the tables in docs/library.md.
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { RunEvent } from '../../harness/library/index.ts';

/** Every kind of an event. A new kind breaks the type check until it is in this table and, by the test, on the page. */
const KINDS = {
  note: true,
  planned: true,
  download: true,
  accel: true,
  'kernel-ready': true,
  'kernel-failed': true,
  'cell-started': true,
  printed: true,
  'cell-finished': true,
  interrupted: true,
} as const satisfies Record<RunEvent['kind'], true>;

it('docs/library.md lists every kind of event, and no other', async () => {
  const text = await readFile(new URL('../../docs/library.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('| `kind` | when |')).split('\n\n')[0] ?? '';
  const rows = table.split('\n').slice(2);
  expect(rows.map((row) => /^\| `([a-z-]+)` \|/.exec(row)?.[1])).toEqual(Object.keys(KINDS));
});
