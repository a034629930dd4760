// Tests of `corematrix expectations update`, and of a run that reports expired and unused expectations.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderJson } from '../../../reports/json.ts';
import { SAMPLE } from '../../reports/sample.ts';
import { sample } from '../run/real-run.ts';
import { corematrix } from './command.ts';

const CONFIG = `expectations:
  # It is called __state since.
  - object: task_state.bpf.o
    program: old_name
    kernels: '>=5.14'
    status: fail
    class: core-field-missing
    reason: renamed
  - object: task_state.bpf.o
    program: either_name
    status: fail
    reason: has neither name
`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'expectations-'));
  await writeFile(join(folder, 'results.json'), renderJson(SAMPLE));
  await writeFile(join(folder, 'corematrix.yaml'), CONFIG);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const said = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await corematrix(folder, args);
  return `${stdout}\n---\n${stderr}\nexit ${exitCode}`;
};
const config = async () => readFile(join(folder, 'corematrix.yaml'), 'utf8');

describe('corematrix expectations update', () => {
  it('corematrix expectations update shows changes, writes them with --write, and then finds none', async () => {
    expect(await said('expectations', 'update', 'results.json')).toMatchInlineSnapshot(`
      "...
            reason: renamed
          - object: task_state.bpf.o
      -     program: either_name
      +     program: new_name
      +     kernels: <=5.10
            status: fail
      -     reason: has neither name
      +     class: core-field-missing
      +     reason: 'task_struct.__state: no such field (byte_off)'
      +   - object: probes.bpf.o
      +     program: probe
      +     status: fail
      +     class: attach-target-missing
      +     reason: do_unlinkat is not in this kernel

      ---
      corematrix.yaml: not changed; add --write to write this
      exit 1"
    `);
    expect(await config()).toBe(CONFIG);
    expect((await said('expectations', 'update', '.', '--write')).split('---\n')[1]).toBe('corematrix.yaml: updated\nexit 0');
    expect(await said('expectations', 'update', 'results.json', '-c', 'corematrix.yaml')).toBe(
      '\n---\ncorematrix.yaml: every verdict is as expected\nexit 0',
    );
  });

  it('corematrix expectations update adds nothing for objects that the configuration does not list', async () => {
    await writeFile(join(folder, 'task_state.bpf.o'), '');
    const listed = `objects:\n  - task_*.bpf.o\n${CONFIG}`;
    await writeFile(join(folder, 'listed.yaml'), listed);
    const unmatched = `objects:\n  - none_*.bpf.o\n${CONFIG}`;
    await writeFile(join(folder, 'unmatched.yaml'), unmatched);
    const [added] = (await said('expectations', 'update', 'results.json', '-c', 'unmatched.yaml')).split('---\n');
    expect(added).toContain('object: probes.bpf.o');
    expect(await said('expectations', 'update', 'results.json', '-c', 'listed.yaml')).toMatchInlineSnapshot(`
      "...
            reason: renamed
          - object: task_state.bpf.o
      -     program: either_name
      +     program: new_name
      +     kernels: <=5.10
            status: fail
      -     reason: has neither name
      +     class: core-field-missing
      +     reason: 'task_struct.__state: no such field (byte_off)'

      ---
      note: probes.bpf.o is not among the objects of listed.yaml, so no expectation is added for it
      listed.yaml: not changed; add --write to write this
      exit 1"
    `);
  });

  it.each([
    ['a byte order mark', (text: string) => `\uFEFF${text}`],
    ['lines that end as on Windows', (text: string) => text.replaceAll('\n', '\r\n')],
    ['both', (text: string) => `\uFEFF${text.replaceAll('\n', '\r\n')}`],
  ])('corematrix expectations update keeps %s', async (_, form) => {
    const [plain, formed] = [join(folder, 'plain.yaml'), join(folder, 'formed.yaml')];
    await writeFile(plain, CONFIG);
    await writeFile(formed, form(CONFIG));
    const [[ownDiff], [diff]] = [
      (await said('expectations', 'update', 'results.json', '-c', 'plain.yaml', '--write')).split('---'),
      (await said('expectations', 'update', 'results.json', '-c', 'formed.yaml', '--write')).split('---'),
    ];
    expect(diff).toBe(ownDiff);
    expect(await readFile(formed, 'utf8')).toBe(form(await readFile(plain, 'utf8')));
  });

  it('corematrix expectations update refuses wrong input in one line', async () => {
    await writeFile(join(folder, 'bad.yaml'), 'expectations:\n  - object: a\n    expires: soon\n');
    await writeFile(join(folder, 'link.yaml'), 'expectations:\n  - object: a\n    status: fail\n    reason: r\n    link: here\n');
    expect([
      await said('expectations', 'update', 'results.json', '-c', 'no.yaml'),
      await said('expectations', 'update', 'results.json', '-c', 'bad.yaml'),
      await said('expectations', 'update', 'results.json', '-c', 'link.yaml'),
      await said('expectations', 'update', 'no.json'),
    ]).toMatchInlineSnapshot(`
      [
        "
      ---
      error: no.yaml: no such file
      exit 2",
        "
      ---
      error: bad.yaml: 3 errors
      bad.yaml:2:5: expectations.0.status: missing; expected fail or unsupported
      bad.yaml:2:5: expectations.0.reason: missing; expected text
      bad.yaml:3:14: expectations.0.expires: expected a day such as 2027-03-31
      exit 2",
        "
      ---
      error: link.yaml:5:11: expectations.0.link: expected an address such as https://example.org/1
      exit 2",
        "
      ---
      error: no.json: no such file; expected a results.json or the report folder it lies in
      exit 2",
      ]
    `);
  });
});

describe('a run', () => {
  it('a run reports expired expectations and those that match nothing', async () => {
    const text = `kernels: ['debian:6.12']
objects: ['${sample('task_state')}']
expectations:
  - { object: task_state.bpf.o, program: old_name, status: fail, reason: renamed, link: 'https://issues.invalid/1' }
  - { object: task_state.bpf.o, program: new_name, kernels: '<5.14', status: fail, reason: older }
  - { object: task_state.bpf.o, program: either_name, status: fail, reason: for now, expires: 2026-01-31 }
`;
    await writeFile(join(folder, 'run.yaml'), text);
    const { exitCode, stderr } = await corematrix(folder, ['run', '-c', 'run.yaml']);
    expect(stderr.split('\n').filter((line) => line.startsWith('note:'))).toEqual([
      'note: run.yaml:6:5: the expectation for either_name in task_state.bpf.o expired on 2026-01-31 and is ignored',
      'note: the expectation for new_name in task_state.bpf.o on <5.14 matches nothing in this run: no kernel of the matrix is one of these kernels',
    ]);
    expect(exitCode).toBe(0);
    const part = await corematrix(folder, ['run', '-c', 'run.yaml', '-k', 'debian:6.1']);
    expect(part.stderr.split('\n').filter((line) => line.includes('matches nothing'))).toEqual([]);
  });
});
