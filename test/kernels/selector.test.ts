// Selectors as they are typed, and what help and README say of them.
import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { DEFAULT_SELECTOR, SOURCES } from '../../kernels/registry.ts';
import { parseSelector, selectorOfKernel, withPath } from '../../kernels/selector.ts';
import { firstForms, formLines, selectorForms } from '../../kernels/selector-help.ts';

const problem = (text: string) => {
  try {
    return `${parseSelector(text).source.name}: no problem`;
  } catch (error) {
    return String(error);
  }
};

it('every form in help texts is a selector of its own source, as is the default', () => {
  for (const { name, forms } of SOURCES)
    expect(forms.map(({ selector }) => parseSelector(selector).source.name)).toEqual(forms.map(() => name));
  expect(problem(DEFAULT_SELECTOR)).toBe('debian: no problem');
  expect(firstForms()).toBe('debian:6.12, deb:PATH or file:PATH');
});

it('the forms in two columns show what a shell must have quoted', () => {
  expect(formLines(selectorForms())).toMatchInlineSnapshot(`
    [
      "debian:6.12             the newest of a series in any suite of the mirror",
      "debian:6.12.107         one version",
      ""debian:>=5.10,<=6.12"  the newest of every series in a range",
      "debian:all              the newest of every series",
      "debian:6.12/rt          another flavour: cloud (the default), generic or rt",
      "debian:6.12/arm64       another architecture: amd64 (the default) or arm64",
      "deb:PATH                a Debian kernel package of your own",
      "file:PATH               a bzImage, vmlinux or Image of your own",
    ]
  `);
});

it('a text without a known source is refused with what was most likely meant', () => {
  const texts = ['6.12', 'all', 'v6.12.1', 'vmlinuz', './bzImage', 'k.deb', 'debain:6.12', 'fiel:bzImage', 'nonsense', 'gentoo:6.12', ''];
  expect(texts.map((text) => problem(text).replace(/ expected for example .*/, ''))).toMatchInlineSnapshot(`
    [
      "UserError: '6.12' is not a kernel selector; did you mean debian:6.12?",
      "UserError: 'all' is not a kernel selector; did you mean debian:all?",
      "UserError: 'v6.12.1' is not a kernel selector; did you mean debian:v6.12.1?",
      "UserError: 'vmlinuz' is not a kernel selector; did you mean file:vmlinuz?",
      "UserError: './bzImage' is not a kernel selector; did you mean file:./bzImage?",
      "UserError: 'k.deb' is not a kernel selector; did you mean deb:k.deb?",
      "UserError: 'debain:6.12' is not a kernel selector; did you mean debian:6.12?",
      "UserError: 'fiel:bzImage' is not a kernel selector; did you mean file:bzImage?",
      "UserError: 'nonsense' is not a kernel selector;",
      "UserError: 'gentoo:6.12' is not a kernel selector;",
      "UserError: '' is not a kernel selector;",
    ]
  `);
  expect(problem('nonsense')).toMatchInlineSnapshot(
    `"UserError: 'nonsense' is not a kernel selector; expected for example debian:6.12, deb:PATH or file:PATH (all forms: corematrix kernels --help)"`,
  );
});

it('paths of selectors can be rebased; versions and texts that are no selectors stay', () => {
  const rebased = ['file:a', 'deb:b/c.deb', 'debian:6.12', 'file:', 'nonsense', 'btf:x'].map((text) =>
    withPath(text, (path) => `up/${path}`),
  );
  expect(rebased).toEqual(['file:up/a', 'deb:up/b/c.deb', 'debian:6.12', 'file:', 'nonsense', 'btf:x']);
});

it('one kernel of many is selected again by its version, with the same architecture and flavour', () => {
  const again = (selector: string) => selectorOfKernel({ selector, version: '6.12.9' });
  expect(['debian:all', 'debian:>=6.1/rt/arm64', 'file:bzImage', 'unknown:x'].map(again)).toEqual([
    'debian:6.12.9',
    'debian:6.12.9/rt/arm64',
    'file:bzImage',
    'unknown:x',
  ]);
});

it('README.md has a table of all forms', async () => {
  const readme = await readFile('README.md', 'utf8');
  const rows = selectorForms().map(({ selector, meaning }) => `| \`${selector}\` | ${meaning} |`);
  expect(readme).toContain(['| selector | kernel |', '| --- | --- |', ...rows].join('\n'));
});

it('every selector of a command in README.md and docs can be read', async () => {
  const names = await readdir('docs', { recursive: true });
  const pages = ['README.md', ...names.filter((name) => /\.(md|yml)$/.test(name)).map((name) => `docs/${name}`)];
  const texts = await Promise.all(pages.map(async (page) => readFile(page, 'utf8')));
  const selectors = texts.flatMap((text) => [...text.matchAll(/ -k '?([^\s'`]+)/g)].map(([, selector = '']) => selector));
  expect(selectors.length).toBeGreaterThan(2);
  const own = selectors.filter((selector) => selector !== 'cached' && !selector.startsWith('btf:'));
  expect(own.filter((selector) => problem(selector).includes('Error'))).toEqual([]);
});
