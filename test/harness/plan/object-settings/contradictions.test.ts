// Tests of settings that contradict the object or each other: each is refused with its place before any guest boots.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { messageOf, UserError } from '../../../../harness/base/errors.ts';
import { readInputs } from '../../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../../harness/plan/inputs/object-sources.ts';
import { parsePlacedConfig } from '../../../../harness/plan/config/load.ts';
import { compileBpf } from '../../bpf/object/compile.ts';
import { corematrix } from '../../cli/command.ts';
import { sample } from '../../run/real-run.ts';

const SOURCE = `
const volatile int limit = 3; int seen;
struct { int (*type)[13]; int (*max_entries)[4]; u32 *key; u32 *value; } groups SEC(".maps");
struct { int (*type)[1]; int (*max_entries)[4]; u32 *key; u32 *value; } counts SEC(".maps");
SEC("fentry/vfs_read") int on_read(void *ctx) { return limit + seen + (long)&groups + (long)&counts; }
SEC("kprobe/vfs_read") int on_probe(void *ctx) { return 0; }
SEC("uprobe") int on_uprobe(void *ctx) { return 0; }
SEC("tp/sched/sched_switch") int on_switch(void *ctx) { return 0; }
SEC("raw_tp/sched_switch") int on_raw(void *ctx) { return 0; }
SEC("xdp") int on_packet(void *ctx) { return 2; }
SEC("tc") int on_filter(void *ctx) { return 0; }
SEC("cgroup/skb") int on_cgroup(void *ctx) { return 1; }
SEC("socket") int on_socket(void *ctx) { return 0; }
SEC("?xdp") int unused(void *ctx) { return 2; }
`;

let folder = '';
let object = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'contradictions-'));
  object = await compileBpf(folder, 'settings', SOURCE);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The problems with one line of settings for an object; the id of the object if it has none. */
async function problems(setting: string, file = object): Promise<string> {
  try {
    const placed = parsePlacedConfig(`objects:\n  - path: ${file}\n    ${setting.replaceAll('\n', '\n    ')}\n`, 'corematrix.yaml');
    const inputs = await readInputs(objectSources(placed, folder));
    return [...inputs.problems, ...inputs.objects.map(({ result }) => `accepted: ${result.id}`)].join('\n  ');
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return messageOf(error);
  }
}

async function answers(settings: readonly string[], file = object): Promise<string> {
  const all = await Promise.all(settings.map(async (setting) => `${setting}\n  ${await problems(setting, file)}`));
  return all.join('\n');
}

it('the type and the sizes that a loader itself gives a struct_ops map or a data section cannot be set', async () => {
  const structOps = ['type: hash', 'type: struct_ops', 'max_entries: 5, value_size: 8', 'key_size: 4, max_entries: 1', 'cpus: true'];
  const ofStructOps = structOps.map((settings) => `maps: { corematrix_cc: { ${settings} } }`);
  expect(await answers(ofStructOps, sample('congestion_control'))).toMatchInlineSnapshot(`
    "maps: { corematrix_cc: { type: hash } }
      corematrix.yaml:3:36: "corematrix_cc" is a struct_ops map: the loader itself sets its type to struct_ops; remove type
    maps: { corematrix_cc: { type: struct_ops } }
      accepted: congestion_control
    maps: { corematrix_cc: { max_entries: 5, value_size: 8 } }
      corematrix.yaml:3:58: "corematrix_cc" is a struct_ops map: the loader itself sets its value_size; remove value_size
      corematrix.yaml:3:43: "corematrix_cc" is a struct_ops map: the loader itself sets its max_entries to 1; remove max_entries
    maps: { corematrix_cc: { key_size: 4, max_entries: 1 } }
      accepted: congestion_control
    maps: { corematrix_cc: { cpus: true } }
      corematrix.yaml:3:36: "corematrix_cc" is a struct_ops map: the loader itself sets its max_entries; remove cpus"
  `);
  const maps = [
    '.rodata: { type: hash }',
    '.bss: { type: array, value_size: 64, max_entries: 2 }',
    'counts: { type: struct_ops }',
    'counts: { type: hash_of_maps }',
    'counts: { type: hash_of_maps, inner: { type: array, key_size: 4, value_size: 4, max_entries: 1 } }',
    'groups: { inner: { type: array_of_maps, key_size: 4, value_size: 4, max_entries: 1 } }',
    'groups: { inner: { type: struct_ops, key_size: 4, value_size: 4, max_entries: 1 } }',
    'counts: { type: lru_hash }',
  ];
  expect(await answers(maps.map((map) => `maps: { ${map} }`))).toMatchInlineSnapshot(`
    "maps: { .rodata: { type: hash } }
      corematrix.yaml:3:30: ".rodata" is a data section: the loader itself sets its type to array; remove type
    maps: { .bss: { type: array, value_size: 64, max_entries: 2 } }
      corematrix.yaml:3:63: ".bss" is a data section: the loader itself sets its max_entries to 1; remove max_entries
    maps: { counts: { type: struct_ops } }
      corematrix.yaml:3:29: "counts" is of type hash; only variables in the section .struct_ops are struct_ops maps
    maps: { counts: { type: hash_of_maps } }
      corematrix.yaml:3:29: a map of type hash_of_maps needs the maps in it, and the object does not define them; add "inner"
    maps: { counts: { type: hash_of_maps, inner: { type: array, key_size: 4, value_size: 4, max_entries: 1 } } }
      accepted: settings.bpfel
    maps: { groups: { inner: { type: array_of_maps, key_size: 4, value_size: 4, max_entries: 1 } } }
      corematrix.yaml:3:38: no kernel accepts maps of type array_of_maps in a map of maps
    maps: { groups: { inner: { type: struct_ops, key_size: 4, value_size: 4, max_entries: 1 } } }
      corematrix.yaml:3:38: no kernel accepts maps of type struct_ops in a map of maps
    maps: { counts: { type: lru_hash } }
      accepted: settings.bpfel"
  `);
});

it('an attach type that no kernel has for the type of a program is refused with the possible ones', async () => {
  const programs = [
    'on_packet: { type: xdp, attach_type: trace_fentry }',
    'on_packet: { attach_type: cgroup_inet_ingress }',
    'on_packet: { type: cgroup_sockopt, attach_type: xdp }',
    'on_socket: { attach_type: xdp }',
    'on_packet: { attach_type: xdp_devmap }',
    'on_probe: { type: tracing, attach_type: trace_fexit }',
  ];
  expect(await answers(programs.map((program) => `programs: { ${program} }`))).toMatchInlineSnapshot(`
    "programs: { on_packet: { type: xdp, attach_type: trace_fentry } }
      corematrix.yaml:3:54: trace_fentry is no attach type of xdp programs; expected xdp_devmap, xdp_cpumap or xdp
    programs: { on_packet: { attach_type: cgroup_inet_ingress } }
      corematrix.yaml:3:43: cgroup_inet_ingress is no attach type of xdp programs; expected xdp_devmap, xdp_cpumap or xdp
    programs: { on_packet: { type: cgroup_sockopt, attach_type: xdp } }
      corematrix.yaml:3:65: xdp is no attach type of cgroup_sockopt programs; expected cgroup_getsockopt or cgroup_setsockopt
    programs: { on_socket: { attach_type: xdp } }
      corematrix.yaml:3:43: xdp is no attach type of socket_filter programs, which have none; remove attach_type
    programs: { on_packet: { attach_type: xdp_devmap } }
      accepted: settings.bpfel
    programs: { on_probe: { type: tracing, attach_type: trace_fexit } }
      accepted: settings.bpfel"
  `);
});

it('a malformed attach target is refused with the form that the program type has', async () => {
  const targets = {
    on_read: ['', ' ', 'vfs read', ' vfs_read', 'fentry/vfs_read', 'vfs_read', 'xfs:xfs_file_open', 'a/b'],
    on_probe: ['kprobe/vfs_read', 'vfs_read +4', 'vfs_read+0x10', '/bin/sh:main'],
    on_uprobe: ['main', '/bin/sh:main', 'uprobe//bin/sh:main', '/bin/sh:'],
    on_switch: ['sched_switch', 'tp/sched_switch', 'tracepoint/sched/sched_switch', 'xdp/xdp_exception'],
    on_raw: ['raw_tp/sched_switch', 'sched/sched_switch', 'sched_switch'],
    on_packet: ['lo', 'xdp/lo', 'lo/egress'],
    on_filter: ['lo/egress', 'lo/outside', 'tc/lo'],
    on_cgroup: ['/sys/fs/cgroup', 'sys/fs/cgroup'],
    on_socket: ['lo'],
  };
  const settings = Object.entries(targets).flatMap(([name, each]) =>
    each.map((target) => `programs: { ${name}: { attach_to: '${target}' } }\nmode: attach`),
  );
  expect((await answers(settings)).replaceAll('\nmode: attach\n', '\n')).toMatchInlineSnapshot(`
    "programs: { on_read: { attach_to: '' } }
      corematrix.yaml:3:39: objects.0.programs.on_read.attach_to: expected text that is not empty
    programs: { on_read: { attach_to: ' ' } }
      corematrix.yaml:3:39: objects.0.programs.on_read.attach_to: expected text that is not empty
    programs: { on_read: { attach_to: 'vfs read' } }
      corematrix.yaml:3:39: "vfs read" is not a valid attach target; expected FUNCTION or MODULE:FUNCTION
    programs: { on_read: { attach_to: ' vfs_read' } }
      corematrix.yaml:3:39: " vfs_read" is not a valid attach target: it begins or ends with a space; write "vfs_read"
    programs: { on_read: { attach_to: 'fentry/vfs_read' } }
      corematrix.yaml:3:39: "fentry/vfs_read" is not a valid attach target: it begins like a section name; write "vfs_read"
    programs: { on_read: { attach_to: 'vfs_read' } }
      accepted: settings.bpfel
    programs: { on_read: { attach_to: 'xfs:xfs_file_open' } }
      accepted: settings.bpfel
    programs: { on_read: { attach_to: 'a/b' } }
      corematrix.yaml:3:39: "a/b" is not a valid attach target; expected FUNCTION or MODULE:FUNCTION
    programs: { on_probe: { attach_to: 'kprobe/vfs_read' } }
      corematrix.yaml:3:40: "kprobe/vfs_read" is not a valid attach target: it begins like a section name; write "vfs_read"
    programs: { on_probe: { attach_to: 'vfs_read +4' } }
      corematrix.yaml:3:40: "vfs_read +4" is not a valid attach target; expected FUNCTION or FUNCTION+OFFSET
    programs: { on_probe: { attach_to: 'vfs_read+0x10' } }
      accepted: settings.bpfel
    programs: { on_probe: { attach_to: '/bin/sh:main' } }
      corematrix.yaml:3:40: "/bin/sh:main" is not a valid attach target; expected FUNCTION or FUNCTION+OFFSET
    programs: { on_uprobe: { attach_to: 'main' } }
      corematrix.yaml:3:41: "main" is not a valid attach target; expected PATH:FUNCTION
    programs: { on_uprobe: { attach_to: '/bin/sh:main' } }
      accepted: settings.bpfel
    programs: { on_uprobe: { attach_to: 'uprobe//bin/sh:main' } }
      corematrix.yaml:3:41: "uprobe//bin/sh:main" is not a valid attach target: it begins like a section name; write "/bin/sh:main"
    programs: { on_uprobe: { attach_to: '/bin/sh:' } }
      corematrix.yaml:3:41: "/bin/sh:" is not a valid attach target; expected PATH:FUNCTION
    programs: { on_switch: { attach_to: 'sched_switch' } }
      corematrix.yaml:3:41: "sched_switch" is not a valid attach target; expected CATEGORY/NAME
    programs: { on_switch: { attach_to: 'tp/sched_switch' } }
      corematrix.yaml:3:41: "tp/sched_switch" is not a valid attach target: it begins like a section name; expected CATEGORY/NAME
    programs: { on_switch: { attach_to: 'tracepoint/sched/sched_switch' } }
      corematrix.yaml:3:41: "tracepoint/sched/sched_switch" is not a valid attach target: it begins like a section name; write "sched/sched_switch"
    programs: { on_switch: { attach_to: 'xdp/xdp_exception' } }
      accepted: settings.bpfel
    programs: { on_raw: { attach_to: 'raw_tp/sched_switch' } }
      corematrix.yaml:3:38: "raw_tp/sched_switch" is not a valid attach target: it begins like a section name; write "sched_switch"
    programs: { on_raw: { attach_to: 'sched/sched_switch' } }
      corematrix.yaml:3:38: "sched/sched_switch" is not a valid attach target; expected a name
    programs: { on_raw: { attach_to: 'sched_switch' } }
      accepted: settings.bpfel
    programs: { on_packet: { attach_to: 'lo' } }
      accepted: settings.bpfel
    programs: { on_packet: { attach_to: 'xdp/lo' } }
      corematrix.yaml:3:41: "xdp/lo" is not a valid attach target: it begins like a section name; write "lo"
    programs: { on_packet: { attach_to: 'lo/egress' } }
      corematrix.yaml:3:41: "lo/egress" is not a valid attach target; expected an interface of the guest, such as lo
    programs: { on_filter: { attach_to: 'lo/egress' } }
      accepted: settings.bpfel
    programs: { on_filter: { attach_to: 'lo/outside' } }
      corematrix.yaml:3:41: "lo/outside" is not a valid attach target; expected an interface of the guest, such as lo, or INTERFACE/egress
    programs: { on_filter: { attach_to: 'tc/lo' } }
      corematrix.yaml:3:41: "tc/lo" is not a valid attach target: it begins like a section name; write "lo"
    programs: { on_cgroup: { attach_to: '/sys/fs/cgroup' } }
      accepted: settings.bpfel
    programs: { on_cgroup: { attach_to: 'sys/fs/cgroup' } }
      corematrix.yaml:3:41: "sys/fs/cgroup" is not a valid attach target; expected an absolute path
    programs: { on_socket: { attach_to: 'lo' } }
      corematrix.yaml:3:41: "on_socket" is of type socket_filter, and programs of this type are not attached by name; remove attach_to"
  `);
});

it('a test run or a check of a program that is off is refused', async () => {
  const run = (more: string) => `mode: run\n${more}`;
  const settings = [
    'programs: { on_packet: { autoload: false } }\ntrigger: { test_run: { program: on_packet } }',
    'programs: { on_packet: { autoload: false } }\ntrigger: [exec]\ncheck: [{ program: on_packet, runs: 1 }]',
    'trigger: [exec, { test_run: { program: unused } }]\ncheck: [{ program: unused, returns: 2 }]',
    'programs: { unused: { autoload: true } }\ntrigger: { test_run: { program: unused } }',
    'alternatives: [[unused, on_packet]]\ntrigger: { test_run: { program: unused } }',
  ];
  expect(await answers(settings.map(run))).toMatchInlineSnapshot(`
    "mode: run
    programs: { on_packet: { autoload: false } }
    trigger: { test_run: { program: on_packet } }
      corematrix.yaml:5:37: program "on_packet" is off (autoload: false); switch it on, or name another program
    mode: run
    programs: { on_packet: { autoload: false } }
    trigger: [exec]
    check: [{ program: on_packet, runs: 1 }]
      corematrix.yaml:6:24: program "on_packet" is off (autoload: false); switch it on, or name another program
    mode: run
    trigger: [exec, { test_run: { program: unused } }]
    check: [{ program: unused, returns: 2 }]
      corematrix.yaml:4:44: program "unused" is off: its section name "?xdp" begins with "?"; write "programs: { unused: { autoload: true } }"
      corematrix.yaml:5:24: program "unused" is off: its section name "?xdp" begins with "?"; write "programs: { unused: { autoload: true } }"
    mode: run
    programs: { unused: { autoload: true } }
    trigger: { test_run: { program: unused } }
      accepted: settings.bpfel
    mode: run
    alternatives: [[unused, on_packet]]
    trigger: { test_run: { program: unused } }
      accepted: settings.bpfel"
  `);
});

it('settings that only the agent applies are refused beside the command of a custom loader', async () => {
  const settings = [
    'loader: cilium@0.22',
    'alternatives: [[on_read, on_probe]]',
    'pins: true',
    'maps: { counts: { max_entries: 5 } }',
    'programs: { on_read: { autoload: false } }',
    'variables: { limit: 4 }',
    'kconfig: {}',
    'btf: none.btf',
    'mode: run\ntrigger: exec',
    'modules: [veth]\nmemory: 1024',
  ];
  expect(await answers(settings.map((setting) => `command: { argv: [/bin/true] }\n${setting}`))).toMatchInlineSnapshot(`
    "command: { argv: [/bin/true] }
    loader: cilium@0.22
      corematrix.yaml:4:13: "loader" has no effect beside "command": the custom loader itself decides how it loads the object; remove one of the two
    command: { argv: [/bin/true] }
    alternatives: [[on_read, on_probe]]
      corematrix.yaml:4:19: "alternatives" has no effect beside "command": the custom loader itself decides how it loads the object; remove one of the two
    command: { argv: [/bin/true] }
    pins: true
      corematrix.yaml:4:11: "pins" has no effect beside "command": the custom loader itself decides how it loads the object; remove one of the two
    command: { argv: [/bin/true] }
    maps: { counts: { max_entries: 5 } }
      corematrix.yaml:4:11: "maps" has no effect beside "command": the custom loader itself decides how it loads the object; remove one of the two
    command: { argv: [/bin/true] }
    programs: { on_read: { autoload: false } }
      corematrix.yaml:4:15: "programs" has no effect beside "command": the custom loader itself decides how it loads the object; remove one of the two
    command: { argv: [/bin/true] }
    variables: { limit: 4 }
      corematrix.yaml:4:16: "variables" has no effect beside "command": the custom loader itself decides how it loads the object; remove one of the two
    command: { argv: [/bin/true] }
    kconfig: {}
      corematrix.yaml:4:14: "kconfig" has no effect beside "command": the custom loader itself decides how it loads the object; remove one of the two
    command: { argv: [/bin/true] }
    btf: none.btf
      corematrix.yaml:4:10: "btf" has no effect beside "command": the custom loader itself decides how it loads the object; remove one of the two
    command: { argv: [/bin/true] }
    mode: run
    trigger: exec
      corematrix.yaml:4:11: "mode: run" is for objects that are loaded without "command"; a custom loader itself attaches and runs what it loads
    command: { argv: [/bin/true] }
    modules: [veth]
    memory: 1024
      accepted: settings.bpfel"
  `);
});

it('a BPF object as custom BTF or as the BTF of a kernel is refused with what was expected', async () => {
  const name = basename(object);
  expect((await answers([`btf: ${name}`])).replace(/\S+(?=settings\.bpfel\.o: a)/, '')).toMatchInlineSnapshot(`
    "btf: settings.bpfel.o
      corematrix.yaml:3:10: settings.bpfel.o: a compiled BPF object, whose BTF has the types of its programs; expected the BTF of a kernel: a vmlinux, /sys/kernel/btf/vmlinux, or a file ending in .btf"
  `);
  const said = await corematrix(folder, ['predict', name, '-k', `btf:${name}`]);
  expect(said.stderr).toMatchInlineSnapshot(`
    "error: settings.bpfel.o: a compiled BPF object, whose BTF has the types of its programs; expected the BTF of a kernel: a vmlinux, /sys/kernel/btf/vmlinux, or a file ending in .btf
    error: no kernel can be used"
  `);
});

it('plan, run and predict refuse contradicting settings with the same words', async () => {
  const entry = `{ path: ${basename(object)}, maps: { .rodata: { type: hash } }, programs: { on_packet: { attach_type: trace_fentry } } }`;
  await writeFile(join(folder, 'corematrix.yaml'), `kernels: [debian:6.12]\nobjects:\n  - ${entry}\n`);
  const commands = [['plan'], ['run'], ['predict']];
  const answersOf = await Promise.all(commands.map(async (command) => corematrix(folder, command)));
  expect(answersOf.map(({ exitCode, stdout }) => ({ exitCode, stdout }))).toEqual(commands.map(() => ({ exitCode: 2, stdout: '' })));
  const texts = answersOf.map(({ stderr }) => stderr);
  expect(texts[0]).toMatchInlineSnapshot(`
    "error: corematrix.yaml:3:104: trace_fentry is no attach type of xdp programs; expected xdp_devmap, xdp_cpumap or xdp
    error: corematrix.yaml:3:56: ".rodata" is a data section: the loader itself sets its type to array; remove type
    error: no object can be used"
  `);
  expect(texts.slice(1)).toEqual([texts[0], texts[0]]);
});
