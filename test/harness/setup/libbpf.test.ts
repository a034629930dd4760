// Tests of the libbpf that the agent is linked with, and that it is built once.
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureLibbpf } from '../../../harness/setup/libbpf.ts';
import { atLeast, buildOf, chooseRelease, chooseSource, WANTED_LIBBPF } from '../../../harness/setup/libbpf-source.ts';
import { sha256Of } from '../../../harness/base/digest.ts';
import { cacheRoot } from '../../../harness/base/files.ts';

const choose = (...versions: string[]) => chooseSource(versions.map((version) => ({ version })))?.version ?? null;

describe('the source package', () => {
  it('the source package is the newest of the wanted release, even if newer releases exist', () => {
    expect(choose('1.9.0-1', '1.7.2-1', '1.7.0-1', '1.5.0-3')).toBe('1.7.2-1');
    expect(choose('1:1.7.0-1', '1:1.1.2-0+deb12u1')).toBe('1:1.7.0-1');
  });

  it('the source package is the newest of all if the mirror lost the wanted release', () => {
    expect(choose('2.0.0-1', '1.6.1-1', '1.1.2-1')).toBe('2.0.0-1');
    expect(choose('1.6.1-1', '1.1.2-1')).toBe('1.6.1-1');
    expect(choose('1.70.0-1', '1.6.1-1')).toBe('1.70.0-1');
  });

  it('no source package is chosen if all are too old or have invalid versions', () => {
    expect(choose('1.5.0-3', '0.8.1-1')).toBe(null);
    expect(choose('unknown', '')).toBe(null);
    expect(choose()).toBe(null);
  });

  it('the source package is chosen by comparing releases number by number', () => {
    expect([atLeast([1, 10], [1, 6]), atLeast([2, 0], [1, 6]), atLeast([1, 6], [1, 6]), atLeast([1, 5], [1, 6])]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });
});

describe('libbpf', () => {
  let cache = '';
  beforeEach(async () => {
    cache = await mkdtemp(join(tmpdir(), 'corematrix-libbpf-'));
  });
  afterEach(async () => rm(cache, { recursive: true }));

  async function choice(content: string): Promise<void> {
    const key = `${'a'.repeat(32)}-1`;
    await mkdir(join(cache, 'libbpf', key, 'lib'), { recursive: true });
    await writeFile(join(cache, 'libbpf', key, 'lib/libbpf.a'), '');
    await writeFile(join(cache, `libbpf/chosen-${WANTED_LIBBPF}-${buildOf()}.json`), content);
  }

  /** A closed port, so that every request to this mirror fails. */
  const unreachable = ['http://127.0.0.1:9/debian'];

  it('libbpf is built once, and a second set-up does and prints nothing', async () => {
    const notes: string[] = [];
    const onNote = (text: string) => notes.push(text);
    const first = await ensureLibbpf({ cache: cacheRoot(), onNote });
    notes.length = 0;
    expect(await ensureLibbpf({ cache: cacheRoot(), onNote })).toEqual(first);
    expect(notes).toEqual([]);
    await access(first.staticLib);
    const header = await readFile(join(first.includeDir, 'bpf/libbpf_version.h'), 'utf8');
    const number = (name: string) => new RegExp(`LIBBPF_${name}_VERSION (\\d+)`).exec(header)?.[1];
    expect(first.version).toMatch(new RegExp(`^${number('MAJOR')}\\.${number('MINOR')}(\\.|$)`));
    await access(join(first.includeDir, 'linux/bpf.h'));
  });

  it('libbpf of an earlier set-up is used without a request to a mirror', async () => {
    const key = `${'a'.repeat(32)}-1`;
    await choice(JSON.stringify({ version: '1.7.0', package: '1.7.0-1', key, trust: { kind: 'pinned' } }));
    const notes: string[] = [];
    const libbpf = await ensureLibbpf({ cache, mirrors: unreachable, onNote: (text) => notes.push(text) });
    expect([libbpf, notes]).toEqual([
      {
        version: '1.7.0',
        origin: 'Debian source package libbpf 1.7.0-1',
        includeDir: join(cache, 'libbpf', key, 'include'),
        staticLib: join(cache, 'libbpf', key, 'lib/libbpf.a'),
      },
      [],
    ]);
  });

  it.each([
    ['damaged', '{"version": "1.7'],
    ['of another shape', '[]'],
    ['pointing out of the cache', '{"version":"1.7.0","package":"1.7.0-1","key":"../../etc"}'],
    ['of a build that no longer exists', '{"version":"1.7.0","package":"1.7.0-1","key":"bbbb-1","trust":{"kind":"pinned"}}'],
    ['without a record of trust', `{"version":"1.7.0","package":"1.7.0-1","key":"${'a'.repeat(32)}-1"}`],
    [
      'of a mirror that only another run trusted',
      `{"version":"1.7.0","package":"1.7.0-1","key":"${'a'.repeat(32)}-1","trust":{"kind":"accepted","mirror":"http://127.0.0.1:9/debian","reason":"it is not signed"}}`,
    ],
    [
      'of a mirror with a key that only another run trusted',
      `{"version":"1.7.0","package":"1.7.0-1","key":"${'a'.repeat(32)}-1","trust":{"kind":"signed","mirror":"http://127.0.0.1:9/debian","key":"${'A'.repeat(40)}","keyFile":"${'b'.repeat(64)}","expired":null}}`,
    ],
  ])(
    'libbpf is chosen again if the note of the earlier choice is %s, and the installed libbpf is used without a mirror',
    async (_, content) => {
      await choice(content);
      const notes: string[] = [];
      const outcome = await ensureLibbpf({ cache, mirrors: unreachable, onNote: (text) => notes.push(text) }).then(
        ({ origin, staticLib }) => [origin, dirname(staticLib).startsWith('/usr/'), notes.length],
        (error: unknown) => (error instanceof Error ? [error.name, error.message.split(':')[0], notes.length] : []),
      );
      expect([
        [expect.stringMatching(/^system package libbpf-dev \d+\.\d+$/), true, 1],
        ['InfraError', 'no libbpf to build the guest agent with', 0],
      ]).toContainEqual(outcome);
    },
  );
});

it('a requested libbpf release means the newest of its minor version, or the nearest one at or above a full version', () => {
  const sources = ['1.7.0-1', '1.5.2-1', '1.5.0-3', '1.1.2-0+deb12u1'].map((version) => ({ version }));
  const asked = ['1.1', '1.5', '1.5.0', '1.5.1', '1.1.3', '1.6', '2.1'];
  expect(asked.map((wanted) => [wanted, chooseRelease(sources, wanted)?.version ?? null])).toEqual([
    ['1.1', '1.1.2-0+deb12u1'],
    ['1.5', '1.5.2-1'],
    ['1.5.0', '1.5.0-3'],
    ['1.5.1', '1.5.2-1'],
    ['1.1.3', null],
    ['1.6', null],
    ['2.1', null],
  ]);
});

it('libbpf is the same if the path of the cache has spaces and quotes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'libbpf-'));
  try {
    const onNote = () => {};
    const odd = await ensureLibbpf({ cache: join(folder, "it's a $cache"), onNote });
    const usual = await ensureLibbpf({ cache: cacheRoot(), onNote });
    expect(await sha256Of(odd.staticLib)).toBe(await sha256Of(usual.staticLib));
  } finally {
    await rm(folder, { recursive: true });
  }
}, 300_000);
