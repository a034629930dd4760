// Tests of following members from one layout to the next.
import { describe, expect, it } from 'vitest';
import type { LayoutEntry, TypeLayout } from '../../../../harness/results/layouts/layout.ts';
import { lineagesOf } from '../../../../harness/results/layouts/lineage.ts';

/** A layout of members `name:type` at every eighth byte, and of a struct `inner` at byte 100. */
function layout(members: string, inner = '', kind: TypeLayout['kind'] = 'struct'): TypeLayout {
  const entries = (text: string, start: number) =>
    text
      .split(' ')
      .filter((each) => each !== '')
      .map((each, index): LayoutEntry => {
        const [name = '', type = ''] = each.split(':');
        return { name, bitOffset: kind === 'enum' ? null : (start + index * 8) * 8, bitSize: 0, size: 8, type };
      });
  return { kind, text: 'struct it', size: 64, entries: entries(members, 0), inner: entries(inner, 100), others: 0 };
}

/** One line for each member: its name in each layout, and its changes. */
const lineageText = (...layouts: (TypeLayout | null)[]) =>
  lineagesOf(layouts).map(({ entries, changes }) => {
    return `${entries.map((entry) => entry?.name ?? '-').join(' | ')}: ${changes
      .slice(1)
      .map((each) => each.join('+') || '=')
      .join(' | ')}`;
  });

describe('members', () => {
  it('members with the same name in two layouts are the same member', () => {
    expect(lineageText(layout('a:int b:int'), layout('b:long a:int'), layout('b:long'))).toMatchInlineSnapshot(`
      [
        "a | a | -: offset | removed",
        "b | b | b: type+offset | =",
      ]
    `);
  });

  it('a member is recognised under a name with other underscores, of any type', () => {
    expect(lineageText(layout('a:int state:long'), layout('a:int __state:u32'))).toMatchInlineSnapshot(`
      [
        "a | a: =",
        "state | __state: renamed+type",
      ]
    `);
  });

  it('a member is recognised between the same neighbours or in the same place if the names are similar', () => {
    expect(lineageText(layout('a:int mmap_sem:rwsem b:int'), layout('x:int a:int mmap_lock:rwsem b:int'))).toMatchInlineSnapshot(`
      [
        "- | x: added",
        "a | a: offset",
        "mmap_sem | mmap_lock: renamed+offset",
        "b | b: offset",
      ]
    `);
    expect(lineageText(layout('a:int count:rwsem b:int'), layout('x:int a:int lock:rwsem b:int'))).toMatchInlineSnapshot(`
      [
        "- | x: added",
        "a | a: offset",
        "- | lock: added",
        "count | -: removed",
        "b | b: offset",
      ]
    `);
    expect(lineageText(layout('a:int count:rwsem b:int'), layout('a:int lock:rwsem b:int'))).toMatchInlineSnapshot(`
      [
        "a | a: =",
        "count | lock: renamed",
        "b | b: =",
      ]
    `);
  });

  it('a member that moved into another member is found there, and only there', () => {
    expect(lineageText(layout('info:s cpu:int', 'info.flags:int'), layout('info:s', 'info.flags:int info.cpu:int'))).toMatchInlineSnapshot(`
      [
        "info | info: =",
        "cpu | info.cpu: moved+offset",
      ]
    `);
    expect(lineageText(layout('info:s', 'info.flags:int info.cpu:int'), layout('info:s cpu:int', 'info.flags:int'))).toMatchInlineSnapshot(`
      [
        "info | info: =",
        "info.cpu | cpu: moved+offset",
      ]
    `);
    expect(lineageText(layout('info:s cpu:int'), layout('info:s', 'info.cpu:int other.cpu:int'))).toMatchInlineSnapshot(`
      [
        "info | info: =",
        "cpu | info.cpu: moved+offset",
      ]
    `);
  });

  it('a split member is found in its parts, and a removed member when it comes back', () => {
    expect(lineageText(layout('i_ctime:ts'), layout('__i_ctime:ts'), layout('i_ctime_sec:s64 i_ctime_nsec:u32'))).toMatchInlineSnapshot(`
      [
        "i_ctime | __i_ctime | i_ctime_sec: renamed | split+type",
        "- | - | i_ctime_nsec: = | added",
      ]
    `);
    expect(lineageText(layout('a:int b:int'), layout('a:int'), layout('a:int b:int'))).toMatchInlineSnapshot(`
      [
        "a | a | a: = | =",
        "b | - | b: removed | added",
      ]
    `);
  });

  it('enumerators are followed by name and value', () => {
    const [old, young] = [layout('A_ONE:1 A_TWO:2', '', 'enum'), layout('A_ONE:2 A_TWO_OLD:2 A_NEW:3', '', 'enum')];
    expect(lineageText(old, young)).toMatchInlineSnapshot(`
      [
        "A_ONE | A_ONE: type",
        "A_TWO | A_TWO_OLD: renamed",
        "- | A_NEW: added",
      ]
    `);
  });

  it('all members are removed on a kernel without the type', () => {
    expect(lineageText(layout('a:int'), null, layout('b:int'))).toMatchInlineSnapshot(`
      [
        "- | - | b: = | added",
        "a | - | -: removed | =",
      ]
    `);
    expect(lineageText()).toEqual([]);
  });
});
