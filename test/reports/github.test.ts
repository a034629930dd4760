// Tests of annotations with the rules of the GitHub runner: one command a line, and foreign text never becomes a command.
import { describe, expect, it } from 'vitest';
import type { Results } from '../../harness/results/schema.ts';
import { renderGithub } from '../../reports/github.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { SAMPLE } from './sample.ts';

interface Command {
  command: string;
  properties: Record<string, string>;
  data: string;
}

/** Parses a line as the runner does. @see ActionCommand.TryParseV2 in actions/runner */
function parse(line: string): Command | null {
  const trimmed = line.trimStart();
  const end = trimmed.indexOf('::', 2);
  if (!trimmed.startsWith('::') || end < 0) return null;
  const [command = '', ...rest] = trimmed.slice(2, end).split(' ');
  const unescaped = (text: string) =>
    text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%25', '%');
  const pairs = rest
    .join(' ')
    .split(',')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [name, unescaped(value.join('='))] as const;
    });
  return { command, properties: Object.fromEntries(pairs), data: unescaped(trimmed.slice(end + 2)) };
}

const commands = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map(parse);

/** Results with this many different failures of one program. */
function failures(count: number): Results {
  const [cell] = SAMPLE.cells;
  const program = cell?.programs[1];
  if (!cell || !program) throw new Error('the sample is empty');
  const programs = Array.from({ length: count }, (_, at) => ({ ...program, reason: `reason ${at}` }));
  return { ...SAMPLE, cells: [{ ...cell, programs }] };
}

describe('GitHub annotations', () => {
  it('each program and root cause has one GitHub annotation at the C line', () => {
    expect(renderGithub(SAMPLE)).toMatchInlineSnapshot(`
      "::error file=programs/task_state.bpf.c,line=23,title=core-field-missing%3A task_state/new_name::task_struct.__state: no such field (byte_off) (on 5.10)%0ATest bpf_core_field_exists() before the access. If the field was renamed or moved, read it in the other branch through a flavor of the type (struct name___old).%0Asee corematrix explain core-field-missing
      ::error title=attach-target-missing%3A probes/probe::do_unlinkat is not in this kernel (on 6.12)%0AAttach to a target that all your kernels have, or write one program for each target, keep them from loading by default, and switch on the one whose target exists.%0Asee corematrix explain attach-target-missing
      ::error title=xpass%3A task_state/either_name::passes, though it was expected to fail: this kernel has neither name (on 5.10)
      ::warning title=infra-timeout::no word from the guest for 30 s (4 programs on 7.4-rc3)%0AGive it longer with --timeout, or command.timeout for a custom loader, or run fewer guests at a time (--jobs). A custom loader must end once the object is loaded.%0Asee corematrix explain infra-timeout
      "
    `);
  });

  it("GitHub annotations stay within GitHub's limit, with a notice for the rest", () => {
    const lines = renderGithub(failures(25)).trimEnd().split('\n');
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toBe('::notice title=corematrix::15 more findings in the report');
    expect(renderGithub(failures(10)).trimEnd().split('\n')).toHaveLength(10);
    expect(renderGithub({ ...SAMPLE, cells: [] })).toBe('');
  });

  it('GitHub annotations escape percent signs, colons and commas', () => {
    const { objects } = SAMPLE;
    const odd = objects.map((object) => ({
      ...object,
      relocations: object.relocations.map((relocation) => ({
        ...relocation,
        source: { file: 'a,b:c%2C d.c', line: 7, text: '', exact: true },
      })),
    }));
    expect(commands(renderGithub({ ...SAMPLE, objects: odd }))[0]).toEqual({
      command: 'error',
      properties: { file: 'a,b:c%2C d.c', line: '7', title: 'core-field-missing: task_state/new_name' },
      data: expect.stringMatching(/^task_struct\.__state: no such field \(byte_off\) \(on 5\.10\)\n/),
    });
  });

  it('GitHub annotations keep hostile text as text', () => {
    const found = commands(renderGithub(HOSTILE_SAMPLE));
    expect(found.map((one) => [one?.command, Object.keys(one?.properties ?? {}).join()])).toEqual([
      ['error', 'file,line,title'],
      ['error', 'title'],
      ['error', 'title'],
      ['warning', 'title'],
    ]);
    expect(renderGithub(HOSTILE_SAMPLE)).not.toMatch(/[^\P{C}\n]|##\[|##vso/u);
  });

  it('GitHub annotations name source files of the repository, and none outside', () => {
    const { objects } = SAMPLE;
    const absolute = objects.map((object) => ({
      ...object,
      relocations: object.relocations.map((relocation) => ({
        ...relocation,
        source: { file: '/repo/src/a.c', line: 7, text: '', exact: true },
      })),
    }));
    const placed = (root: string) => commands(renderGithub({ ...SAMPLE, objects: absolute }, { root }))[0]?.properties.file;
    expect([placed('/repo'), placed('/other'), placed('')]).toEqual(['src/a.c', undefined, undefined]);
  });
});
