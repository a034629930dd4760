// Tests of the generated pages in docs/: the committed files are the expected text.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FAILURE_CLASSES } from '../../../harness/base/failures.ts';
import { differingFiles } from '../../../harness/base/generated.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { plainText } from '../../../harness/docs/markdown.ts';
import { PAGES } from '../../../harness/docs/pages.ts';

it.each(PAGES)('the page $path equals the text that "npm run docs" writes', async ({ path, render }) => {
  expect(await readFile(join(PACKAGE_ROOT, path), 'utf8')).toBe(await render());
});

it('generated files that differ or are missing are named', async () => {
  const root = await mkdtemp(join(tmpdir(), 'corematrix-docs-'));
  try {
    await mkdir(join(root, 'docs'));
    await writeFile(join(root, 'docs/same.md'), '# Same\n');
    await writeFile(join(root, 'docs/old.md'), '# Old\n');
    const files = ['same', 'old', 'new'].map((name) => ({
      path: `docs/${name}.md`,
      render: () => `# ${name === 'same' ? 'Same' : 'New'}\n`,
    }));
    expect(await differingFiles(root, files)).toEqual([
      { path: 'docs/old.md', text: '# New\n', missing: false },
      { path: 'docs/new.md', text: '# New\n', missing: true },
    ]);
  } finally {
    await rm(root, { recursive: true });
  }
});

it('docs/failures.md has a heading for every failure class, to which its table and SARIF link', async () => {
  const text = await readFile(join(PACKAGE_ROOT, 'docs/failures.md'), 'utf8');
  expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(FAILURE_CLASSES);
  expect([...text.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor)).toEqual(FAILURE_CLASSES);
});

it.each([
  ['declare it __weak (SEC("?..."))', 'declare it `__weak` (SEC("?..."))'],
  ['after libbpf_probe_bpf_helper(), or --timeout', 'after `libbpf_probe_bpf_helper()`, or `--timeout`'],
  ['a * b, <c>, [d], e|f, `g`', String.raw`a \* b, \<c\>, \[d\], e\|f, \`g\``],
])('the plain text %j is written as %j in Markdown', (text, markdown) => {
  expect(plainText(text)).toBe(markdown);
});
