// Tests of foreign text in output: all of it stays readable, and none of it acts on a terminal, a page or a CI system.
import { describe, expect, it } from 'vitest';
import { shortened, visible, visibleText } from '../../../harness/base/visible.ts';

describe('text made visible', () => {
  it.each([
    ['plain text: a[0] -> b::c, ünïcödé 内核 🐝', 'plain text: a[0] -> b::c, ünïcödé 内核 🐝'],
    ['two\r\nlines\tand\0', String.raw`two\x0d\x0alines\x09and\x00`],
    ['\u001b[31mred\u001b]0;title\u0007\u009b2J\u007f', String.raw`\x1b[31mred\x1b]0;title\x07\x9b2J\x7f`],
    ['\u2028\u2029\u202eturned\u2066\u200b\u00ad\ufeff\u061c', String.raw`\u2028\u2029\u202eturned\u2066\u200b\xad\ufeff\u061c`],
    ['\ud800 \udc00 \ufffe\uffff \u{e0041}', String.raw`\ud800 \udc00 \ufffe\uffff \u{e0041}`],
    ['::error::x', String.raw`\x3a:error::x`],
    ['  ::set-output name=a::b', String.raw`  \x3a:set-output name=a::b`],
    ['a ##[error]x ##vso[task.complete] ##teamcity[x', String.raw`a \x23#[error]x \x23#vso[task.complete] \x23#teamcity[x`],
  ])('the text %j is made visible without effect', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it('visible text keeps newlines and tabs if it may have several lines', () => {
    expect(visibleText('a\n\tb\r\n\u001b[1mc\u202e')).toBe('a\n\tb\\x0d\n\\x1b[1mc\\u202e');
  });
});

describe('shortened text', () => {
  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['🐝🐝🐝', 2, '🐝…'],
    ['abc', 0, '…'],
    ['', 0, ''],
  ])('the text %j is shortened to %i columns', (text, width, expected) => {
    expect(shortened(text, width)).toBe(expected);
  });
});
