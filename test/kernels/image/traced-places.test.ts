// Tests of reading the places that a kernel traces from an image, which the tests build.
import { expect, test } from 'vitest';
import { readAtOf } from '../../../kernels/archive/read-at.ts';
import type { KernelSymbol } from '../../../kernels/image/kallsyms.ts';
import { tracedPlaces } from '../../../kernels/image/traced-places.ts';
import { elfImage, TEXT } from './elf-image.ts';

/** Distance of the list from `_text`. */
const LIST = 0x20_0000;

function imageWith(addresses: readonly bigint[]): Buffer {
  const list = Buffer.alloc(8 * addresses.length);
  for (const [index, address] of addresses.entries()) list.writeBigUInt64LE(address, 8 * index);
  return elfImage(list, LIST);
}

function symbolsFor(count: number): KernelSymbol[] {
  return [
    { name: '_text', type: 'T', offset: 0 },
    { name: 'first', type: 't', offset: 16 },
    { name: 'second', type: 't', offset: 64 },
    { name: '__start_mcount_loc', type: 'D', offset: LIST },
    { name: '__stop_mcount_loc', type: 'D', offset: LIST + 8 * count },
  ];
}

const placesIn = async (addresses: readonly bigint[], image = imageWith(addresses)) =>
  tracedPlaces(readAtOf(image), symbolsFor(addresses.length));

test('the places of an image ascend, without those of functions that another definition replaced', async () => {
  expect(await placesIn([TEXT + 68n, 0n, TEXT + 20n])).toEqual([20, 68]);
});

test('an image shows no places if their addresses are missing, far from all functions, or cut off', async () => {
  const whole = imageWith([TEXT + 20n]);
  const found = [
    await placesIn([0n, 0n]),
    await placesIn([TEXT + 2000n, TEXT + 20n]),
    await placesIn([20n, 68n]),
    await placesIn([TEXT + 20n], whole.subarray(0, whole.length - 1)),
    await placesIn([TEXT + 20n], whole.subarray(0, 100)),
    await placesIn([TEXT + 20n], Buffer.alloc(4096)),
    await placesIn([TEXT + 20n], Buffer.alloc(0)),
    await tracedPlaces(readAtOf(whole), []),
    await tracedPlaces(readAtOf(whole), symbolsFor(-1)),
    await tracedPlaces(readAtOf(whole), symbolsFor(2 ** 40)),
  ];
  expect(found).toEqual(found.map(() => null));
});
