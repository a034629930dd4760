// Tests of the agent's search in the kernel's lists of symbols and of traced functions, compiled with sanitizers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type HostProgram, startHostProgram } from './host-program.ts';
import { SYMBOL_LISTS } from './programs.ts';

let folder = '';
let program: HostProgram;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'symbols-'));
  program = await startHostProgram({ folder, ...SYMBOL_LISTS });
});
afterAll(async () => {
  await program.stop();
  await rm(folder, { recursive: true, force: true });
});

const SYMBOLS = `ffffffff81000000 T startup_64
ffffffff81100000 t plain
ffffffff81100010 T plain_longer
ffffffff81100020 t changed.isra.0
ffffffff81100030 t changed.isra.0.cold
ffffffff81100040 t split.cold
ffffffff81100050 t split.part.0
ffffffff81100060 t only.cold
ffffffff81100070 t weird.123
ffffffff81100080 d data
ffffffff81100090 W weak
0000000000000000 t special.constprop.17
ffffffffc0000000 t packet\t[nf_nat]
ffffffffc0000010 t moved.llvm.4711\t[nf_nat]
`;
const TRACED = 'plain_longer\nchanged.isra.0\npacket [nf_nat]\nweak';

async function search(name: string, symbols = SYMBOLS, traced = TRACED): Promise<string> {
  return program.ask(Buffer.from(`${name}\0${symbols}\0${traced}`));
}

test.each([
  ['plain', 'found, not traced'],
  ['plain_longer', 'found, traced'],
  ['plain_long', 'missing, not traced'],
  ['changed', 'variant changed.isra.0, not traced'],
  ['changed.isra.0', 'found, traced'],
  ['split', 'variant split.part.0, not traced'],
  ['only', 'variant only.cold, not traced'],
  ['weird', 'missing, not traced'],
  ['data', 'missing, not traced'],
  ['weak', 'found, traced'],
  ['special', 'variant special.constprop.17, not traced'],
  ['packet', 'found, traced'],
  ['moved', 'variant moved.llvm.4711, not traced'],
])('the function %s in the lists of a kernel: %s', async (name, expected) => {
  expect(await search(name)).toBe(expected);
});

const PLACES = `ffffffff81000000 T _text
ffffffff81100000 t stays
ffffffff82000000 T _etext
ffffffff82000000 T at_end
ffffffff82100000 T variable
ffffffff82100010 T stays
ffffffff83000000 T at_begin
ffffffff83000000 T __init_begin
ffffffff83000010 t only_init
ffffffff83000020 T compiled.constprop.0
ffffffff83001000 D __init_end
ffffffff83001000 T after
ffffffffc0000000 t variable_of_module\t[nf_nat]
ffffffffc0000010 t only_init_too\t[nf_nat]
`;

test.each([
  ['stays', 'found'],
  ['variable', 'missing'],
  ['at_end', 'missing'],
  ['after', 'missing'],
  ['at_begin', 'init'],
  ['only_init', 'init'],
  ['compiled', 'variant compiled.constprop.0'],
  ['variable_of_module', 'found'],
  ['only_init_too', 'found'],
])('the place of %s decides whether a symbol with the type of a function is one: %s', async (name, expected) => {
  expect(await search(name, PLACES)).toBe(`${expected}, not traced`);
});

test('without addresses, as for a user without rights, every symbol with the type of a function is one or is missing', async () => {
  const hidden = PLACES.replaceAll(/^[0-9a-f]+/gm, '0000000000000000');
  expect(await search('stays', hidden)).toBe('found, not traced');
  expect(await search('only_init', hidden)).toBe('missing, not traced');
});

test('empty lists, lines without names and overlong lines have no function', async () => {
  const long = 'x'.repeat(2000);
  expect(await search('f', '', '')).toBe('missing, not traced');
  expect(await search('f', '\n \nffff\nffff t\nffff t \nf t\nf', '\n\n [m]\nf.\n')).toBe('missing, not traced');
  expect(await search(long, `0 t ${long}\n0 t f\n`, `${long}\nf`)).toBe('missing, not traced');
  expect(await search('f', `0 t ${long}\n0 t f\n`, `${long}\nf`)).toBe('found, traced');
  expect(await search('f', `0 t f.isra.${long}\n0 t f.part.1`, long)).toBe('variant f.part.1, not traced');
  expect(await search('', SYMBOLS, '')).toBe('missing, not traced');
});
