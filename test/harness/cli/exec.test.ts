// Tests of `corematrix exec` with real guests: executables, scripts and test binaries of this machine.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { corematrix, MAIN, steady } from './command.ts';

const KERNEL = 'debian:6.12';
const RUNNER = `node ${MAIN} exec -k ${KERNEL}`;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'exec-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** A new folder with files. */
async function project(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const path = join(folder, name);
  await mkdir(path, { recursive: true });
  for (const [file, text] of Object.entries(files))
    await writeFile(join(path, file), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
  return path;
}

const said = (text: string) => steady(text).replaceAll(folder, 'FOLDER');
const exec = async (cwd: string, ...args: string[]) => corematrix(cwd, ['exec', '-k', KERNEL, ...args]);

async function hasProgram(...command: [string, ...string[]]): Promise<boolean> {
  const [program, ...args] = command;
  const { failed } = await execa(program, args, { reject: false });
  if (failed) process.stderr.write(`skipped: ${command.join(' ')} does not run on this machine\n`);
  return !failed;
}

const hasGo = await hasProgram('go', 'version');
const hasRust = await hasProgram('rustc', '--version');
const hasPerl = await hasProgram('perl', '-v');

const C_PROGRAM = `
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
int main(int count, char **arguments)
{
	const char *wish = count > 1 ? arguments[1] : "";
	char folder[4096];
	printf("%s in %s\\n", wish, getcwd(folder, sizeof(folder)));
	fprintf(stderr, "TOKEN=%s HOME=%s\\n", getenv("TOKEN") ? getenv("TOKEN") : "none", getenv("HOME"));
	if (strcmp(wish, "crash") == 0)
		raise(SIGSEGV);
	if (strcmp(wish, "hang") == 0)
		pause();
	return strcmp(wish, "fine") == 0 ? 0 : 3;
}
`;

async function compiled(name: string, ...flags: string[]): Promise<string> {
  const path = await project(name, { 'three.c': C_PROGRAM });
  await execa('gcc', ['-O1', 'three.c', '-o', 'three', ...flags], { cwd: path });
  return path;
}

test('an executable runs in a guest in the same folder, and its output and exit status are passed on', async () => {
  const path = await compiled('status');
  const { stdout, stderr, exitCode } = await exec(path, '--', './three', 'one');
  expect([stdout, stderr, exitCode]).toEqual([`one in ${path}`, 'TOKEN=none HOME=/root', 3]);
  expect((await exec(path, '--', './three', 'fine')).exitCode).toBe(0);
});

test('options after the executable belong to it, with and without "--" before it', async () => {
  const path = await project('options', { 'words.sh': '#!/bin/sh\nfor word; do echo "$word"; done\n' });
  const words = ['-v', '--timeout', '1', '-k', 'debian:5.10', '--', '--help'];
  for (const separator of [[], ['--']]) {
    const { stdout, stderr, exitCode } = await exec(path, ...separator, './words.sh', ...words);
    expect([stdout.split('\n'), stderr, exitCode]).toEqual([words, '', 0]);
  }
  const { stderr, exitCode } = await corematrix(path, ['exec', './words.sh', '-k', KERNEL]);
  expect([stderr, exitCode]).toEqual([
    'error: no kernel: name one with -k before the program; options after the program belong to the program',
    2,
  ]);
});

test('a signal becomes 128 and its number, and a time limit is no verdict', async () => {
  const path = await compiled('ends', '-static');
  const crashed = await exec(path, '--', './three', 'crash');
  expect([crashed.exitCode, said(crashed.stderr)]).toEqual([
    139,
    expect.stringContaining('corematrix exec: signal 11 ended the executable on debian-6.12-REST'),
  ]);
  const hung = await exec(path, '--timeout', '2', '--', './three', 'hang');
  expect([hung.exitCode, said(hung.stderr)]).toEqual([
    3,
    expect.stringContaining(
      'corematrix exec: no verdict on debian-6.12-REST: the executable did not end within 2 s; --timeout changes the limit',
    ),
  ]);
});

test('only named variables get into the guest, and no value of them into the report', async () => {
  const path = await compiled('variables');
  const { stderr } = await corematrix(path, [
    'exec',
    '-k',
    KERNEL,
    '--env',
    'TOKEN=hunter2',
    '-o',
    'report',
    './three',
    'fine',
    '--env',
    'A=b',
  ]);
  expect(stderr).toContain('TOKEN=hunter2');
  const inherited = await corematrix(path, ['exec', '-k', KERNEL, '--env', 'TOKEN', '--', './three', 'fine'], { TOKEN: 'hunter3' });
  expect(inherited.stderr).toContain('TOKEN=hunter3');
  const results = JSON.parse(await readFile(join(path, 'report/results.json'), 'utf8'));
  expect(results.run.command.slice(1)).toEqual([
    'exec',
    '-k',
    KERNEL,
    '--env',
    'TOKEN=…',
    '-o',
    'report',
    './three',
    'fine',
    '--env',
    'A=b',
  ]);
});

test('the output of an executable on one kernel is passed on byte by byte', async () => {
  const path = await project('bytes', { 'print.sh': "#!/bin/sh\nprintf 'a\\r\\n\\377\\0 no newline'\nprintf 'err\\200' >&2\n" });
  const { stdout, stderr } = await execa('node', [MAIN, 'exec', '-k', KERNEL, '--', './print.sh'], { cwd: path, encoding: 'buffer' });
  expect([...stdout]).toEqual([...Buffer.from('a\r\n\xff\0 no newline', 'latin1')]);
  expect([...stderr]).toEqual([...Buffer.from('err\x80', 'latin1')]);
});

test('several kernels are shown as a matrix with the reason, and the report has a row for each', async () => {
  const path = await compiled('kernels');
  const { stdout, exitCode } = await exec(path, '-k', 'debian:5.10', '-o', 'report', '--', './three', 'two');
  expect(`${said(stdout)}\nexit ${exitCode}`).toMatchInlineSnapshot(`
    "
                  5.10 6.12
    three
      exit status FAIL FAIL

    fail executable-failed: the executable exits with status 3: TOKEN=none HOME=/root [8d38ab39b16f]
         three/exit status on 5.10, 6.12

    2 fail (2 kernels, 1 executable, N s, ACCEL)
    exit 1"
  `);
});

test('shared libraries are found by RPATH, RUNPATH, $ORIGIN and through other libraries, as ldd finds them', async () => {
  const path = await project('libraries', {
    'deep.c': 'int deep(void) { return 7; }',
    'near.c': 'int deep(void); int near(void) { return deep(); }',
    'main.c': 'int near(void); int main(void) { return near(); }',
  });
  const gcc = async (...args: string[]) => execa('gcc', args, { cwd: path });
  await mkdir(join(path, 'lib/sub'), { recursive: true });
  await gcc('-shared', '-fPIC', 'deep.c', '-o', 'lib/sub/libdeep.so');
  await gcc('-shared', '-fPIC', 'near.c', '-o', 'lib/libnear.so', '-Llib/sub', '-ldeep', '-Wl,-rpath,$ORIGIN/sub');
  await gcc('main.c', '-o', 'runpath', '-Llib', '-lnear', '-Wl,-rpath,$ORIGIN/lib', '-Wl,-rpath-link,lib/sub');
  await gcc('-shared', '-fPIC', 'near.c', '-o', 'lib/libfar.so', '-Llib/sub', '-ldeep');
  const both = '-Wl,--disable-new-dtags,-rpath,$ORIGIN/lib:$ORIGIN/lib/sub';
  await gcc('main.c', '-o', 'rpath', '-Llib', '-lfar', '-Wl,-rpath-link,lib/sub', both);
  for (const program of ['./runpath', './rpath']) {
    expect((await execa('ldd', [program], { cwd: path })).stdout.replaceAll('/./', '/')).toContain(join(path, 'lib/sub/libdeep.so'));
    expect((await exec(path, '--', program)).exitCode).toBe(7);
  }
  await rm(join(path, 'lib/sub/libdeep.so'));
  const missing = await exec(path, '--', './runpath');
  expect([missing.exitCode, said(missing.stderr)]).toEqual([
    2,
    expect.stringContaining(
      'error: ./runpath: the shared library libdeep.so, which libnear.so needs, is not on this machine; looked for in FOLDER/libraries/lib/sub,',
    ),
  ]);
});

test('an executable that cannot run in a guest is a usage error that names what is wrong', async () => {
  const path = await compiled('refused');
  const bytes = await readFile(join(path, 'three'));
  bytes.writeUInt16LE(183, 18);
  await writeFile(join(path, 'other'), bytes, { mode: 0o755 });
  await writeFile(join(path, 'plain'), 'text');
  await writeFile(join(path, 'script'), '#!/no/such/shell\n', { mode: 0o755 });
  const refused = async (...args: string[]) => {
    const { stderr, exitCode } = await exec(path, ...args);
    return `${said(stderr)} (exit ${exitCode})`;
  };
  expect([
    await refused('--', './other'),
    await refused('--', './plain'),
    await refused('--', './script'),
    await refused('--', './none'),
    await refused('--', 'no-such-program'),
    await refused('--with', 'nothing', '--', './three'),
    await refused('--with', 'three:/proc/x', '--', './three'),
    await refused('--format', 'tap', '--', './three'),
    await refused('-k', 'debian:6.12/arm64', '--', './three'),
  ]).toMatchInlineSnapshot(`
    [
      "error: ./other: an executable for arm64, but guests are x86-64 (exit 2)",
      "error: ./plain: not executable; "chmod +x ./plain" makes it so (exit 2)",
      "error: ./script: its interpreter /no/such/shell: no such file (exit 2)",
      "error: ./none: no such file (exit 2)",
      "error: no-such-program: no such program in PATH; a path such as ./no-such-program names one in this folder (exit 2)",
      "error: --with nothing: no such file or folder (exit 2)",
      "error: --with three:/proc/x: /proc/x is taken in the guest; choose another path there (exit 2)",
      "error: --format needs a report folder; name one with -o (exit 2)",
      "error: three: an executable for x86-64, but debian-6.12.118+deb13-cloud-arm64 is a kernel for arm64 (exit 2)",
    ]
  `);
});

test('a named file that a guest cannot get, or that another one would hide, is a usage error before any guest starts', async () => {
  const path = await project('hidden', { 'check.sh': '#!/bin/sh\n', one: '1', other: '2' });
  await execa('mkfifo', ['pipe'], { cwd: path });
  await symlink('loop', join(path, 'loop'));
  const refused = async (...named: string[]) => {
    const { stderr, exitCode } = await exec(path, ...named.flatMap((text) => ['--with', text]), '--', './check.sh');
    return `${said(stderr)} (exit ${exitCode})`;
  };
  expect([
    await refused('one:/a', 'other:/a'),
    await refused('one:/a', 'other:/a/b'),
    await refused('one:check.sh'),
    await refused('one:/root'),
    await refused('one:/a/'),
    await refused('one:'),
    await refused('one:/../../x'),
    await refused(''),
    await refused('pipe'),
    await refused('/dev/zero:/zero'),
    await refused('loop'),
    await refused('/proc'),
    await refused('/sys/kernel:/kernel'),
  ]).toMatchInlineSnapshot(`
    [
      "error: --with other:/a and --with one:/a both put a file at /a in the guest; choose another guest path for one of them (exit 2)",
      "error: --with one:/a puts a file at /a, but --with other:/a/b needs a folder there; choose another guest path for one of them (exit 2)",
      "error: the program and --with one:check.sh both put a file at FOLDER/hidden/check.sh in the guest; choose another guest path for one of them (exit 2)",
      "error: --with one:/root puts a file at /root, but the guest needs a folder there; choose another guest path for one of them (exit 2)",
      "error: --with one:/a/: the guest path ends in "/", but FOLDER/hidden/one is a file; type one:/a/one (exit 2)",
      "error: --with one:: there is no guest path after the colon; expected PATH or PATH:GUESTPATH (exit 2)",
      "error: --with one:/../../x: the guest path has ".."; expected an absolute path, or one below the working folder, without ".." (exit 2)",
      "error: --with "": there is no path; expected PATH or PATH:GUESTPATH (exit 2)",
      "error: --with pipe: is a named pipe; expected a file for a guest (exit 2)",
      "error: --with /dev/zero:/zero: is a device; expected a file for a guest (exit 2)",
      "error: --with loop: a link that leads to itself; name a file or folder (exit 2)",
      "error: --with /proc: a folder of the kernel (/proc, /sys, /dev), which cannot be packed; name single files in it (exit 2)",
      "error: --with /sys/kernel:/kernel: a folder of the kernel (/proc, /sys, /dev), which cannot be packed; name single files in it (exit 2)",
    ]
  `);
});

test('a program without a name and a script whose interpreter cannot start are usage errors that say what is expected', async () => {
  const path = await project('interpreters', { 'denied.sh': '#!./shell\n', 'missing.sh': '#!/usr/bin/env no-such-shell\n', shell: 'x' });
  await writeFile(join(path, 'plain'), 'echo text\n', { mode: 0o755 });
  await writeFile(join(path, 'damaged'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0xff]), { mode: 0o755 });
  const refused = async (program: string) => {
    const { stderr, exitCode } = await exec(path, '--', program);
    return `${said(stderr)} (exit ${exitCode})`;
  };
  expect([
    await refused('./denied.sh'),
    await refused('./missing.sh'),
    await refused('./plain'),
    await refused('./damaged'),
    await refused(''),
  ]).toMatchInlineSnapshot(`
    [
      "error: ./denied.sh: its interpreter ./shell is not executable; "chmod +x ./shell" makes it so (exit 2)",
      "error: ./missing.sh: its interpreter no-such-shell is in no folder of PATH (exit 2)",
      "error: ./plain: a text file, and its first line names no interpreter; the first line of a script must be "#!" and the path of its interpreter, such as #!/bin/sh (exit 2)",
      "error: ./damaged: not an executable: truncated: 6 bytes are fewer than an ELF header (exit 2)",
      "error: the name of the program is empty; expected a path, or the name of a program in PATH (exit 2)",
    ]
  `);
});

test('options of a report folder are refused without one', async () => {
  const refused = async (...options: string[]) => {
    const { stderr, exitCode } = await exec(folder, ...options, '--', 'true');
    return `${said(stderr)} (exit ${exitCode})`;
  };
  expect([
    await refused('--bundle'),
    await refused('--format', 'tap'),
    await refused('--html-assets', 'external'),
    await refused('--force'),
  ]).toMatchInlineSnapshot(`
    [
      "error: --bundle needs a report folder; name one with -o (exit 2)",
      "error: --format needs a report folder; name one with -o (exit 2)",
      "error: --html-assets needs a report folder; name one with -o (exit 2)",
      "error: --force needs a report folder; name one with -o (exit 2)",
    ]
  `);
});

test.skipIf(!hasGo)('go test -exec runs the tests of a package in a guest with its testdata, and a failed test is a row', async () => {
  const path = await project('gopackage', {
    'go.mod': 'module example.org/probe\n\ngo 1.20\n',
    'probe_test.go': `package probe

import (
	"os"
	"strings"
	"testing"
)

func TestKernel(t *testing.T) {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil || !strings.HasPrefix(string(release), "6.12.") {
		t.Fatalf("%s %v", release, err)
	}
}

func TestData(t *testing.T) {
	want, err := os.ReadFile("testdata/want.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Run("inner", func(t *testing.T) { t.Errorf("got 3, want %s", want) })
}

func TestSecret(t *testing.T) {
	if _, err := os.ReadFile("testdata/link.txt"); err == nil {
		t.Error("a link that leaves testdata was followed")
	}
}
`,
  });
  await mkdir(join(path, 'testdata'));
  await writeFile(join(path, 'testdata/want.txt'), '4');
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await symlink(join(folder, 'secret.txt'), join(path, 'testdata/link.txt'));
  const env = { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' };
  const { stdout, exitCode } = await execa('go', ['test', '-json', '-exec', RUNNER, './...'], { cwd: path, env, reject: false });
  const events = stdout.split('\n').map((line) => JSON.parse(line));
  const ended = events.filter(({ Action, Test }) => Test !== undefined && (Action === 'pass' || Action === 'fail'));
  expect([exitCode, ended.map(({ Action, Test }) => `${Action} ${Test}`)]).toEqual([
    1,
    ['pass TestKernel', 'fail TestData/inner', 'fail TestData', 'pass TestSecret'],
  ]);
  await execa('go', ['test', '-c', '-o', 'probe.test', '.'], { cwd: path, env });
  await exec(path, '-o', 'report', '--', './probe.test', '-test.v');
  const { objects, cells } = JSON.parse(await readFile(join(path, 'report/results.json'), 'utf8'));
  expect([objects[0].id, cells[0].reason]).toEqual(['probe', 'TestData/inner (and 1 more): probe_test.go:21: got 3, want 4']);
  const junit = await readFile(join(path, 'report/junit.xml'), 'utf8');
  expect(junit).toContain('<failure message="probe_test.go:21: got 3, want 4" type="test-failed"');
});

test.skipIf(!hasRust)('a test binary of Rust runs as under the runner of cargo, and its tests are rows', async () => {
  const path = await project('rust', {
    'lib.rs': `
#[test] fn good() {}
#[test] fn bad() { assert_eq!(3, 4); }
`,
  });
  await execa('rustc', ['--edition', '2021', '--test', 'lib.rs', '-o', 'lib-test'], { cwd: path });
  const [program = '', ...args] = RUNNER.split(' ');
  const { stdout, exitCode } = await execa(program, [...args, join(path, 'lib-test')], { cwd: path, reject: false });
  expect([exitCode, stdout]).toEqual([101, expect.stringContaining('test result: FAILED. 1 passed; 1 failed')]);
  await exec(path, '-o', 'report', '--', './lib-test');
  const { cells } = JSON.parse(await readFile(join(path, 'report/results.json'), 'utf8'));
  expect(cells[0].programs.map(({ name, status, reason }: Record<string, unknown>) => [name, status, reason])).toEqual([
    ['bad', 'fail', 'lib.rs:3:20: assertion `left == right` failed left: 3 right: 4'],
    ['good', 'pass', null],
  ]);
});

test('a script that prints TAP runs with its interpreter and with named files and folders', async () => {
  const path = await project('tap', {
    'check.sh':
      '#!/bin/sh\n. ./lib/report.sh\necho 1..2\nreport 1 loads "$(read -r line < /data/value; echo "$line")"\nreport 2 counts 4\n',
    value: '3\n',
  });
  await mkdir(join(path, 'lib'));
  await writeFile(
    join(path, 'lib/report.sh'),
    'report() { [ "$3" = 3 ] && echo "ok $1 - $2" || { echo "not ok $1 - $2"; echo "# got $3, want 3"; failed=1; }; }\n',
  );
  const files = ['--with', 'lib', '--with', 'value:/data/value'];
  const { stdout, exitCode, stderr } = await exec(path, ...files, '-o', 'report', '--', './check.sh');
  expect([exitCode, stdout, said(stderr)]).toEqual([
    1,
    '1..2\nok 1 - loads\nnot ok 2 - counts\n# got 4, want 3',
    'corematrix exec: debian-6.12-REST: counts: got 4, want 3',
  ]);
});

test.skipIf(!hasPerl)('an interpreter without its standard library is a usage error that names the option to type', async () => {
  const path = await project('perl', {
    'check.pl': '#!/usr/bin/env perl\nuse strict;\nuse warnings;\nmy $text = sprintf("%s", "perl runs");\nprint "$text\\n";\n',
  });
  const missing = await exec(path, '--', './check.pl');
  const option = /^error: perl needs its standard library, which the guest does not have; add (--with) (\/\S+)$/.exec(missing.stderr);
  expect([missing.exitCode, option?.[1]]).toEqual([2, '--with']);
  const { stdout, exitCode } = await exec(path, '--with', option?.[2] ?? '', '--', './check.pl');
  expect([exitCode, stdout]).toEqual([0, 'perl runs']);
});

test('a shim of a version manager is refused with the program that it starts and the command to type, which works', async () => {
  const shim = '#!/bin/sh\nexec manager exec "$0" "$@"\n';
  const path = await project('shims', { 'check.tool': '#!/usr/bin/env tool\necho "$1 runs"\n' });
  await mkdir(join(path, 'manager/shims'), { recursive: true });
  await writeFile(join(path, 'manager/shims/tool'), shim, { mode: 0o755 });
  await writeFile(join(path, 'manager/shims/gone'), shim, { mode: 0o755 });
  await writeFile(join(path, 'manager/version'), '1.9\n');
  for (const version of ['1.9', '1.10', '1.2']) {
    await mkdir(join(path, 'manager/versions', version, 'bin'), { recursive: true });
    await cp('/bin/sh', join(path, 'manager/versions', version, 'bin/tool'), { dereference: true });
  }
  const env = { PATH: `${join(path, 'manager/shims')}:${process.env['PATH'] ?? ''}` };
  const refused = async (...args: string[]) => {
    const { stderr, exitCode } = await corematrix(path, ['exec', '-k', KERNEL, ...args], env);
    return `${said(stderr)} (exit ${exitCode})`;
  };
  expect([await refused('./check.tool'), await refused('tool', 'check.tool'), await refused('gone')]).toMatchInlineSnapshot(`
    [
      "error: ./check.tool: its interpreter FOLDER/shims/manager/shims/tool is a shim of a version manager: it starts another program, which the guest does not have; type: corematrix exec -k SELECTOR --with ./check.tool FOLDER/shims/manager/versions/1.9/bin/tool ./check.tool (also here: FOLDER/shims/manager/versions/1.10/bin/tool, FOLDER/shims/manager/versions/1.2/bin/tool) (exit 2)",
      "error: tool: FOLDER/shims/manager/shims/tool is a shim of a version manager: it starts another program, which the guest does not have; type: corematrix exec -k SELECTOR FOLDER/shims/manager/versions/1.9/bin/tool (also here: FOLDER/shims/manager/versions/1.10/bin/tool, FOLDER/shims/manager/versions/1.2/bin/tool) (exit 2)",
      "error: gone: FOLDER/shims/manager/shims/gone is a shim of a version manager: it starts another program, which the guest does not have; name that program itself, by its path (exit 2)",
    ]
  `);
  const typed = ['--with', './check.tool', join(path, 'manager/versions/1.9/bin/tool'), './check.tool', 'it'];
  const { stdout, exitCode } = await corematrix(path, ['exec', '-k', KERNEL, ...typed], env);
  expect([exitCode, stdout]).toEqual([0, 'it runs']);
});

test('standard input is given to the executable on request only, and a variable without a value is told', async () => {
  const path = await project('input', { 'read.sh': '#!/bin/sh\nwhile read -r line; do echo "got $line"; done\necho end\n' });
  const run = async (...args: string[]) => {
    const { stdout, stderr } = await execa('node', [MAIN, 'exec', '-k', KERNEL, ...args, './read.sh'], { cwd: path, input: 'one\ntwo\n' });
    return [stdout, stderr];
  };
  expect(await run()).toEqual(['end', '']);
  expect(await run('--stdin', '--env', 'NO_SUCH_VARIABLE')).toEqual([
    'got one\ngot two\nend',
    'note: --env NO_SUCH_VARIABLE: it is not set here, so the guest does not get it',
  ]);
});

test('a program that a script calls and that the guest lacks is a usage error that names the option to type', async () => {
  await project('calls/bin', { 'own-tool': '#!/bin/sh\necho "own-tool runs"\n' });
  const path = await project('calls', { 'check.sh': '#!/bin/sh\nno-such-program\nown-tool\n' });
  const env = { PATH: `${join(path, 'bin')}:${process.env['PATH'] ?? ''}` };
  const missing = await corematrix(path, ['exec', '-k', KERNEL, './check.sh'], env);
  expect([missing.exitCode, said(missing.stderr).split('\n').at(-1)]).toEqual([
    2,
    'error: check.sh calls no-such-program, own-tool, which the guest does not have; add --with FOLDER/calls/bin/own-tool:/usr/local/bin/own-tool',
  ]);
  const option = /(--with) (\S+)$/.exec(missing.stderr);
  const { stdout, exitCode } = await exec(path, '--with', option?.[2] ?? '', './check.sh');
  expect([exitCode, stdout]).toEqual([0, 'own-tool runs']);
});

test('an interrupted exec writes the report of what is finished, and the next command is the same exec', async () => {
  const path = await project('interrupted', { 'long.sh': '#!/bin/sh\nwhile :; do :; done\n' });
  const args = [MAIN, 'exec', '-k', KERNEL, '-k', 'debian:5.10', '-o', 'report', './long.sh', '-v'];
  const running = execa('node', args, { cwd: path, reject: false, stdin: 'ignore' });
  await new Promise<void>((resolve) => {
    let seen = '';
    running.stderr.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (/^long\.sh on 2 kernels/m.test(seen)) resolve();
    });
  });
  running.kill('SIGINT');
  const { exitCode, stderr } = await running;
  const lines = said(stderr).split('\n').slice(1);
  expect([exitCode, lines]).toEqual([
    130,
    [
      'interrupted: ending guests and writing the report of finished cells (Ctrl-C again exits at once)',
      'report: report/index.html',
      `next: corematrix exec -k ${KERNEL} -k debian:5.10 -o report ./long.sh -v`,
    ],
  ]);
  const { run, cells } = JSON.parse(await readFile(join(path, 'report/results.json'), 'utf8'));
  expect([run.complete, cells.length]).toEqual([false, 2]);
});

test('a file in JUnit XML that the program writes gives the rows, and without the file the program fails', async () => {
  const xml =
    '<testsuite><testcase classname="a" name="good"/><testcase classname="a" name="bad"><failure message="3 is not 4"/></testcase></testsuite>';
  const path = await project('results', { 'check.sh': `#!/bin/sh\n[ "$1" = none ] || echo '${xml}' > out.xml\nexit 0\n` });
  const ran = async (...args: string[]) => {
    const { stderr, exitCode } = await exec(path, '--results', 'out.xml', '-o', 'report', '--', './check.sh', ...args);
    const { cells } = JSON.parse(await readFile(join(path, 'report/results.json'), 'utf8'));
    return [exitCode, said(stderr), cells[0].programs.map(({ name, status }: Record<string, string>) => `${status} ${name}`)];
  };
  expect(await ran()).toEqual([1, 'corematrix exec: debian-6.12-REST: a.bad: 3 is not 4', ['pass a.good', 'fail a.bad']]);
  expect(await ran('none')).toEqual([
    1,
    'corematrix exec: debian-6.12-REST: FOLDER/results/out.xml: it cannot be read: ENOENT',
    ['fail exit status'],
  ]);
});

test('rerun runs an executable again from the bundle, although nothing else of it is left', async () => {
  const path = await project('moved', {
    'check.sh': '#!/bin/sh\nread -r line < word.txt\necho "$line $TOKEN $1"\nexit 3\n',
    'word.txt': 'hello',
  });
  const args = ['--with', 'word.txt', '--env', 'TOKEN=hunter2', '-o', '../report', './check.sh', '-v'];
  await corematrix(path, ['exec', '-k', KERNEL, '--bundle', ...args]);
  const report = join(folder, 'report');
  expect((await readFile(join(report, 'bundle.tar'))).includes('hunter2')).toBe(false);
  await rm(path, { recursive: true });
  const rerun = async (out: string, env: Record<string, string> = {}, ...more: string[]) => {
    const { stderr, exitCode } = await corematrix(folder, ['rerun', 'report', '6.12/check.sh', '-o', out, ...more], env);
    return `${said(stderr)} (exit ${exitCode})`;
  };
  expect(await rerun('again')).toMatchInlineSnapshot(`
    "note: the executable and its files are those of report/bundle.tar
    note: TOKEN had a value in that run, and is not set here, so the guest does not get it
    check.sh on 1 kernel, N at a time
    fail check.sh on 6.12: the executable exits with status 3: hello -v
    report: FOLDER/again/debian-6.12-REST.check.sh/index.html
    the same guest by hand: FOLDER/again/debian-6.12-REST.check.sh/qemu.sh (exit 1)"
  `);
  const [name = ''] = await readdir(join(folder, 'again'));
  const { cells } = JSON.parse(await readFile(join(folder, 'again', name, 'results.json'), 'utf8'));
  expect([cells[0].ended, cells[0].class]).toEqual([{ status: 3, signal: null }, 'executable-failed']);
  expect(await rerun('third', { TOKEN: 'hunter3' })).toContain('hello hunter3 -v');
  expect(await rerun('untrusted', {}, '--untrusted')).toBe(
    'error: report/bundle.tar: check.sh: refused because the bundle is not trusted: it is an executable (exit 2)',
  );
  await rm(join(report, 'bundle.tar'));
  expect(await rerun('without')).toMatchInlineSnapshot(
    `"error: check.sh is an executable, and report/bundle.tar with its files is missing; "exec --bundle" writes it; to run it again: corematrix exec -k debian:6.12 --bundle --with word.txt --env 'TOKEN=…' -o ../report ./check.sh -v (exit 2)"`,
  );
});

test('a hostile file in place of the results is refused with the reason, and the guest still answers', async () => {
  const xml = '<testsuite><testcase classname="a" name="good"/></testsuite>';
  const path = await project('hostile-results', {
    'make.sh': `#!/bin/sh
case $1 in
  huge) truncate -s 9G "$2" ;;
  large) truncate -s 8388609 "$2" ;;
  full) head -c 8388608 /dev/zero > "$2" ;;
  pipe) mkfifo "$2" ;;
  device) ln -s /dev/zero "$2" ;;
  kernel) ln -s /proc/kmsg "$2" ;;
  loop) ln -s "$2" "$2" ;;
  folder) mkdir "$2" ;;
  link) echo '${xml}' > real.xml; ln -s real.xml "$2" ;;
  plain) echo '${xml}' > "$2" ;;
esac
exit 0
`,
  });
  const tools = ['truncate', 'head', 'mkfifo', 'ln', 'mkdir'].flatMap((name) => ['--with', `/usr/bin/${name}`]);
  const made = async (kind: string, name = 'out.xml') => {
    const { stderr, exitCode } = await exec(path, ...tools, '--results', name, './make.sh', kind, name);
    // The kernel's own messages differ from boot to boot.
    return `${kind}: ${said(stderr).replace(/(not JUnit XML): .*/, '$1')} (exit ${exitCode})`;
  };
  const kinds = ['huge', 'large', 'full', 'pipe', 'device', 'kernel', 'loop', 'folder', 'link'];
  const found: string[] = [];
  for (const kind of kinds) found.push(await made(kind));
  expect([...found, await made('plain', 'new\nline \u001b[31m.xml')]).toMatchInlineSnapshot(`
    [
      "huge: corematrix exec: debian-6.12-REST: FOLDER/hostile-results/out.xml: it is larger than 8 MiB (exit 1)",
      "large: corematrix exec: debian-6.12-REST: FOLDER/hostile-results/out.xml: it is larger than 8 MiB (exit 1)",
      "full: corematrix exec: debian-6.12-REST: FOLDER/hostile-results/out.xml is not JUnit XML (exit 1)",
      "pipe: corematrix exec: debian-6.12-REST: FOLDER/hostile-results/out.xml: it is no plain file (exit 1)",
      "device: corematrix exec: debian-6.12-REST: FOLDER/hostile-results/out.xml: it is no plain file (exit 1)",
      "kernel: corematrix exec: debian-6.12-REST: FOLDER/hostile-results/out.xml is not JUnit XML (exit 1)",
      "loop: corematrix exec: debian-6.12-REST: FOLDER/hostile-results/out.xml: its links form a loop (exit 1)",
      "folder: corematrix exec: debian-6.12-REST: FOLDER/hostile-results/out.xml: it is no plain file (exit 1)",
      "link:  (exit 0)",
      "plain:  (exit 0)",
    ]
  `);
});

test('files that are too large for a small guest get a larger one, and too many are refused with the largest', async () => {
  const path = await compiled('large', '-static');
  await writeFile(join(path, 'big'), Buffer.alloc(90 << 20, 'x'));
  expect((await exec(path, '--with', 'big', '--', './three', 'fine')).exitCode).toBe(0);
  await cp(join(path, 'big'), join(path, 'second'));
  await cp(join(path, 'big'), join(path, 'third'));
  const refused = await exec(path, '--with', 'big', '--with', 'second', '--with', 'third', '--', './three', 'fine');
  expect([refused.exitCode, said(refused.stderr)]).toEqual([
    2,
    expect.stringMatching(/^error: three: the program and its files have 27\d\.\d MiB; a guest has room for 200 MiB; the largest: /),
  ]);
});
