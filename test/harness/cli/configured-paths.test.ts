// Tests of every key of a configuration that names a file: relative paths begin at the folder of the configuration, absolute ones stay.
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RULES } from '../../../harness/plan/untrusted/rules.ts';
import { elfImage, kernelDeb } from '../../kernels/fixtures.ts';
import { KERNEL_FOLDERS, linkedCache, sample } from '../run/real-run.ts';
import { corematrix } from './command.ts';

let folder = '';
/** Keeps the invented kernels out of the machine's cache. */
let env: { COREMATRIX_CACHE: string };
/** The configuration lies in `project`, its files in `project/there`, and the command runs in the folder above. */
const there = (name: string) => join(folder, 'project/there', name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'configured-paths-'));
  env = { COREMATRIX_CACHE: await linkedCache(join(folder, 'cache'), KERNEL_FOLDERS) };
  await mkdir(there('lib'), { recursive: true });
  await copyFile(sample('exec_watch'), there('a.bpf.o'));
  await copyFile(sample('fires'), there('fires.bpf.o'));
  await writeFile(there('vmlinux'), elfImage());
  await copyFile(there('vmlinux'), there('kernel.btf'));
  const control = { name: 'linux-image-6.9.1-cloud-amd64', version: '6.9.1-1' };
  await writeFile(there('kernel.deb'), kernelDeb(control, [{ path: './boot/vmlinuz-6.9.1-cloud-amd64', content: elfImage() }]));
  await writeFile(there('kernels.lock.json'), '{"lockVersion": 1}\n');
  await writeFile(there('history.jsonl'), 'not a history\n');
  await writeFile(there('own.c'), 'int own(void) { return 0; }\n');
  await writeFile(there('tool.c'), 'int own(void);\nint main(void) { return own(); }\n');
  await execa('gcc', ['-shared', '-fPIC', '-o', there('lib/libown.so'), there('own.c')]);
  await execa('gcc', ['-o', there('tool'), there('tool.c'), '-L', there('lib'), '-lown']);
  await writeFile(there('tool.conf'), 'x\n');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const kernel = 'kernels: [file:there/vmlinux]\n';
const objects = 'objects: [there/a.bpf.o]\n';
const libraries = (at: string) => `env: { LD_LIBRARY_PATH: ${at}/lib }`;
const loader = (at: string) =>
  `objects: [{ path: there/a.bpf.o, command: { argv: [there/tool], ${libraries('there')}, ${at} } }]\n${kernel}`;
const trigger = (command: string) => `objects: [{ path: there/fires.bpf.o, mode: run, trigger: { command: { ${command} } } }]\n${kernel}`;

/** Each key with a configuration in which it names a file in `at`. */
const KEYS = [
  ['kernels (file:)', (at) => `kernels: [file:${at}/vmlinux]\n${objects}`],
  ['kernels (deb:)', (at) => `kernels: [deb:${at}/kernel.deb]\n${objects}`],
  ['kernels.selector', (at) => `kernels: [{ selector: file:${at}/vmlinux, optional: false }]\n${objects}`],
  ['objects', (at) => `objects: [${at}/a.bpf.o]\n${kernel}`],
  ['objects (pattern)', (at) => `objects: ['${at}/a*.o']\n${kernel}`],
  ['objects.path', (at) => `objects: [{ path: ${at}/a.bpf.o, pins: true }]\n${kernel}`],
  ['objects.path (pattern)', (at) => `objects: [{ path: '${at}/a*.o', pins: true }]\n${kernel}`],
  ['objects.btf', (at) => `objects: [{ path: there/a.bpf.o, btf: ${at}/kernel.btf }]\n${kernel}`],
  ['defaults.btf', (at) => `defaults: { btf: ${at}/kernel.btf }\n${objects}${kernel}`],
  ['objects.command.argv', (at) => `objects: [{ path: there/a.bpf.o, command: { argv: [${at}/tool], ${libraries('there')} } }]\n${kernel}`],
  ['objects.command.env', (at) => `objects: [{ path: there/a.bpf.o, command: { argv: [there/tool], ${libraries(at)} } }]\n${kernel}`],
  ['objects.command.files', (at) => loader(`files: [${at}/tool.conf]`)],
  ['objects.command.files.path', (at) => loader(`files: [{ path: ${at}/tool.conf, to: x }]`)],
  ['objects.trigger.command.argv', (at) => trigger(`argv: [${at}/tool], ${libraries('there')}`)],
  ['objects.trigger.command.files', (at) => trigger(`argv: [there/tool], ${libraries('there')}, files: [${at}/tool.conf]`)],
  ['lock', (at) => `lock: ${at}/kernels.lock.json\n${objects}${kernel}`],
] as const satisfies readonly (readonly [string, (at: string) => string])[];

async function planned(text: string) {
  await writeFile(join(folder, 'project/c.yaml'), text);
  return corematrix(folder, ['plan', '-c', 'project/c.yaml'], env);
}

describe('paths of a configuration', () => {
  it('every key of the schema that names a file is among the tested ones', () => {
    const tested = ['history', ...KEYS.map(([name]) => name.replace(/ \(.*/, ''))];
    const named = [...RULES].flatMap(([key, { kind }]) => (kind === 'allowed' || key === 'mirrors' ? [] : [key]));
    // `defaults` has the same settings as `objects`.
    const isTested = (key: string) => tested.some((each) => each === key || each.startsWith(`${key}.`));
    expect(named.filter((key) => !isTested(key) && !isTested(key.replace(/^defaults\./, 'objects.')))).toEqual([]);
  });

  it.each(KEYS)('a relative path and an absolute path in %s mean the same file', async (_, textFor) => {
    for (const at of ['there', join(folder, 'project/there')]) {
      const { exitCode, stderr } = await planned(textFor(at));
      expect({ at, exitCode, stderr }).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining('error:') });
    }
    expect(await planned(textFor(`${join(folder, 'project/there')}/none`))).toMatchObject({ exitCode: 2 });
  });

  it('a relative path and an absolute path in history mean the same file', async () => {
    for (const at of ['there', join(folder, 'project/there')]) {
      await writeFile(join(folder, 'project/c.yaml'), `history: ${at}/history.jsonl\n${objects}${kernel}`);
      const { exitCode, stderr } = await corematrix(folder, ['run', '-c', 'project/c.yaml'], env);
      expect([exitCode, stderr]).toEqual([2, expect.stringContaining(`error: ${there('history.jsonl')}: not a history`)]);
    }
  });
});
