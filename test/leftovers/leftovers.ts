// Finds the leftovers of tests on this machine: processes, files and listening sockets.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The folder of this run of vitest, below which every test file has its own. */
export const RUN_FOLDER = 'COREMATRIX_TEST_RUN';
/** The folder of one test file. Every process that the file starts inherits the variable, which identifies the file. */
const FILE_FOLDER = 'COREMATRIX_TEST_FOLDER';

/** Time limit for the end of a killed process, also on a busy machine. */
const END_TIMEOUT_MS = 10_000;
const LISTENS_TCP = '0A';
/** `__SO_ACCEPTCON` in include/uapi/linux/net.h of the kernel. */
const LISTENS_UNIX = 0x1_00_00;
const SHOWN_COMMAND = 120;

/** A process with the command line it was started with. */
interface Started {
  pid: number;
  command: string;
}

async function textOf(path: string): Promise<string> {
  // A process may end while its files are read, and a process of another user is not of these tests.
  return readFile(path, 'utf8').catch(() => '');
}

/** Makes a temporary folder that the test file and its processes then use. */
export async function useOwnFolder(run: string, file: string): Promise<string> {
  const folder = join(run, `${file}-${randomBytes(3).toString('hex')}`);
  await mkdir(folder);
  process.env['TMPDIR'] = folder;
  process.env[FILE_FOLDER] = folder;
  return folder;
}

/** Removes the empty folders of test files. Vitest calls no hook of a file whose tests are all skipped, so that its folder stays. */
export async function removeUnusedFolders(run: string): Promise<void> {
  const names = await readdir(run).catch(() => []);
  for (const name of names.filter((each) => /-[0-9a-f]{6}$/.test(each))) await rmdir(join(run, name)).catch(() => undefined);
}

/** The processes of test files whose folder is this one or is below it. */
async function processesOf(folder: string): Promise<Started[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const environment = (await textOf(`/proc/${pid}/environ`)).split('\0');
      const own = environment.find((entry) => entry.startsWith(`${FILE_FOLDER}=`))?.slice(FILE_FOLDER.length + 1) ?? '';
      if (own !== folder && !own.startsWith(`${folder}/`)) return [];
      const command = (await textOf(`/proc/${pid}/cmdline`)).replaceAll('\0', ' ').trim();
      return [{ pid, command: command.slice(0, SHOWN_COMMAND) }];
    }),
  );
  return found.flat();
}

/**
 * The sockets on which a process listens, as `TCP port 80` or `socket /run/x`.
 * @see https://www.kernel.org/doc/Documentation/networking/proc_net_tcp.txt
 */
async function listeningSockets(pid: number): Promise<string[]> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(descriptors.map(async (name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')));
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const [ipv4, ipv6, unix] = await Promise.all(
    ['tcp', 'tcp6', 'unix'].map(async (name) =>
      (await textOf(`/proc/${pid}/net/${name}`)).split('\n').map((line) => line.trim().split(/\s+/)),
    ),
  );
  const tcp = [...(ipv4 ?? []), ...(ipv6 ?? [])].flatMap(([, address = '', , state, , , , , , inode = '']) =>
    state === LISTENS_TCP && inodes.has(inode) ? [`TCP port ${Number.parseInt(address.split(':').at(-1) ?? '', 16)}`] : [],
  );
  const named = (unix ?? []).flatMap(([, , , flags = '', , , inode = '', path]) =>
    (Number.parseInt(flags, 16) & LISTENS_UNIX) !== 0 && inodes.has(inode) ? [`socket ${path ?? 'without a path'}`] : [],
  );
  return [...tcp, ...named];
}

/** Finds leftovers, one line each: files below a folder, processes of its test files, sockets of `listener`. */
async function listed(folder: string, listener: number | null): Promise<string[]> {
  const processes = await processesOf(folder);
  const files = await readdir(folder).catch(() => []);
  const sockets = listener === null ? [] : await listeningSockets(listener);
  const ofProcesses = processes.map(async ({ pid, command }) => {
    const listens = await listeningSockets(pid);
    return [`process ${pid}: ${command}`, ...listens.map((socket) => `process ${pid} listens on ${socket}`)];
  });
  return [
    ...(await Promise.all(ofProcesses)).flat(),
    ...files.map((name) => `file ${join(folder, name)}`),
    ...sockets.map((socket) => `the test process listens on ${socket}`),
  ];
}

/**
 * Gives everything time to end, then ends and removes the leftovers of test files, and returns one line for each.
 * @param folder the folder of one test file or of the run
 * @param listener a process whose own sockets count, too
 */
export async function clearLeftovers(folder: string, listener: number | null): Promise<string[]> {
  const until = performance.now() + END_TIMEOUT_MS;
  let left = await listed(folder, listener);
  while (left.length > 0 && performance.now() < until) {
    await sleep(100);
    left = await listed(folder, listener);
  }
  for (const { pid } of await processesOf(folder)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process has ended by itself.
    }
  }
  await rm(folder, { recursive: true, force: true });
  return left;
}
