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
});

it('a list of examples has the first form of each source', () => {
  const first = SOURCES.map(({ forms: [form] }) => form.selector);
  expect(firstForms().split(/, | or /)).toEqual(first);
});

it('forms in two columns show what a shell must have quoted', () => {
  const forms = [
    { selector: 'debian:all', meaning: 'the newest of every series' },
    { selector: 'debian:>=5.10,<=6.12', meaning: 'a range' },
  ];
  expect(formLines(forms)).toEqual(['debian:all              the newest of every series', '"debian:>=5.10,<=6.12"  a range']);
});

it('a text without a known source is refused with what was most likely meant', () => {
  const texts = ['6.12', 'all', 'v6.12.1', 'vmlinuz', './bzImage', 'k.deb', 'debain:6.12', 'fiel:bzImage'];
  expect(texts.map(problem)).toMatchInlineSnapshot(`
    [
      "UserError: '6.12' is not a kernel selector; did you mean debian:6.12? (all forms: corematrix kernels --help)",
      "UserError: 'all' is not a kernel selector; did you mean debian:all? (all forms: corematrix kernels --help)",
      "UserError: 'v6.12.1' is not a kernel selector; did you mean debian:v6.12.1? (all forms: corematrix kernels --help)",
      "UserError: 'vmlinuz' is not a kernel selector; did you mean file:vmlinuz? (all forms: corematrix kernels --help)",
      "UserError: './bzImage' is not a kernel selector; did you mean file:./bzImage? (all forms: corematrix kernels --help)",
      "UserError: 'k.deb' is not a kernel selector; did you mean deb:k.deb? (all forms: corematrix kernels --help)",
      "UserError: 'debain:6.12' is not a kernel selector; did you mean debian:6.12? (all forms: corematrix kernels --help)",
      "UserError: 'fiel:bzImage' is not a kernel selector; did you mean file:bzImage? (all forms: corematrix kernels --help)",
    ]
  `);
  const expected = `expected for example ${firstForms()} (all forms: corematrix kernels --help)`;
  for (const text of ['nonsense', 'gentoo:6.12', ''])
    expect(problem(text)).toBe(`UserError: '${text}' is not a kernel selector; ${expected}`);
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
