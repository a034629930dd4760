// Tests of summary.md: no text breaks its table, and it fits the size limit of a job summary.
import { describe, expect, it } from 'vitest';
import type { Results } from '../../harness/results/schema.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { contradicted } from './contradicted.ts';
import { SAMPLE } from './sample.ts';

const columnsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').length - 2);

/** The sample with many programs, so that its matrix alone exceeds the size limit of a job summary. */
function large(): Results {
  const names = Array.from({ length: 8000 }, (_, index) => `program_${index}`);
  return {
    ...SAMPLE,
    objects: SAMPLE.objects.map((object) => ({ ...object, programs: names.map((name) => ({ name, section: '', type: null, insns: 1 })) })),
    cells: SAMPLE.cells.map((cell) => ({
      ...cell,
      programs: cell.programs.slice(0, 1).flatMap((program) => names.map((name) => ({ ...program, name }))),
    })),
  };
}

describe('summary.md', () => {
  it('summary.md shows contradicted predictions', () => {
    const text = renderMarkdown(contradicted(SAMPLE));
    expect(text.slice(text.indexOf('## Not as predicted'), text.indexOf('## Matrix'))).toMatchInlineSnapshot(`
      "## Not as predicted

      - predicted to fail with core-field-missing, but it loads
        <br>task_state/old_name on debian-5.10.262-amd64, task_state/new_name on debian-6.12.117-amd64, task_state/either_name on debian-6.12.117-amd64, task_state/newer_hook on debian-6.12.117-amd64, probes/hidden_on_purpose on debian-6.12.117-amd64
      - not predicted to fail, but it fails with core-field-missing
        <br>task_state/new_name on debian-5.10.262-amd64
      - not predicted to fail, but it fails with attach-target-missing
        <br>probes/probe on debian-6.12.117-amd64

      "
    `);
  });

  it('summary.md has counts, causes and the matrix', async () => {
    await expect(renderMarkdown(SAMPLE)).toMatchFileSnapshot('snapshots/summary.md');
  });

  it('summary.md has no causes if all results are as expected', () => {
    const results = { ...SAMPLE, run: { ...SAMPLE.run, complete: true }, cells: SAMPLE.cells.slice(2, 3) };
    expect(renderMarkdown(results).split('\n').slice(0, 6)).toMatchInlineSnapshot(`
      [
        "# corematrix",
        "",
        "3 pass, 1 xfail (3 kernels × 2 objects; libbpf 1.7.0, QEMU 9.2.0, tcg).",
        "",
        "## Matrix",
        "",
      ]
    `);
  });

  it('summary.md shows hostile text as text', () => {
    const text = renderMarkdown(HOSTILE_SAMPLE);
    expect(text).not.toMatch(/[^\P{C}\n]|[\u2028\u2029\ufffd]/u);
    expect(text.replaceAll(/<br>|<\/?sub>/g, '')).not.toMatch(/[<>`@]|www\.|\]\(|(?<!&)#\w|^\s*::/m);
    expect(new Set(columnsOf(text))).toEqual(new Set([4]));
  });

  it('each row of the table in summary.md has one column for the program and one for each kernel', () => {
    expect(new Set(columnsOf(renderMarkdown(SAMPLE)))).toEqual(new Set([4]));
  });

  it('summary.md is cut to the size of a job summary, with a count of the rest', () => {
    const text = renderMarkdown(large());
    expect(Buffer.byteLength(text)).toBeLessThan(1000 * 1024);
    expect(text).toMatch(/\n_\d+ lines left out to stay within the size of a job summary; see the report\._\n$/);
    expect(new Set(columnsOf(text))).toEqual(new Set([4]));
  });
});
