// Tests of `--untrusted`: commands refuse dangerous configurations without any effect, and the user's own options still count.
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { elfImage } from '../../kernels/fixtures.ts';
import { sample } from '../run/real-run.ts';
import { corematrix } from './command.ts';

let top = '';
let project = '';
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'untrusted-cli-'));
  project = join(top, 'project');
  await mkdir(project);
  await copyFile(sample('exec_watch'), join(project, 'own.bpf.o'));
  await copyFile(sample('exec_watch'), join(top, 'outside.bpf.o'));
  await writeFile(join(top, 'vmlinux'), elfImage());
  await writeFile(join(top, 'kernels.lock.json'), '{"lockVersion": 1}\n');
  await writeFile(join(top, 'good.yaml'), 'objects: [project/own.bpf.o]\nkernels: [debian:6.12]\n');
});
afterAll(async () => rm(top, { recursive: true, force: true }));

const DANGEROUS = `objects:
  - path: own.bpf.o
    command:
      argv: [/bin/sh, -c, 'cat /etc/passwd']
kernels: [debian:6.12]
`;
const REFUSED =
  'corematrix.yaml:4:7: objects.0.command: refused because the configuration is not trusted: it packs programs and files of this machine into the guest; remove the key; to trust this configuration like code, run without --untrusted and COREMATRIX_UNTRUSTED';

const configured = async (text: string) => writeFile(join(project, 'corematrix.yaml'), text);

describe('a dangerous configuration that is not trusted', () => {
  it.each(
    [
      ['run'],
      ['run', 'own.bpf.o', '-k', 'debian:6.12'],
      ['plan'],
      ['predict', 'own.bpf.o'],
      ['explain', 'own.bpf.o'],
      ['floor', 'own.bpf.o'],
      ['run', '-c', 'corematrix.yaml'],
    ].map((words) => [words.join(' '), words] as const),
  )('"corematrix %s --untrusted" refuses a dangerous configuration before anything is downloaded, started or written', async (_, words) => {
    await configured(DANGEROUS);
    const cache = join(top, 'empty-cache');
    await mkdir(cache, { recursive: true });
    const env = { COREMATRIX_CACHE: cache, COREMATRIX_DEBIAN_MIRROR: 'http://127.0.0.1:1/debian' };
    expect(await corematrix(project, [...words, '--untrusted'], env)).toEqual({ exitCode: 2, stdout: '', stderr: `error: ${REFUSED}` });
    expect(await corematrix(project, words, { ...env, COREMATRIX_UNTRUSTED: '1' })).toMatchObject({ stderr: `error: ${REFUSED}` });
    expect([await readdir(cache), (await readdir(project)).toSorted()]).toEqual([[], ['corematrix.yaml', 'own.bpf.o']]);
  });

  it('COREMATRIX_UNTRUSTED is off only if it is empty, 0 or false', async () => {
    await configured(DANGEROUS);
    const codes = async (value: string) => {
      const { stderr } = await corematrix(project, ['plan'], { COREMATRIX_UNTRUSTED: value });
      return stderr.includes('not trusted');
    };
    expect([await codes('0'), await codes(''), await codes('false'), await codes('true'), await codes('x')]).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
  });
});

describe('a harmless configuration that is not trusted', () => {
  it('a run with a harmless untrusted configuration loads its objects, and rerun refuses it after it has become dangerous', async () => {
    await configured('objects: [own.bpf.o]\nkernels: [debian:6.12]\nhistory: history.jsonl\n');
    const { exitCode, stdout } = await corematrix(project, ['run', '--untrusted', '-o', 'report']);
    expect([exitCode, stdout]).toEqual([0, expect.stringContaining('on_exec      ok')]);
    expect((await readFile(join(project, 'history.jsonl'), 'utf8')).split('\n')).toHaveLength(2);
    await configured(DANGEROUS);
    const again = await corematrix(project, ['rerun', 'report', '6.12/own', '--untrusted']);
    expect([again.exitCode, again.stderr]).toEqual([
      2,
      expect.stringMatching(/^error: .*corematrix\.yaml:4:7: objects\.0\.command: refused/),
    ]);
    expect(await readdir(project)).not.toContain('corematrix-rerun');
  });

  it('with an untrusted configuration, options of the user may name objects, kernels, histories and report folders anywhere', async () => {
    await configured('objects: [own.bpf.o]\n');
    expect(await corematrix(project, ['plan', '../outside.bpf.o', '-k', `file:${top}/vmlinux`, '--untrusted'])).toMatchObject({
      exitCode: 0,
    });
    expect(await corematrix(top, ['plan', '-c', 'good.yaml', '--untrusted'])).toMatchObject({ exitCode: 0 });
    const options = ['--history', '../history.jsonl', '-o', '../outside-report'];
    const ran = await corematrix(project, ['run', '../outside.bpf.o', '-k', 'debian:6.12', '--untrusted', ...options]);
    expect(ran.exitCode).toBe(0);
    expect(await readdir(top)).toEqual(expect.arrayContaining(['history.jsonl', 'outside-report']));
  });

  it('a link in the folder of an untrusted configuration cannot lead the report or the history out of it', async () => {
    await configured('objects: [own.bpf.o]\nkernels: [debian:6.12]\n');
    await mkdir(join(top, 'precious'));
    await symlink('../precious', join(project, 'corematrix-report'));
    await symlink('../precious/new.jsonl', join(project, 'linked.jsonl'));
    const run = async (...args: string[]) => (await corematrix(project, ['run', '--untrusted', ...args])).stderr.replaceAll(top, 'TOP');
    expect([await run(), await run('-o', 'fine', '--history', 'linked.jsonl')]).toMatchInlineSnapshot(`
      [
        "error: --out corematrix-report: a symbolic link leads out of TOP/project, and the configuration there is not trusted; remove the link, or name another path",
        "error: --history linked.jsonl: a symbolic link leads out of TOP/project, and the configuration there is not trusted; remove the link, or name another path",
      ]
    `);
    expect(await readdir(join(top, 'precious'))).toEqual([]);
    await rm(join(project, 'corematrix-report'));
    await rm(join(project, 'linked.jsonl'));
  });

  it('an untrusted configuration that is a link to another file is refused, and nothing of that file is shown', async () => {
    await writeFile(join(top, 'secret'), 'root: secret-word\n');
    await symlink('../secret', join(project, 'linked.yaml'));
    const { exitCode, stderr } = await corematrix(project, ['plan', '-c', 'linked.yaml', '--untrusted']);
    expect([exitCode, stderr.replaceAll(top, 'TOP')]).toEqual([
      2,
      'error: --config linked.yaml: a symbolic link leads out of TOP/project, and the configuration there is not trusted; remove the link, or name another path',
    ]);
  });

  it('options that believe the report folder are refused with an untrusted configuration', async () => {
    const run = async (...args: string[]) => (await corematrix(project, ['run', '--untrusted', ...args])).stderr;
    expect([await run('--resume'), await run('--last-failed'), await run('--only-changed')]).toMatchInlineSnapshot(`
      [
        "error: --resume trusts the verdicts in the report folder, so it needs a trusted configuration; run without --resume",
        "error: --last-failed would trust the report folder; with an untrusted configuration, name the earlier results: --baseline RESULTS",
        "error: --only-changed would trust the report folder; with an untrusted configuration, name the earlier results: --baseline RESULTS",
      ]
    `);
  });
});
