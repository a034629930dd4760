// The results of a small run with everything that a report can show.
import { addLog, createLogStore } from '../../harness/results/logs.ts';
import type { CellProgram, CellRelocation, CellResult, KernelResult, ObjectResult, Results } from '../../harness/results/schema.ts';
import { OUTCOMES, type Outcome, RELOCATION_KINDS } from '../../harness/base/vocabulary.ts';

const logs = createLogStore();
const digest = (digit: string) => digit.repeat(64);

function kernel(version: string, series: string, more: Partial<KernelResult>): KernelResult {
  return {
    id: `debian-${version}-amd64`,
    selector: 'debian:all',
    release: `${version}-amd64`,
    version,
    series,
    arch: 'x86_64',
    distribution: 'debian',
    package: {
      name: `linux-image-${version}-amd64`,
      version: `${version}-1`,
      path: `pool/linux-image-${version}.deb`,
      sha256: digest('a'),
    },
    sha256: digest('b'),
    btf: { size: 4_200_000, sha256: digest('c') },
    boot: { method: 'pvh', durationMs: 812.5, command: ['qemu-system-x86_64', '-append', 'console=ttyS0 panic=-1'] },
    notes: [],
    ...more,
  };
}

const OLD = 'debian-5.10.262-amd64';
const NEW = 'debian-6.12.117-amd64';
const BROKEN = 'file-vmlinux-7.4';

const KERNELS: KernelResult[] = [
  kernel('5.10.262', '5.10', { notes: ['the package the index names is gone: its twin was taken'] }),
  kernel('6.12.117', '6.12', { arch: 'arm64', selector: 'debian:6.12/arm64' }),
  kernel('7.4-rc3', '7.4', { id: BROKEN, selector: 'file:/tmp/vmlinux', release: null, package: null, btf: null, boot: null }),
];

/** An object with one relocation for each outcome. The kinds of its relocations follow the order of all kinds. */
const TASK_STATE: ObjectResult = {
  id: 'task_state',
  path: 'build/task_state.bpf.o',
  sha256: digest('d'),
  size: 3464,
  compiler: 'Debian clang version 14.0.6',
  license: 'GPL',
  programs: ['old_name', 'new_name', 'either_name', 'newer_hook'].map((name) => ({
    name,
    section: 'tp_btf/sched_process_exit',
    type: name === 'newer_hook' ? null : 'tracing',
    insns: 7,
  })),
  relocations: OUTCOMES.map((_, index) => ({
    index,
    section: 'tp_btf/sched_process_exit',
    program: index % 2 === 0 ? 'old_name' : 'new_name',
    insn: 3 * index + 1,
    kind: RELOCATION_KINDS[index] ?? 'byte_off',
    spec: `struct task_struct.field_${index} (0:${index} @ offset ${8 * index})`,
    access: `task_struct.field_${index}`,
    source:
      index === 6
        ? null
        : { file: 'programs/task_state.bpf.c', line: 20 + index, text: `seen = task->field_${index};`, exact: index !== 5 },
  })),
  maps: [{ name: '.bss', type: 'array' }],
};

const PROBES: ObjectResult = {
  id: 'probes',
  path: 'build/probes.bpf.o',
  sha256: digest('e'),
  size: 1200,
  license: null,
  programs: [
    { name: 'probe', section: 'kprobe/do_unlinkat', type: 'kprobe', insns: 40 },
    { name: 'hidden_on_purpose', section: '?kprobe/do_rmdir', type: 'kprobe', insns: 2 },
  ],
  relocations: [],
  maps: [],
};

const TARGETS: Readonly<Record<Outcome, Partial<CellRelocation>>> = {
  resolved: { target: '8', warnings: ['prog: relo #0: matching candidate is of another size'] },
  moved: { target: '18446744073709551615', suspicious: 'reads 4 bytes where the kernel has 8' },
  'absent-guarded': { target: '0' },
  poisoned: { reached: 'yes' },
  incompatible: { reached: 'unknown' },
  ambiguous: {
    candidates: [
      { spec: '[132] struct task_struct.field_5 (0:1 @ offset 16)', matches: true },
      { spec: '[990] struct task_struct.field_5 (0:1 @ offset 96)', matches: false },
    ],
  },
  'not-reached': { local: null },
};

function relocations(outcomeAt: (index: number) => Outcome): CellRelocation[] {
  return OUTCOMES.map((_, ref) => ({
    ref,
    outcome: outcomeAt(ref),
    local: '8',
    target: null,
    reached: null,
    candidates: [],
    suspicious: null,
    warnings: [],
    ...TARGETS[outcomeAt(ref)],
  }));
}

function program(name: string, status: CellProgram['status'], more: Partial<CellProgram> = {}): CellProgram {
  return {
    name,
    status,
    stage: null,
    class: null,
    errno: null,
    reason: null,
    expected: null,
    logs: { libbpf: null, verifier: null },
    ...more,
  };
}

function cell(where: Pick<CellResult, 'kernel' | 'object' | 'status' | 'programs'>, more: Partial<CellResult> = {}): CellResult {
  return {
    ...where,
    flaky: false,
    stage: null,
    class: null,
    reason: null,
    attempts: [{ isolation: 'snapshot', infra: null, reason: null, durationMs: 120.5 }],
    durationMs: 120.5,
    loadMs: 31.25,
    predicted: null,
    relocations: [],
    command: ['qemu-system-x86_64', '-m', '512M', '-append', "console=ttyS0 root='none'"],
    logs: { libbpf: null, warnings: null, verifier: null, kernel: null, console: null },
    ...more,
  };
}

const VERIFIER = addLog(
  logs,
  [...Array.from({ length: 12 }, (_, insn) => `${insn}: (b7) r0 = ${insn}`), 'R1 invalid mem access', 'processed 13 insns'].join('\n'),
);
const LIBBPF = addLog(logs, 'libbpf: loading object\nlibbpf: prog: relo #0: matching candidate\n');
const MISSING = {
  stage: 'verify',
  class: 'core-field-missing',
  errno: 22,
  reason: 'task_struct.__state: no such field (byte_off)',
} as const;
const UNATTACHED = { stage: 'attach', class: 'attach-target-missing', reason: 'do_unlinkat is not in this kernel' } as const;
const TIMEOUT = { class: 'infra-timeout', reason: 'no word from the guest for 30 s' } as const;

const CELLS: CellResult[] = [
  cell(
    {
      kernel: OLD,
      object: 'task_state',
      status: 'fail',
      programs: [
        program('old_name', 'pass', { logs: { libbpf: LIBBPF, verifier: null } }),
        program('new_name', 'fail', { ...MISSING, logs: { libbpf: LIBBPF, verifier: VERIFIER } }),
        program('either_name', 'xpass', { expected: 'this kernel has neither name' }),
        program('newer_hook', 'unsupported', { expected: 'the hook came with 6.1' }),
      ],
    },
    {
      stage: MISSING.stage,
      class: MISSING.class,
      reason: MISSING.reason,
      flaky: true,
      attempts: [
        { isolation: 'snapshot', infra: 'infra-crash', reason: 'the guest oopsed', durationMs: 400 },
        { isolation: 'boot', infra: null, reason: null, durationMs: 900.25 },
      ],
      durationMs: 900.25,
      predicted: { status: 'pass', class: null },
      relocations: relocations((index) => OUTCOMES[index] ?? 'resolved'),
      logs: {
        libbpf: LIBBPF,
        warnings: addLog(logs, 'libbpf: failed'),
        verifier: VERIFIER,
        kernel: addLog(logs, '[ 1.0] oops'),
        console: null,
      },
    },
  ),
  cell({ kernel: OLD, object: 'probes', status: 'skip', programs: [program('probe', 'skip'), program('hidden_on_purpose', 'skip')] }),
  cell(
    {
      kernel: NEW,
      object: 'task_state',
      status: 'xfail',
      programs: [
        program('old_name', 'xfail', { ...MISSING, expected: 'state is called __state since 5.14' }),
        program('new_name', 'pass'),
        program('either_name', 'pass'),
        program('newer_hook', 'pass'),
      ],
    },
    { predicted: { status: 'pass', class: null }, relocations: relocations((index) => (index === 0 ? 'moved' : 'resolved')) },
  ),
  cell(
    {
      kernel: NEW,
      object: 'probes',
      status: 'fail',
      programs: [program('probe', 'fail', { ...UNATTACHED, errno: 2 }), program('hidden_on_purpose', 'pass')],
    },
    UNATTACHED,
  ),
  cell(
    {
      kernel: BROKEN,
      object: 'task_state',
      status: 'infra',
      programs: TASK_STATE.programs.map(({ name }) => program(name, 'infra', TIMEOUT)),
    },
    {
      ...TIMEOUT,
      attempts: [{ isolation: 'boot', infra: 'infra-timeout', reason: TIMEOUT.reason, durationMs: 30_000 }],
      durationMs: 30_000,
      loadMs: null,
      logs: { libbpf: null, warnings: null, verifier: null, kernel: null, console: addLog(logs, 'Booting\nKernel panic - not syncing') },
    },
  ),
  cell(
    {
      kernel: BROKEN,
      object: 'probes',
      status: 'not-run',
      programs: [program('probe', 'not-run'), program('hidden_on_purpose', 'not-run')],
    },
    { attempts: [], durationMs: 0, loadMs: null, command: null },
  ),
];

/** Two layouts of the struct that the relocations access: one member was removed, one changed its type, and one was added. */
const FIELDS = OUTCOMES.map((_, index) => ({ name: `field_${index}`, type: 'long int', size: 8, bitSize: 0 }));
const AT = FIELDS.length;
const TYPES: Results['layouts'] = {
  types: [
    {
      name: 'struct task_struct',
      members: [
        ...FIELDS,
        { name: 'cpu', type: 'unsigned int', size: 4, bitSize: 0 },
        { name: 'field_1', type: 'unsigned int', size: 4, bitSize: 0 },
        { name: 'flag', type: 'unsigned int', size: 4, bitSize: 1 },
      ],
      layouts: [
        {
          kernels: [OLD],
          kind: 'struct',
          size: 72,
          others: 0,
          places: [...FIELDS.map((_, index): [number, number] => [index, 64 * index]), [AT, 64 * AT]],
        },
        {
          kernels: [NEW],
          kind: 'struct',
          size: 80,
          others: 1,
          places: [
            [0, 0],
            [AT + 1, 64],
            [AT + 2, 99],
            ...FIELDS.slice(2).map((_, index): [number, number] => [index + 2, 64 * (index + 3)]),
          ],
        },
      ],
      missing: [],
    },
  ],
  omitted: ['struct enormous'],
};

export const SAMPLE: Results = {
  schemaVersion: 2,
  run: {
    id: '00000000-0000-4000-8000-000000000000',
    startedAt: '2026-05-04T10:00:00.000Z',
    finishedAt: '2026-05-04T10:00:42.500Z',
    complete: false,
    tool: { name: 'corematrix', version: '0.1.0' },
    commit: { hash: '0123456789abcdef0123456789abcdef01234567', modified: true },
    command: ['corematrix', 'run', 'build/task_state.bpf.o'],
    isolation: 'snapshot',
    agent: { sha256: digest('f'), libbpf: '1.7.0', libbpfOrigin: 'system libbpf-dev' },
    host: { os: 'Linux', cpus: 2, memoryMiB: 4096, node: '20.19.0', qemu: '9.2.0', accel: 'tcg', accelReason: 'no /dev/kvm' },
  },
  kernels: KERNELS,
  objects: [TASK_STATE, PROBES],
  cells: CELLS,
  logs,
  layouts: TYPES,
};
