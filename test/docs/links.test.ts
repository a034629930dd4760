// Tests that every link between the pages of this repository leads to a file, and that ARCHITECTURE.md has the same ladder as the check.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';

const LINK = /\]\((?<target>[^)\s]+)\)/g;
/** A path in backquotes that ends in a file name, as test/README.md names the proof of each row. */
const QUOTED = /`(?<path>[\w./-]+\.test\.ts)`/g;

async function pages(): Promise<string[]> {
  const { stdout } = await execa('git', ['ls-files', '-co', '--exclude-standard', '*.md'], { cwd: PACKAGE_ROOT });
  return stdout.split('\n').filter((path) => existsSync(join(PACKAGE_ROOT, path)) && !path.startsWith('test/reports/'));
}

/** The anchors that a forge makes from the headings of a page, and the anchors in the page itself. */
function anchorsOf(text: string): Set<string> {
  const headings = text.match(/^#+ .*$/gm) ?? [];
  const own = [...text.matchAll(/<a id="(?<id>[^"]+)">/g)].map(({ groups }) => groups?.['id'] ?? '');
  const slug = (heading: string) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  return new Set([...headings.map(slug), ...own]);
}

function brokenLinks(page: string): string[] {
  const text = readFileSync(join(PACKAGE_ROOT, page), 'utf8');
  const targets = [...text.matchAll(LINK)].map(({ groups }) => groups?.['target'] ?? '');
  const broken = targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    if (!existsSync(join(PACKAGE_ROOT, file))) return true;
    return anchor !== undefined && file.endsWith('.md') && !anchorsOf(readFileSync(join(PACKAGE_ROOT, file), 'utf8')).has(anchor);
  });
  const quoted = [...text.matchAll(QUOTED)].map(({ groups }) => groups?.['path'] ?? '');
  const places = ['test', '.', dirname(page)];
  const missing = quoted.filter((path) => !places.some((place) => existsSync(join(PACKAGE_ROOT, place, path))));
  return [...broken, ...missing].map((target) => `${page}: ${target}`);
}

test('every relative link, anchor and test file named in a page exists', async () => {
  const found = await pages();
  expect(found).toContain('README.md');
  expect(found.flatMap(brokenLinks)).toEqual([]);
});

test('the ladder in ARCHITECTURE.md has the rooms of the check, from the top down', () => {
  const [, rooms = ''] = /ROOMS = \[([^\]]*)\]/.exec(readFileSync(join(PACKAGE_ROOT, '.ci/rooms.mjs'), 'utf8')) ?? [];
  const [, ladder = ''] =
    /## The ladder[^`]*`[^`]*`[^`]*`[^`]*`[^`]*```\n([^`]*)```/.exec(readFileSync(join(PACKAGE_ROOT, 'ARCHITECTURE.md'), 'utf8')) ?? [];
  const checked = [...rooms.matchAll(/'([^']+)'/g)].map(([, room]) => room);
  expect(checked.length).toBeGreaterThan(15);
  expect(
    ladder
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  ).toEqual(checked.toReversed());
});
