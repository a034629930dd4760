// How releases of libbpf differ in what they make of relocations.
import { expect, it } from 'vitest';
import { libbpfLoader, LOADERS } from '../../../harness/core-relo/loader.ts';

/** The rules of a release that differ between releases. */
function rules(release: string | null): string {
  const { mapsFirst, arraySize, signOfAnyType, errorText, libbpfMinor } = libbpfLoader(release);
  return [
    mapsFirst ? 'maps first' : 'relocations first',
    `size of ${arraySize}`,
    signOfAnyType ? 'any sign' : 'own sign',
    errorText(22),
    `names of ${libbpfMinor === null ? 'none' : `1.${libbpfMinor}`}`,
  ].join(', ');
}

it('each release of libbpf has its own rules, and no release means the newest', () => {
  const [oldest, middle, newer, newest] = [
    'maps first, size of whole, any sign, -22',
    'maps first, size of whole, own sign, -22',
    'relocations first, size of whole, own sign, -22',
    'relocations first, size of element, own sign, -EINVAL',
  ];
  const releases = [
    '0.8',
    '0.20',
    '1.0',
    '1.1',
    '1.2',
    '1.2.9',
    '1.3',
    '1.4',
    '1.5',
    '1.5.1',
    '1.6',
    '1.7',
    '1.12',
    '2.0',
    '10.1',
    '',
    'v1.1',
    null,
  ];
  const expected = (rest: string, names: Readonly<Record<string, string>>) =>
    Object.entries(names).map(([release, minor]) => `${release}: ${rest}, names of ${minor}`);
  expect(releases.map((release) => `${release}: ${rules(release)}`)).toEqual([
    ...expected(oldest, { '0.8': 'none', '0.20': 'none', '1.0': '1.0', '1.1': '1.1', '1.2': '1.2', '1.2.9': '1.2' }),
    ...expected(middle, { '1.3': '1.3' }),
    ...expected(newer, { '1.4': '1.4', '1.5': '1.5', '1.5.1': '1.5' }),
    ...expected(newest, { '1.6': '1.6', '1.7': '1.7', '1.12': '1.12', '2.0': '1.7', '10.1': '1.7', '': '1.7', 'v1.1': '1.7', null: '1.7' }),
  ]);
  expect(libbpfLoader(null)).toEqual(LOADERS['libbpf-1.7']);
  expect({ ...libbpfLoader('1.1'), errorText: null }).toEqual({ ...LOADERS['libbpf-1.1'], errorText: null });
});
