import { expect, test } from 'vitest';
import { findCell } from '../../../harness/results/find-cell.ts';
import { SAMPLE } from '../../reports/sample.ts';

const [kernel, other] = SAMPLE.kernels.map(({ id }) => id);
const [object] = SAMPLE.objects.map(({ id }) => id);

function found(name: string): string {
  try {
    const { cell } = findCell(SAMPLE, name);
    return `${cell.kernel} ${cell.object}`;
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
}

test('a cell is found by its name, by a link, and by an unambiguous part of its kernel', () => {
  const cell = `${kernel} ${object}`;
  expect(found(`${kernel}/${object}`)).toBe(cell);
  expect(found(`report/index.html#c/${kernel}/${object}/r/3`)).toBe(cell);
  expect(found(`${SAMPLE.kernels[0]?.series}/${object}`)).toBe(cell);
  expect(other).toBeDefined();
});

test('the name of a missing cell is an error that suggests the nearest name', () => {
  expect([
    found('6.99/x'),
    found(`${kernel}x/${object}`),
    found(`${kernel}/${object?.slice(1)}`),
    found(`${kernel}/zzzzzz`),
    found('nothing'),
  ]).toMatchInlineSnapshot(`
    [
      "no kernel "6.99" in these results; there are: debian-5.10.262-amd64, debian-6.12.117-amd64, file-vmlinux-7.4",
      "no kernel "debian-5.10.262-amd64x" in these results; did you mean debian-5.10.262-amd64?",
      "no object "ask_state" in these results; did you mean task_state?",
      "no object "zzzzzz" in these results; there are: task_state, probes",
      "expected KERNEL/OBJECT, for example debian-5.10.262-amd64/task_state, not "nothing"",
    ]
  `);
});
