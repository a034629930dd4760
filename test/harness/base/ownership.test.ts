// Tests of owned folders: those of live processes stay, also for a process in another container, and those of killed ones are removed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, lutimes, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { makeOwnedFolder, removeAbandoned, removeIfAbandoned, withLockedFile } from '../../../harness/base/ownership.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

const DAY_AGO = new Date(Date.now() - 25 * 60 * 60 * 1000);
const MODULE = JSON.stringify(pathToFileURL(join(PACKAGE_ROOT, 'dist/harness/base/ownership.js')).href);

let directory = '';
const running: ChildProcess[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ownership-'));
});
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

const exists = async (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** Starts a command that runs a program as a module with the functions under test. */
function start(command: readonly string[], program: string, ...args: string[]): ChildProcess {
  const [file = '', ...rest] = [
    ...command,
    process.execPath,
    '--input-type=module',
    '-e',
    `import * as own from ${MODULE};\n${program}`,
    ...args,
  ];
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('its output is piped');
  const [line] = await once(createInterface(child.stdout), 'line');
  return String(line);
}

/** Makes an owned folder, prints its path, and waits. */
const OWNER = `
const folder = await own.makeOwnedFolder(process.argv[1]);
console.log(folder.path);
setInterval(() => folder, 1000);
`;
/** Removes the abandoned entries of a folder, then prints `done`. */
const CLEANER = `
await own.removeAbandoned(process.argv[1], /^work-/);
console.log('done');
`;

const NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

async function needNamespaces(context: TestContext): Promise<void> {
  const { failed } = await execa('unshare', [...NAMESPACE.slice(1), 'true'], { reject: false });
  if (failed) context.skip('process namespaces are not allowed here');
}

describe('an owned folder', () => {
  it('an owned folder stays as long as its owner holds it, also if it is old', async () => {
    const folder = await makeOwnedFolder(join(directory, 'work-'));
    for (const path of [join(folder.path, '.owner'), folder.path]) await utimes(path, DAY_AGO, DAY_AGO);
    expect([await removeIfAbandoned(folder.path), await exists(folder.path)]).toEqual([false, true]);
    await folder.remove();
    expect(await readdir(directory)).toEqual([]);
  });

  it('an owned folder that is moved to its target has no owner file there', async () => {
    const folder = await makeOwnedFolder(join(directory, 'work-'));
    await writeFile(join(folder.path, 'content'), '');
    await folder.moveTo(join(directory, 'target'));
    await folder.remove();
    expect([await readdir(directory), await readdir(join(directory, 'target'))]).toEqual([['target'], ['content']]);
  });

  it('a hundred owned folders survive a process that removes abandoned ones meanwhile', async () => {
    const made = new AbortController();
    const cleaning = (async () => {
      while (!made.signal.aborted) await removeAbandoned(directory, /^work-/);
    })();
    const folders = await Promise.all(Array.from({ length: 100 }, async () => makeOwnedFolder(join(directory, 'work-'))));
    made.abort();
    await cleaning;
    expect(await Promise.all(folders.map(async ({ path }) => exists(path)))).toEqual(folders.map(() => true));
    for (const folder of folders) await folder.remove();
  });
});

describe('a folder or file without an owner file', () => {
  it.each(['folder', 'file'])('a %s without an owner file is abandoned only after a day without a change', async (kind) => {
    const path = join(directory, 'work-0');
    await (kind === 'folder' ? mkdir(path) : writeFile(path, ''));
    expect(await removeIfAbandoned(path)).toBe(false);
    await utimes(path, DAY_AGO, DAY_AGO);
    expect([await removeIfAbandoned(path), await exists(path)]).toEqual([true, false]);
  });

  it('a folder without an owner file is not abandoned if something deep in it has changed', async () => {
    const path = join(directory, 'work-0');
    await mkdir(join(path, 'a'), { recursive: true });
    await writeFile(join(path, 'a/file'), '');
    for (const each of [join(path, 'a'), path]) await utimes(each, DAY_AGO, DAY_AGO);
    expect(await removeIfAbandoned(path)).toBe(false);
  });

  it('a file with the name of a work folder that belongs to another user is left alone', async () => {
    const path = join(directory, 'work-0');
    await writeFile(path, '');
    await utimes(path, DAY_AGO, DAY_AGO);
    await removeAbandoned(directory, /^work-/, { user: (process.getuid?.() ?? 0) + 1 });
    expect(await exists(path)).toBe(true);
  });

  it('a folder of an owner without the program flock is abandoned only after a day without a change', async () => {
    const path = await firstLine(start(['env', 'PATH='], OWNER, join(directory, 'work-')));
    expect([await removeIfAbandoned(path), await readdir(path)]).toEqual([false, []]);
    await utimes(path, DAY_AGO, DAY_AGO);
    expect([await removeIfAbandoned(path), await exists(path)]).toEqual([true, false]);
  });

  it('a process without the program flock removes nothing that has an owner file', async () => {
    const path = join(directory, 'work-0');
    await mkdir(path);
    await writeFile(join(path, '.owner'), '');
    await firstLine(start(['env', 'PATH='], CLEANER, directory));
    expect(await exists(path)).toBe(true);
  });
});

describe('a symbolic link in place of an owned folder or of a lock file', () => {
  it.each([
    ['without an owner file', []],
    ['with a free owner file', ['.owner']],
  ])('an old link to a folder %s is no work folder: the link and the files behind it stay', async (_, owner) => {
    const [other, link] = [join(directory, 'other'), join(directory, 'work-0')];
    await mkdir(join(other, 'deep'), { recursive: true });
    for (const name of [...owner, 'id_rsa', 'deep/file']) await writeFile(join(other, name), 'x');
    await symlink(other, link);
    for (const name of [...owner, 'id_rsa', 'deep/file', 'deep', '']) await utimes(join(other, name), DAY_AGO, DAY_AGO);
    await lutimes(link, DAY_AGO, DAY_AGO);
    const before = await readdir(directory, { recursive: true });
    await removeAbandoned(directory, /^work-/);
    expect([await removeIfAbandoned(link), await readdir(directory, { recursive: true })]).toEqual([false, before]);
  });

  it('a link in an abandoned folder is removed, and what it names stays', async () => {
    const [other, path] = [join(directory, 'other'), join(directory, 'work-0')];
    for (const each of [other, path]) await mkdir(each);
    await writeFile(join(other, 'id_rsa'), 'x');
    await symlink(other, join(path, 'link'));
    await lutimes(join(path, 'link'), DAY_AGO, DAY_AGO);
    await utimes(path, DAY_AGO, DAY_AGO);
    expect([await removeIfAbandoned(path), await readdir(directory), await readdir(other)]).toEqual([true, ['other'], ['id_rsa']]);
  });

  it.each([
    ['a symbolic link', async (path: string) => symlink(join(directory, 'new'), path)],
    ['a folder', async (path: string) => mkdir(path)],
  ])('%s in place of a lock file is refused in one line, and nothing is created', async (kind, make) => {
    const path = join(directory, 'lock');
    await make(path);
    await expect(withLockedFile(path, 1, async () => 'ran')).rejects.toThrow(
      `${path}: is ${kind}; expected a file that corematrix can lock; move it away`,
    );
    expect(await readdir(directory)).toEqual(['lock']);
  });
});

describe('owners in process namespaces', () => {
  it('a folder of a live owner survives a process in another namespace that removes abandoned ones', async (context) => {
    await needNamespaces(context);
    const path = await firstLine(start([], OWNER, join(directory, 'work-')));
    expect(await firstLine(start(NAMESPACE, CLEANER, directory))).toBe('done');
    expect(await exists(path)).toBe(true);
  });

  it('a folder of a live owner in a namespace survives a process outside and one in a third namespace, also while the owner is stopped', async (context) => {
    await needNamespaces(context);
    const owner = start(NAMESPACE, OWNER, join(directory, 'work-'));
    const path = await firstLine(owner);
    const { stdout } = await execa('pgrep', ['-P', String(owner.pid)]);
    process.kill(Number(stdout), 'SIGSTOP');
    await removeAbandoned(directory, /^work-/);
    expect(await firstLine(start(NAMESPACE, CLEANER, directory))).toBe('done');
    expect(await exists(path)).toBe(true);
  });

  it('the folders of a killed owner, in or outside a namespace, are removed by the next process', async (context) => {
    await needNamespaces(context);
    const owners = [start(NAMESPACE, OWNER, join(directory, 'work-')), start([], OWNER, join(directory, 'work-'))];
    const paths = await Promise.all(owners.map(firstLine));
    expect((await readdir(directory)).toSorted()).toEqual(paths.map((path) => basename(path)).toSorted());
    await Promise.all(
      owners.map(async (owner) => {
        const ended = once(owner, 'close');
        owner.kill('SIGKILL');
        await ended;
      }),
    );
    await expect.poll(async () => removeAbandoned(directory, /^work-/).then(async () => readdir(directory))).toEqual([]);
  });
});
