// Tests of reading from an image which functions it lists for programs: sets of BTF ids, and functions with error injection.
import { expect, test } from 'vitest';
import { readAtOf } from '../../../kernels/archive/read-at.ts';
import { idSets } from '../../../kernels/image/id-sets.ts';
import { injectedPlaces } from '../../../kernels/image/injected-places.ts';
import type { KernelSymbol } from '../../../kernels/image/kallsyms.ts';
import { elfImage, TEXT } from './elf-image.ts';

/** Distance of the lists from `_text`. */
const LISTS = 0x20_0000;

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

const symbol = (name: string, offset: number | null): KernelSymbol => ({ name, type: 'r', offset });

/** Two sets, one with flags, and a list behind them. */
const SETS = numbers(2, 5, 9, 1, 0, 7, 32, 1);
const IN_SETS = [
  symbol('_text', 0),
  symbol('__BTF_ID__set__btf_id_deny', LISTS),
  symbol('__BTF_ID__func__migrate_disable__1', LISTS + 4),
  symbol('__BTF_ID__set8__common_ids', LISTS + 12),
  symbol('next_list', LISTS + 28),
];

async function setsIn(bytes: Buffer, symbols: readonly KernelSymbol[] = IN_SETS) {
  const found = await idSets(readAtOf(elfImage(bytes, LISTS)), symbols);
  return found && { plain: Object.fromEntries(found.plain), flagged: found.flagged };
}

test('an image shows its sets of BTF ids with and without flags', async () => {
  expect(await setsIn(SETS)).toEqual({ plain: { btf_id_deny: [5, 9] }, flagged: [7] });
  const flat = Buffer.alloc(LISTS + SETS.length);
  SETS.copy(flat, LISTS);
  expect((await idSets(readAtOf(flat), IN_SETS))?.plain.get('btf_id_deny')).toEqual([5, 9]);
});

test('an image shows no sets if its symbols are only functions, or if a set is cut off, too long or not sorted', async () => {
  const damaged = [numbers(3, 5, 9, 1, 0, 7, 32, 1), numbers(2, 9, 5, 1, 0, 7, 32, 1), numbers(2, 5, 9, 1, 0), numbers(2)];
  expect(await Promise.all(damaged.map(async (bytes) => setsIn(bytes)))).toEqual([null, null, null, null]);
  expect(await setsIn(SETS, [symbol('_text', 0), symbol('next_list', 16)])).toBeNull();
  expect(await setsIn(SETS, [symbol('__BTF_ID__set__btf_id_deny', null)])).toBeNull();
});

function entries(...addresses: readonly bigint[]): Buffer {
  const bytes = Buffer.alloc(16 * addresses.length);
  for (const [index, address] of addresses.entries()) bytes.writeBigUInt64LE(address, 16 * index);
  return bytes;
}

const INJECTING = [symbol('_text', 0), symbol('within_error_injection_list', 64), symbol('should_fail', 128)];
const LISTED = [...INJECTING, symbol('__start_error_injection_whitelist', LISTS), symbol('__stop_error_injection_whitelist', LISTS + 32)];

test('an image shows the functions with error injection, or that it is built without', async () => {
  const places = async (bytes: Buffer, symbols: readonly KernelSymbol[]) => injectedPlaces(readAtOf(elfImage(bytes, LISTS)), symbols);
  const listed = entries(TEXT + 128n, TEXT + 64n);
  expect(await places(listed, LISTED)).toEqual(new Set([128, 64]));
  expect(await places(listed, [symbol('_text', 0)])).toBe('none');
  // Its symbols are only functions; the list is cut off; the addresses are filled in when it boots.
  expect([await places(listed, INJECTING), await places(listed.subarray(0, 20), LISTED), await places(entries(0n, 0n), LISTED)]).toEqual([
    'unknown',
    'unknown',
    'unknown',
  ]);
  expect(await injectedPlaces(readAtOf(Buffer.alloc(4096)), LISTED)).toBe('unknown');
});
