// Tests of summary.md: no text breaks its table, and it fits the size limit of a job summary.
import { describe, expect, it } from 'vitest';
import type { Results } from '../../harness/results/schema.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { explained } from './explained.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { contradicted } from './contradicted.ts';
import { SAMPLE } from './sample.ts';

const columnsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').length - 2);

/** The text without its code spans, in which nothing is markup. */
function withoutCode(text: string): string {
  return text.replaceAll(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/g, '');
}

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
        - \`task_state/old_name\` on 5.10
        - \`task_state/new_name\`, \`task_state/either_name\`, \`task_state/newer_hook\`, \`probes/hidden_on_purpose\` on 6.12
      - not predicted to fail, but it fails with core-field-missing
        - \`task_state/new_name\` on 5.10
      - not predicted to fail, but it fails with attach-target-missing
        - \`probes/probe\` on 6.12

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
    expect(withoutCode(text)).not.toMatch(/[<>`@]|www\.|\]\(|(?<!&)#\w|^\s*::/m);
    expect(new Set(columnsOf(text))).toEqual(new Set([4]));
  });

  it('summary.md shows bars and backticks in names without ending a code span or a cell', () => {
    const named = '`a``b | c`';
    const programs = [{ name: named, section: '', type: null, insns: 1 }];
    const objects = SAMPLE.objects.map((object) => ({ ...object, programs }));
    const cells = SAMPLE.cells.map((cell) => ({
      ...cell,
      programs: cell.programs.slice(0, 1).map((program) => ({ ...program, name: named })),
    }));
    const text = renderMarkdown({ ...SAMPLE, objects, cells });
    expect(text).toContain('| ``` task_state/`a``b \\x7c c` ``` |');
    expect(new Set(columnsOf(text))).toEqual(new Set([4]));
  });

  it('summary.md says for each cause what to do, with C and the page of its class', () => {
    const text = renderMarkdown(explained(SAMPLE));
    expect(text.slice(text.indexOf('## Unexpected'), text.indexOf('## Not as predicted')).split('\n- ')[1]).toMatchInlineSnapshot(`
      "**core-field-missing** (fail): \`task_struct.__state: no such field (byte_off)\` (cause 0123456789ab)
        - \`task_state/new_name\` on 5.10
        - check that it means the same
        - see \`corematrix explain core-field-missing\`
        - write instead:

          \`\`\`c
          static int read_it(void)
          {
          	return a < b && "c";
          }
          \`\`\`
      "
    `);
  });

  it('summary.md of executables names no loader', () => {
    const objects = SAMPLE.objects.map((object) => ({ ...object, executable: true as const }));
    const counts = (results: Results) => renderMarkdown(results).split('\n')[2];
    expect([counts(SAMPLE), counts({ ...SAMPLE, objects }), counts({ ...SAMPLE, objects: [...SAMPLE.objects, ...objects] })])
      .toMatchInlineSnapshot(`
      [
        "5 pass, 2 fail, 1 xfail, 1 xpass, 1 unsupported, 2 skip, 4 infra, 2 not-run (3 kernels × 2 objects; libbpf 1.7.0, QEMU 9.2.0, tcg). **The run was interrupted; this report has the finished cells.**",
        "5 pass, 2 fail, 1 xfail, 1 xpass, 1 unsupported, 2 skip, 4 infra, 2 not-run (3 kernels × 2 executables; QEMU 9.2.0, tcg). **The run was interrupted; this report has the finished cells.**",
        "5 pass, 2 fail, 1 xfail, 1 xpass, 1 unsupported, 2 skip, 4 infra, 2 not-run (3 kernels × 2 objects, 2 executables; libbpf 1.7.0, QEMU 9.2.0, tcg). **The run was interrupted; this report has the finished cells.**",
      ]
    `);
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
