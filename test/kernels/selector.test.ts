// Tests of selectors, and of their forms in help and README.md.
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

it('every selector form in help texts and the default selector are valid for their source', () => {
  for (const { name, forms } of SOURCES)
    expect(forms.map(({ selector }) => parseSelector(selector).source.name)).toEqual(forms.map(() => name));
  expect(problem(DEFAULT_SELECTOR)).toBe('debian: no problem');
});

it('the list of example selectors has the first form of each source', () => {
  const first = SOURCES.map(({ forms: [form] }) => form.selector);
  expect(firstForms().split(/, | or /)).toEqual(first);
});

it('the selector forms in two columns are quoted where a shell requires it', () => {
  const forms = [
    { selector: 'debian:all', meaning: 'the newest of every series' },
    { selector: 'debian:>=5.10,<=6.12', meaning: 'a range' },
  ];
  expect(formLines(forms)).toEqual(['debian:all              the newest of every series', '"debian:>=5.10,<=6.12"  a range']);
});

it('a selector without a known source is refused with a suggestion', () => {
  const texts = ['6.12', 'all', 'v6.12.1', 'vmlinuz', './bzImage', './kernels/', 'k.deb', 'k.rpm', 'debain:6.12', 'fiel:bzImage'];
  expect(texts.map(problem)).toMatchInlineSnapshot(`
    [
      "UserError: '6.12' is not a kernel selector; did you mean debian:6.12? (all forms: corematrix kernels --help)",
      "UserError: 'all' is not a kernel selector; did you mean debian:all? (all forms: corematrix kernels --help)",
      "UserError: 'v6.12.1' is not a kernel selector; did you mean debian:v6.12.1? (all forms: corematrix kernels --help)",
      "UserError: 'vmlinuz' is not a kernel selector; did you mean file:vmlinuz? (all forms: corematrix kernels --help)",
      "UserError: './bzImage' is not a kernel selector; did you mean file:./bzImage? (all forms: corematrix kernels --help)",
      "UserError: './kernels/' is not a kernel selector; did you mean dir:./kernels/? (all forms: corematrix kernels --help)",
      "UserError: 'k.deb' is not a kernel selector; did you mean deb:k.deb? (all forms: corematrix kernels --help)",
      "UserError: 'k.rpm' is not a kernel selector; did you mean rpm:k.rpm? (all forms: corematrix kernels --help)",
      "UserError: 'debain:6.12' is not a kernel selector; did you mean debian:6.12? (all forms: corematrix kernels --help)",
      "UserError: 'fiel:bzImage' is not a kernel selector; did you mean file:bzImage? (all forms: corematrix kernels --help)",
    ]
  `);
  const expected = `expected for example ${firstForms()} (all forms: corematrix kernels --help)`;
  for (const text of ['nonsense', 'gentoo:6.12', ''])
    expect(problem(text)).toBe(`UserError: '${text}' is not a kernel selector; ${expected}`);
});

it('the path in a selector can be rebased; versions and invalid selectors stay unchanged', () => {
  const rebased = ['file:a', 'deb:b/c.deb', 'debian:6.12', 'file:', 'nonsense', 'btf:x'].map((text) =>
    withPath(text, (path) => `up/${path}`),
  );
  expect(rebased).toEqual(['file:up/a', 'deb:up/b/c.deb', 'debian:6.12', 'file:', 'nonsense', 'btf:x']);
});

it('the selector for one of many kernels has its version and keeps architecture and flavour', () => {
  const again = (selector: string) => selectorOfKernel({ selector, version: '6.12.9' });
  expect(['debian:all', 'debian:>=6.1/rt/arm64', 'file:bzImage', 'unknown:x'].map(again)).toEqual([
    'debian:6.12.9',
    'debian:6.12.9/rt/arm64',
    'file:bzImage',
    'unknown:x',
  ]);
});

it('README.md has a table of all selector forms', async () => {
  const readme = await readFile('README.md', 'utf8');
  const rows = selectorForms().map(({ selector, meaning }) => `| \`${selector}\` | ${meaning} |`);
  expect(readme).toContain(['| selector | kernel |', '| --- | --- |', ...rows].join('\n'));
});

it('every selector in a command of README.md and docs is valid', async () => {
  const names = await readdir('docs', { recursive: true });
  const pages = ['README.md', ...names.filter((name) => /\.(md|yml)$/.test(name)).map((name) => `docs/${name}`)];
  const texts = await Promise.all(pages.map(async (page) => readFile(page, 'utf8')));
  const selectors = texts.flatMap((text) => [...text.matchAll(/ -k '?([^\s'`]+)/g)].map(([, selector = '']) => selector));
  expect(selectors.length).toBeGreaterThan(2);
  const own = selectors.filter((selector) => selector !== 'cached' && !selector.startsWith('btf:'));
  expect(own.filter((selector) => problem(selector).includes('Error'))).toEqual([]);
});
