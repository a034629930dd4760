// Tests of verdicts of custom loaders, from their end and their output: messages of libbpf, cilium/ebpf and aya.
import { describe, expect, test } from 'vitest';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import type { CellEvidence, CommandEvidence } from '../../../harness/verdict/evidence/evidence.ts';
import { judgeCell } from '../../../harness/verdict/judge.ts';

/** The verdict of a loader as `status stage class errno: reason`. */
function verdict(printed: Partial<CommandEvidence>): string {
  const command: CommandEvidence = { end: 'exited', value: 1, stdout: '', stderr: '', ...printed };
  const done = command.end === 'exited' && command.value === 0;
  const log = [...textRecords(command.stderr), ...textRecords(command.stdout)];
  const evidence: CellEvidence = {
    programs: [],
    leftOut: [],
    chosen: [],
    attempts: [{ program: null, reached: done ? 'done' : 'load', errno: 0, openMs: 0, loadMs: 5, log }],
    kernelLog: '',
    console: '',
    command,
  };
  const object = { programs: [{ name: 'p', section: 'kprobe/f', type: 'kprobe', insns: 9 }], relocations: [], maps: [] };
  const { status, stage, class: failure, reason, programs } = judgeCell({ object, evidence });
  return `${status} ${stage ?? ''} ${failure ?? ''} ${programs[0]?.errno ?? 0}: ${reason ?? ''}`;
}
const says = (text: string) => verdict({ stderr: `starting\n${text}\n` });

describe('a custom loader', () => {
  test('a custom loader passes if it exits with 0, whatever it prints', () => {
    expect(verdict({ value: 0, stderr: 'apply CO-RE relocations: x: incompatible types\n' })).toBe('pass   0: ');
  });

  test('a custom loader fails for an unknown reason if it prints no known message', () => {
    expect([
      verdict({ value: 3 }),
      verdict({ value: 3, stdout: 'on stdout\n', stderr: 'first\n  last line  \n\n' }),
      verdict({ value: 3, stdout: 'on stdout\n' }),
      verdict({ value: 3, stdout: 'on stdout\n   \n' }),
    ]).toEqual([
      'fail verify unknown 0: the loader exits with status 3',
      'fail verify unknown 0: the loader exits with status 3: last line',
      'fail verify unknown 0: the loader exits with status 3: on stdout',
      'fail verify unknown 0: the loader exits with status 3: on stdout',
    ]);
  });

  test('a crash of a custom loader is not explained by its output', () => {
    const printed = 'apply CO-RE relocations: x: incompatible types\n';
    expect([verdict({ end: 'killed', value: 11, stderr: printed }), verdict({ end: 'killed', value: 0 })]).toEqual([
      'fail verify unknown 0: the loader is killed by signal 11: apply CO-RE relocations: x: incompatible types',
      'fail verify unknown 0: the loader is killed by signal 0',
    ]);
  });

  test('a failed custom loader has its last known message as the reason, cut to one line', () => {
    expect(says('map create: first\nmap create: second\nbye')).toBe('fail map-create map-create-failed 0: map create: second');
    expect(says(`map create: ${'x'.repeat(9000)}`).length).toBeLessThan(600);
  });

  test('a message of a custom loader is found only in the last lines of a long output', () => {
    const many = 'noise\n'.repeat(3000);
    expect([says(`map create: early\n${many}`), says(`${many}map create: late`)]).toEqual([
      'fail verify unknown 0: the loader exits with status 1: noise',
      'fail map-create map-create-failed 0: map create: late',
    ]);
  });

  test.each([
    ['error relocating T, multiple candidate target types found with different memory layouts: [1, 2]', 'relocate core-ambiguous'],
    ['multiple types match: ambiguous relocation', 'relocate core-ambiguous'],
    ['x: ambiguous relocation', 'relocate core-ambiguous'],
    ['program p: load program: bad CO-RE relocation: invalid func unknown#195896080', 'verify core-other'],
    ['missing target BTF info for type `7` in relocation #3', 'relocate core-other'],
    ['impossible relocation', 'relocate core-other'],
    ['relocation #12 of kind `FieldByteOffset` not valid for type `Int`: U', 'relocate core-other'],
    ['error relocating function p', 'relocate core-other'],
    ['apply CO-RE relocations: fixup x: incompatible types', 'relocate core-field-incompatible'],
    ['no BTF found for kernel version 5.4', 'relocate btf-missing'],
    ['load kernel BTF: it is not supported', 'relocate btf-missing'],
    ['BTF is not supported', 'relocate btf-missing'],
    ['load BTF for kmod nf_conntrack: gone', 'relocate btf-missing'],
    ["program p: apply CO-RE relocations: can't read types", 'relocate core-other'],
    ['unknown kfunc bpf_x', 'relocate kfunc-missing'],
    ['kfunc "bpf_x": not found', 'relocate kfunc-missing'],
    ['bpf_x is not a valid kfunc', 'relocate kfunc-missing'],
    ['map events: map create: operation not permitted (MEMLOCK may be too low, consider rlimit.RemoveMemlock)', 'verify resource-limit'],
    ['map create: invalid argument', 'map-create map-create-failed'],
    ['failed to create map `events` with code -22', 'map-create map-create-failed'],
    ['attach target fexit/x not found', 'verify attach-target-missing'],
    ['attaching type y: not found', 'verify attach-target-missing'],
    ['find target for fentry: gone', 'verify attach-target-missing'],
  ])('a custom loader that prints %j fails with the class of this message', (text, expected) => {
    expect(says(text)).toBe(`fail ${expected} 0: ${text}`);
  });

  test.each([
    ["program p: load program: permission denied: R1 invalid mem access 'scalar' (5 line(s) omitted)", "R1 invalid mem access 'scalar'"],
    ["load program: permission denied: R1 invalid mem access 'scalar'", "R1 invalid mem access 'scalar'"],
    ["Verifier output: 0: (79) r1 = *(u64 *)(r1 +0)\nR1 invalid mem access 'scalar'\n", "R1 invalid mem access 'scalar'"],
  ])('a custom loader that prints the message of the verifier, as %j, fails with this reason', (text, reason) => {
    expect(says(text)).toMatch(/^fail verify verifier-rejected \d+: verifier: /);
    expect(says(text)).toContain(reason);
  });

  test('a custom loader that prints the number of an unknown helper fails with this helper', () => {
    expect(says('program p: load program: invalid argument: invalid func unknown#9999 (5 line(s) omitted)')).toBe(
      'fail verify helper-unknown 22: helper #9999 is unknown to this kernel',
    );
  });

  test.each([
    ['failed to create: -EPERM', "map-create permission 1: map 'm': cannot be created: EPERM"],
    ['failed to create: Invalid argument(-22)', "map-create map-create-failed 22: map 'm': cannot be created: EINVAL"],
    ['failed to create: -ENOMEM', "map-create resource-limit 12: map 'm': cannot be created: ENOMEM"],
  ])(
    'a map that the kernel refuses with %j to a custom loader has the class of this error, before all other messages',
    (text, expected) => {
      expect(says(`libbpf: map 'm': ${text}\nlibbpf: failed to load object 'x'\nmap create: no`)).toBe(`fail ${expected}`);
    },
  );

  test.each([
    ['error while loading shared libraries: libelf.so.1: cannot open shared object file', 'environment'],
    ["./loader: /lib/libc.so.6: version `GLIBC_2.38' not found (required by ./loader)", 'environment'],
    ['Error opening terminal: unknown.', 'environment'],
    ['TERM environment variable not set.', 'environment'],
    ['stdin is not a tty', 'environment'],
    ['ioctl: Inappropriate ioctl for device', 'environment'],
    ['failed to init perf sampling: No such file or directory', 'environment'],
    ['perf event: Operation not supported', 'environment'],
    ['failed to open /etc/loader.conf: No such file or directory', 'environment'],
    ['open /etc/loader.conf: no such file or directory (os error 2)', 'environment'],
    ['cannot read /etc/loader.conf/x: Not a directory', 'environment'],
    ['failed to open /etc/loader.conf: Permission denied', 'unknown'],
    ['failed to open /sys/kernel/btf/vmlinux: No such file or directory', 'unknown'],
    ['failed to open /sys/kernel/tracing/events: No such file or directory', 'unknown'],
    ['failed to open /sys/kernel/debug/x: No such file or directory', 'unknown'],
    ['failed to open /sys/fs/bpf/x: No such file or directory', 'unknown'],
    ['failed to open /sys/bus/event_source/x: No such file or directory', 'unknown'],
    ['libbpf: failed to open /etc/x: No such file or directory', 'unknown'],
    ['failed to open /etc/libbpf: x: No such file or directory', 'environment'],
    ['something else', 'unknown'],
  ])('a custom loader that prints %j may lack something in the guest: %s', (text, expected) => {
    const reason = expected === 'unknown' ? `the loader exits with status 1: ${text}` : text;
    expect(says(text)).toBe(`fail verify ${expected === 'unknown' ? 'unknown' : 'loader-environment'} 0: ${reason}`);
  });

  test('only the last line about something that a guest lacks can explain a failed custom loader', () => {
    const file = (path: string) => `failed to open ${path}: No such file or directory`;
    expect([
      says(`${file('/etc/first')}\n${file('/etc/last')}\nbye`),
      says(`${file('/etc/first')}\n${file('/sys/fs/bpf/x')}\nbye`),
      says(`${file('/sys/fs/bpf/x')}\n${file('/etc/last')}\nbye`),
    ]).toEqual([
      `fail verify loader-environment 0: ${file('/etc/last')}`,
      'fail verify unknown 0: the loader exits with status 1: bye',
      `fail verify loader-environment 0: ${file('/etc/last')}`,
    ]);
  });

  test('the lines of a custom loader are read without the blanks around them, and only their first 4096 characters', () => {
    expect([says('   map create: x   '), says(`${'x'.repeat(4090)} map create: late`)]).toEqual([
      'fail map-create map-create-failed 0: map create: x',
      expect.stringMatching(/^fail verify unknown 0: the loader exits with status 1: x+\.\.\.$/),
    ]);
  });

  test('what the verifier says about a program that the object has names its type', () => {
    const said = (program: string, error = 'invalid argument') => says(`${program}load program: ${error}: unknown func bpf_d_path#147`);
    expect([said('program p: '), said('program other: '), said(''), said('program p: ', 'no such thing')]).toEqual([
      'fail verify helper-not-allowed 22: helper bpf_d_path#147 is not available to program type kprobe here',
      'fail verify helper-not-allowed 22: helper bpf_d_path#147 is not available to this program type here',
      'fail verify helper-not-allowed 22: helper bpf_d_path#147 is not available to this program type here',
      'fail verify helper-not-allowed 0: helper bpf_d_path#147 is not available to program type kprobe here',
    ]);
  });

  test('what the verifier says without a known meaning explains a custom loader less than what it lacks', () => {
    expect(says('failed to open /etc/x: No such file or directory\nVerifier output: \n')).toBe(
      'fail verify loader-environment 0: failed to open /etc/x: No such file or directory',
    );
  });
});
