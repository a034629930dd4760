import { expect, test } from 'vitest';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import { attachedIn } from '../../../harness/verdict/attached.ts';
import type { Attachment, LoadAttempt } from '../../../harness/verdict/evidence/evidence.ts';

function attachment(errno: number, changes: Partial<Attachment> & { text?: string } = {}): Attachment {
  const { text = '', ...others } = changes;
  return { kind: 'program', name: 'p', errno, detail: '', log: textRecords(text), ...others };
}

/** A kernel without tcx links. */
const KERNEL = {
  object: {
    programs: [
      { name: 'p', section: 'kprobe' },
      { name: 'q', section: '?tcx/ingress' },
      { name: 'many', section: 'kprobe.multi/vfs_*' },
    ],
  },
  enumerators: new Set(['BPF_NETFILTER', 'BPF_TRACE_KPROBE_MULTI']),
};

const LOADED: LoadAttempt = { program: null, reached: 'done', errno: 0, openMs: 0, loadMs: 0, log: [] };

function attachedOf(attachments: Attachment[] | undefined, type = 'kprobe') {
  const attempt: LoadAttempt = { ...LOADED, ...(attachments && { attachments }) };
  return attachedIn(attempt, KERNEL)({ name: 'p', type });
}

function failure(...args: Parameters<typeof attachedOf>): string | null {
  const found = attachedOf(...args)?.failure;
  return found ? `${found.stage} ${found.class}: ${found.reason}` : null;
}

test('a program that cannot be attached is not attached', () => {
  const failed = { stage: 'attach', class: 'attach-failed' };
  expect([attachedOf([attachment(5)]), attachedOf([attachment(0)])]).toMatchObject([
    { attached: false, failure: { ...failed, errno: 5, reason: 'attaching fails (EIO)' } },
    { attached: true, failure: null },
  ]);
  const tcx = attachedIn({ ...LOADED, attachments: [attachment(22, { name: 'q' })] }, KERNEL)({ name: 'q', type: 'sched_cls' });
  expect(tcx).toMatchObject({
    attached: false,
    failure: { ...failed, errno: 22, reason: 'attach type tcx_ingress is unknown to this kernel' },
  });
});

test('a program is attached if its attachment succeeded, and has no result if it was not to be attached', () => {
  expect(attachedOf([attachment(0)])).toMatchObject({ failure: null, attached: true });
  expect(attachedOf([attachment(0, { name: 'q' })])).toBeNull();
  expect(attachedOf(undefined)).toBeNull();
});

test('a program that libbpf does not attach by itself passes, unless libbpf warned or the plan names a target', () => {
  expect(attachedOf([attachment(95)])).toMatchObject({ failure: null, attached: false });
  expect(failure([attachment(95, { text: "<0>libbpf: prog 'p': failed to attach to xdp: -EOPNOTSUPP\n" })])).toBe(
    'attach attach-failed: failed to attach to xdp: -EOPNOTSUPP',
  );
  expect(failure([attachment(95, { detail: 'programs of this type are not attached to anything by name' })])).toBe(
    'attach attach-failed: programs of this type are not attached to anything by name (EOPNOTSUPP)',
  );
});

test('a missing attach target and a target that refuses have different classes', () => {
  const text = "<0>libbpf: prog 'p': failed to create kprobe 'missing+0x0' perf event: -ENOENT\n";
  expect(failure([attachment(2, { text })])).toBe(
    "attach attach-target-missing: failed to create kprobe 'missing+0x0' perf event: -ENOENT",
  );
  expect(failure([attachment(19, { detail: 'no such interface in the guest' })])).toBe(
    'attach attach-target-missing: no such interface in the guest (ENODEV)',
  );
  expect(failure([attachment(16)])).toBe('attach attach-failed: attaching fails (EBUSY)');
  expect(failure([attachment(1)])).toBe('attach permission: attaching fails (EPERM)');
});

test('an unknown attach type is the reason, whatever error the kernel returns', () => {
  const { failure: found } = attachedIn(
    { program: null, reached: 'done', errno: 0, openMs: 0, loadMs: 0, log: [], attachments: [attachment(22, { name: 'q' })] },
    KERNEL,
  )({ name: 'q', type: 'sched_cls' }) ?? { failure: null };
  expect(found).toEqual({
    stage: 'attach',
    class: 'attach-failed',
    errno: 22,
    reason: 'attach type tcx_ingress is unknown to this kernel',
  });
});

test('a kernel that knows kprobes of many functions and is built without them is named', () => {
  const text = "<0>libbpf: prog 'many': failed to attach: -EOPNOTSUPP\n";
  const many = { name: 'many', type: 'kprobe' };
  const reason = (errno: number) =>
    attachedIn({ ...LOADED, attachments: [attachment(errno, { name: 'many', text })] }, KERNEL)(many)?.failure?.reason;
  expect(reason(95)).toBe('this kernel is built without attach type trace_kprobe_multi (EOPNOTSUPP)');
  expect(reason(16)).toBe('failed to attach: -EOPNOTSUPP (EBUSY)');
});

test('a library without a function that attaches a program refuses it, whatever attach types the kernel has', () => {
  const detail = 'cilium/ebpf 0.22.0 has no function that attaches programs of section kprobe.session: operation not supported';
  const object = { programs: [{ name: 'p', section: 'kprobe.session/vfs_open' }] };
  const on = (enumerators: ReadonlySet<string>) =>
    attachedIn({ ...LOADED, attachments: [attachment(95, { detail })] }, { object, enumerators })({ name: 'p', type: 'kprobe' })?.failure;
  const refused = { stage: 'attach', class: 'object-invalid', errno: 95, reason: detail };
  expect([on(new Set(['BPF_TRACE_KPROBE_SESSION'])), on(new Set())]).toEqual([refused, refused]);
});

test('struct_ops programs fail to attach if a struct_ops map fails', () => {
  const refused = attachment(22, { kind: 'map', name: 'ops' });
  expect(failure([attachment(0, { kind: 'map', name: 'first' }), refused], 'struct_ops')).toBe(
    "attach attach-failed: struct_ops map 'ops': attaching fails (EINVAL)",
  );
  expect(attachedOf([refused], 'kprobe')).toBeNull();
});

test.each([
  ['notrace', 16, '', 'attach attach-failed: function f is notrace: this kernel has it, but lets no program attach to it'],
  ['init', 22, '', 'attach attach-failed: function f is in init memory, which this kernel frees after it booted'],
  ['init', 1, '', 'attach permission: said by libbpf: EBUSY (EPERM)'],
  ['notrace', 1, '', 'attach permission: said by libbpf: EBUSY (EPERM)'],
  ['absent', 12, '', 'attach resource-limit: said by libbpf: EBUSY (ENOMEM)'],
  ['variant', 22, 'f.isra.0', 'attach attach-target-missing: function f was compiled as f.isra.0: this kernel has no symbol f'],
  [
    'variant',
    2,
    'f.constprop.0.cold',
    'attach attach-target-missing: function f was compiled as f.constprop.0.cold: this kernel has no symbol f',
  ],
  ['variant', 2, 'f.part.0', 'attach attach-target-missing: function f was inlined: only a part of it has a symbol, f.part.0'],
  ['variant', 2, 'f.cold', 'attach attach-target-missing: function f was inlined: only a part of it has a symbol, f.cold'],
  ['inlined', 22, '', 'attach attach-target-missing: function f has no symbol: BTF has it, kallsyms does not'],
  ['absent', 22, '', 'attach attach-target-missing: attach target f (kprobe) is not a function of vmlinux or of a loaded module'],
  ['traceable', 16, '', 'attach attach-failed: said by libbpf: EBUSY'],
  ['unknown', 2, '', 'attach attach-target-missing: said by libbpf: EBUSY (ENOENT)'],
] as const)('a function that is %s is the reason for error %i of an attachment', (state, errno, variant, expected) => {
  const attempt = { ...LOADED, attachments: [attachment(errno, { text: "<0>libbpf: prog 'p': said by libbpf: EBUSY\n" })] };
  const targets = [
    { state: 'notrace' as const, program: 'another', function: 'g', variant: '' },
    { state, program: 'p', function: 'f', variant },
  ];
  const first = { name: 'first', section: 'fentry/g', type: 'tracing' };
  const object = { programs: [first, { name: 'p', section: 'kprobe/f', type: 'kprobe' }] };
  const { failure: found, attached } = attachedIn(attempt, { object, evidence: { targets } })({ name: 'p', type: 'kprobe' }) ?? {};
  expect(attached).toBe(false);
  expect(found && `${found.stage} ${found.class}: ${found.reason}`).toBe(expected);
  expect(found?.errno).toBe(errno);
});

test('the reason of a map that the kernel refuses has the words of its subsystem, if it is the only one', () => {
  const kernelLog = '[1.0] TCP: own does not implement required ops\n';
  const reasons = (attachments: Attachment[]) =>
    attachedIn({ ...LOADED, attachments }, { ...KERNEL, evidence: { kernelLog } })({ name: 'any', type: 'struct_ops' })?.failure?.reason;
  expect(reasons([attachment(22, { kind: 'map', name: 'own' })])).toBe(
    "struct_ops map 'own': attaching fails (EINVAL): TCP: own does not implement required ops",
  );
  expect(reasons([attachment(22, { kind: 'map', name: 'own' }), attachment(22, { kind: 'map', name: 'other' })])).toBe(
    "struct_ops map 'own': attaching fails (EINVAL)",
  );
  const attached = [attachment(0, { kind: 'map', name: 'first' }), attachment(5)];
  expect(reasons([...attached, attachment(22, { kind: 'map', name: 'own' })])).toBe(
    "struct_ops map 'own': attaching fails (EINVAL): TCP: own does not implement required ops",
  );
});

test('the reason of a program does not have the words of the kernel about a map', () => {
  const kernelLog = '[1.0] TCP: own does not implement required ops\n';
  const attachments = [attachment(1), attachment(22, { kind: 'map', name: 'own' })];
  const found = attachedIn({ ...LOADED, attachments }, { ...KERNEL, evidence: { kernelLog } })({ name: 'p', type: 'kprobe' });
  expect(found).toMatchObject({ attached: false, failure: { reason: 'attaching fails (EPERM)' } });
});

test('the reason of a program that a locked-down kernel does not attach names lockdown', () => {
  const kernelLog = '[1.0] Lockdown: load: use of kprobes is restricted; see man kernel_lockdown.7\n';
  const reasonOf = (errno: number) =>
    attachedIn({ ...LOADED, attachments: [attachment(errno)] }, { ...KERNEL, evidence: { kernelLog } })({ name: 'p', type: 'kprobe' })
      ?.failure?.reason;
  expect([reasonOf(1), reasonOf(22)]).toEqual([
    'attaching fails (EPERM): Lockdown: load: use of kprobes is restricted; see man kernel_lockdown.7',
    'attaching fails (EINVAL)',
  ]);
  const helper = '[1.0] Lockdown: init: use of bpf to read kernel RAM is restricted; see man kernel_lockdown.7\n';
  const known = { ...KERNEL, evidence: { kernelLog: helper } };
  const found = attachedIn({ ...LOADED, attachments: [attachment(1)] }, known)({ name: 'p', type: 'kprobe' });
  expect(found?.failure?.reason).toBe('attaching fails (EPERM)');
});

test('a map that cannot be attached does not fail for the function of a program with its name', () => {
  const targets = [{ state: 'notrace' as const, program: 'p', function: 'f', variant: '' }];
  const attempt = { ...LOADED, attachments: [attachment(22, { kind: 'map' })] };
  const found = attachedIn(attempt, { ...KERNEL, evidence: { targets } })({ name: 'other', type: 'struct_ops' });
  expect(found?.failure?.reason).toBe("struct_ops map 'p': attaching fails (EINVAL)");
});

/** Programs at tracepoints that a kernel lacks, and others with a similar section. */
const AT_TRACEPOINTS: readonly { section: string; attachTo?: string }[] = [
  { section: 'tracepoint/ext4/ext4_sync_fs' },
  { section: '?tp/net-x/made_up' },
  { section: 'tp/syscalls/sys_enter_made_up' },
  { section: 'raw_tp/ext4_sync_fs' },
  { section: 'tracepoint', attachTo: 'ext4/ext4_sync_fs' },
  { section: 'tp/sched/sched_switch', attachTo: 'syscalls/sys_enter_made_up' },
  { section: 'tp/sched/sched_switch/more' },
  { section: 'uprobe//opt/tp/lib/probed' },
];

/** The class and reason of each program that cannot be attached to its tracepoint. */
function atTracepoints(
  changes: Partial<Attachment> & { errno: number },
  inModule?: (name: string, use: string) => string | null,
): string[] {
  const programs = AT_TRACEPOINTS.map((program, at) => ({ name: `at ${at}`, type: 'tracepoint', ...program }));
  return programs.map(({ name, section }) => {
    const attempt = { ...LOADED, attachments: [attachment(changes.errno, { name, ...changes })] };
    const known = { object: { programs: [{ name: 'first', section: 'kprobe/f' }, ...programs] }, ...(inModule && { inModule }) };
    const { failure: found, attached } = attachedIn(attempt, known)({ name, type: 'struct_ops' }) ?? {};
    return `${section}: ${found?.class}: ${found?.reason}${attached ? ', and is attached' : ''}`;
  });
}

test('a tracepoint that the kernel lacks is the reason, with the module that has it', () => {
  expect(atTracepoints({ errno: 2 }, (name, use) => (name.includes('ext4') ? `in module ext4 as ${name} (${use})` : null)))
    .toMatchInlineSnapshot(`
    [
      "tracepoint/ext4/ext4_sync_fs: attach-target-missing: tracepoint ext4_sync_fs is in module ext4 as btf_trace_ext4_sync_fs (address)",
      "?tp/net-x/made_up: attach-target-missing: tracepoint net-x/made_up is not an event of this kernel or of a loaded module",
      "tp/syscalls/sys_enter_made_up: attach-target-missing: tracepoint syscalls/sys_enter_made_up is not an event of this kernel or of a loaded module",
      "raw_tp/ext4_sync_fs: attach-target-missing: tracepoint ext4_sync_fs is in module ext4 as btf_trace_ext4_sync_fs (address)",
      "tracepoint: attach-target-missing: tracepoint ext4_sync_fs is in module ext4 as btf_trace_ext4_sync_fs (address)",
      "tp/sched/sched_switch: attach-target-missing: attaching fails (ENOENT)",
      "tp/sched/sched_switch/more: attach-target-missing: attaching fails (ENOENT)",
      "uprobe//opt/tp/lib/probed: attach-target-missing: attaching fails (ENOENT)",
    ]
  `);
});

test('a tracepoint that no known module has is not an event of the kernel', () => {
  expect(atTracepoints({ errno: 2 })).toMatchInlineSnapshot(`
    [
      "tracepoint/ext4/ext4_sync_fs: attach-target-missing: tracepoint ext4/ext4_sync_fs is not an event of this kernel or of a loaded module",
      "?tp/net-x/made_up: attach-target-missing: tracepoint net-x/made_up is not an event of this kernel or of a loaded module",
      "tp/syscalls/sys_enter_made_up: attach-target-missing: tracepoint syscalls/sys_enter_made_up is not an event of this kernel or of a loaded module",
      "raw_tp/ext4_sync_fs: attach-target-missing: attaching fails (ENOENT)",
      "tracepoint: attach-target-missing: attaching fails (ENOENT)",
      "tp/sched/sched_switch: attach-target-missing: attaching fails (ENOENT)",
      "tp/sched/sched_switch/more: attach-target-missing: attaching fails (ENOENT)",
      "uprobe//opt/tp/lib/probed: attach-target-missing: attaching fails (ENOENT)",
    ]
  `);
});

test('an error that does not mean a missing target is not about the tracepoint', () => {
  expect(new Set(atTracepoints({ errno: 22 }, () => 'in a module').map((line) => line.replace(/^[^:]*: /, '')))).toMatchInlineSnapshot(`
    Set {
      "attach-failed: attaching fails (EINVAL)",
    }
  `);
});

test('a map with the name of a program does not fail for the tracepoint of this program', () => {
  expect(atTracepoints({ errno: 2, kind: 'map' }, () => 'in a module').map((line) => line.replace(/^.*?: /, ''))).toMatchInlineSnapshot(`
    [
      "attach-target-missing: struct_ops map 'at 0': attaching fails (ENOENT)",
      "attach-target-missing: struct_ops map 'at 1': attaching fails (ENOENT)",
      "attach-target-missing: struct_ops map 'at 2': attaching fails (ENOENT)",
      "attach-target-missing: struct_ops map 'at 3': attaching fails (ENOENT)",
      "attach-target-missing: struct_ops map 'at 4': attaching fails (ENOENT)",
      "attach-target-missing: struct_ops map 'at 5': attaching fails (ENOENT)",
      "attach-target-missing: struct_ops map 'at 6': attaching fails (ENOENT)",
      "attach-target-missing: struct_ops map 'at 7': attaching fails (ENOENT)",
    ]
  `);
});
