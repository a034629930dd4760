// Proves that the package works where it is installed: packs a clone, installs the tarball on fresh Debian machines in two ways as two users,
// and runs the commands there. Then once more where apt answers as Ubuntu 24.04's does.
// usage, as root: npm run proof:package [-- --twice] [-- TARBALL]
// --twice packs in two folders with two caches and compares all bytes; TARBALL is used instead of a new one.
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf } from '../../harness/base/errors.ts';
import { sha256Of } from '../../harness/base/digest.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { checkMachines, debianSite, disguiseAsUbuntu, freshDebian, type Machine, type User, USERS } from './fresh-debian.ts';
import { packClone } from './packed.ts';

const OBJECT = 'task_state.bpf.o';
const KERNEL = 'debian:6.1';
const FOLDER = '/package';
const TARBALL = `${FOLDER}/corematrix.tgz`;

/** A way to install the package, and the command that it gives. */
interface Installation {
  name: string;
  install: string;
  command: string;
}

const INSTALLATIONS: readonly Installation[] = [
  { name: 'in a project', install: `mkdir p && cd p && npm init -y && npm install ${TARBALL}`, command: 'npx corematrix' },
  {
    name: 'with a prefix',
    install: `mkdir p && cd p && npm install --global --prefix ~/tool ${TARBALL}`,
    command: '~/tool/bin/corematrix',
  },
];

/** A command on a machine, the exit code and the text that prove that it works. */
interface Step {
  args: string;
  exitCode: number;
  said: RegExp;
}

/** The commands of a new user. One program of the object fails on this kernel. */
const STEPS: readonly Step[] = [
  { args: 'doctor', exitCode: 0, said: /guest agent/ },
  { args: `predict ${OBJECT} -k ${KERNEL}`, exitCode: 1, said: /core-field-missing/ },
  { args: `run ${OBJECT} -k ${KERNEL}`, exitCode: 1, said: /2 pass, 1 fail/ },
  { args: `run ${OBJECT} -k ${KERNEL} --loader libbpf@1.1 --loader cilium@0.22 --loader aya@0.14`, exitCode: 1, said: /6 pass, 3 fail/ },
  { args: `explain ${OBJECT} -k ${KERNEL}`, exitCode: 1, said: /core-field-missing/ },
  { args: `init ${OBJECT}`, exitCode: 0, said: /corematrix\.yaml/ },
  { args: 'doctor', exitCode: 0, said: /booted in/ },
];

let failures = 0;

function report(name: string, isFine: boolean, said: string, started: number): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(`${isFine ? 'ok' : 'FAILED'}  ${name} (${seconds} s)\n`);
  if (isFine) return;
  failures += 1;
  for (const line of said.trimEnd().split('\n').slice(-40)) process.stdout.write(`        ${line}\n`);
}

async function withMachine(tarball: string, use: (machine: Machine) => Promise<void>): Promise<void> {
  const machine = await freshDebian();
  try {
    const folder = join(machine.root, FOLDER);
    await mkdir(folder);
    await copyFile(tarball, join(machine.root, TARBALL));
    await copyFile(join(PACKAGE_ROOT, 'programs/build', OBJECT), join(folder, OBJECT));
    await use(machine);
  } finally {
    await machine.remove();
  }
}

async function install(machine: Machine, user: User, { name, install: script }: Installation): Promise<boolean> {
  const started = performance.now();
  const { exitCode, said } = await machine.run(user, `${script} && cp ${FOLDER}/${OBJECT} .`);
  report(`${user}: install ${name}`, exitCode === 0, said, started);
  return exitCode === 0;
}

async function check(machine: Machine, user: User, command: string, { args, exitCode, said: pattern }: Step): Promise<void> {
  const started = performance.now();
  const { exitCode: actual, said } = await machine.run(user, `cd p && ${command} ${args}`);
  report(`${user}: corematrix ${args}: exit ${actual ?? 'by a signal'}`, actual === exitCode && pattern.test(said), said, started);
}

async function onDebian(tarball: string, user: User, installation: Installation): Promise<void> {
  await withMachine(tarball, async (machine) => {
    if (!(await install(machine, user, installation))) return;
    for (const step of STEPS) await check(machine, user, installation.command, step);
  });
}

/** Where apt knows no Debian mirror and no key of Debian, the package has the keys, and the user names a mirror. */
async function onUbuntu(tarball: string, installation: Installation): Promise<void> {
  const site = await debianSite();
  const named = ` --mirror ${site}`;
  await withMachine(tarball, async (machine) => {
    await disguiseAsUbuntu(machine);
    if (!(await install(machine, 'tester', installation))) return;
    const without = { args: `predict ${OBJECT} -k ${KERNEL}`, exitCode: 2, said: /--mirror/ };
    const steps = STEPS.map((step) => (step.args.includes(KERNEL) ? { ...step, args: step.args + named } : step));
    for (const step of [without, ...steps]) await check(machine, 'tester', installation.command, step);
  });
}

/** Packs a clone, and checks the tarball. Returns its path. */
async function pack(folder: string, twice: boolean): Promise<string> {
  const started = performance.now();
  const { tarball, size, files } = await packClone(join(folder, 'one'), {});
  report(`npm pack in a clean clone: ${(size / 1e6).toFixed(2)} MB`, size < 6e6, 'it is larger than 6 MB', started);
  const archives = ['agents-x86_64.br', 'agents-arm64.br', 'loaders-x86_64.br'].filter((name) => !files.includes(`prebuilt/${name}`));
  report('the package has all its programs', archives.length === 0, `without ${archives.join(', ')}`, started);
  if (twice) {
    const again = performance.now();
    const other = await packClone(join(folder, 'other/place'), { COREMATRIX_CACHE: join(folder, 'cache') });
    const same = (await sha256Of(tarball)) === (await sha256Of(other.tarball));
    report('npm pack in another folder with an empty cache: the same bytes', same, 'the tarballs differ', again);
  }
  return tarball;
}

async function prove(tarball: string): Promise<void> {
  for (const user of USERS) for (const installation of INSTALLATIONS) await onDebian(tarball, user, installation);
  for (const installation of INSTALLATIONS.slice(0, 1)) {
    process.stdout.write('as on Ubuntu 24.04:\n');
    await onUbuntu(tarball, installation);
  }
}

const folder = await mkdtemp(join(tmpdir(), 'corematrix-proof-'));
try {
  await checkMachines();
  const given = process.argv.slice(2).find((word) => word.endsWith('.tgz'));
  await prove(given === undefined ? await pack(folder, process.argv.includes('--twice')) : resolve(given));
} catch (error) {
  process.stdout.write(`error: ${messageOf(error)}\n`);
  failures += 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.stdout.write(failures === 0 ? 'the package works where it was installed\n' : `${failures} failed\n`);
process.exitCode = failures === 0 ? 0 : 1;
