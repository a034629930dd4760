// Tests of preparing settings for an object: values of valid ones, and errors of those that do not fit.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePlacedConfig } from '../../../../harness/plan/config/load.ts';
import { messageOf, UserError } from '../../../../harness/base/errors.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { prepareSettings } from '../../../../harness/plan/object-settings/prepare.ts';
import { objectSources } from '../../../../harness/plan/inputs/object-sources.ts';
import { compileBpf } from '../../bpf/object/compile.ts';

const SOURCE = `
struct { int (*type)[9]; int (*max_entries)[4]; u32 *key; u64 *value; } counts SEC(".maps");
struct { int (*type)[13]; int (*max_entries)[4]; u32 *key; u32 *value; } groups SEC(".maps");
enum mode { FAST, EXACT };
const volatile u16 depth = 3; const volatile enum mode mode; u64 seen;
extern int CONFIG_HZ __attribute__((section(".kconfig")));
extern int LINUX_KERNEL_VERSION __attribute__((section(".kconfig")));
extern enum libbpf_tristate CONFIG_IPV6 __attribute__((section(".kconfig")));
extern char CONFIG_NAME[4] __attribute__((section(".kconfig")));
extern _Bool CONFIG_SMP __attribute__((section(".kconfig")));
SEC("fentry/x") int on_entry(void *ctx) { return depth + mode + (long)&counts + (long)&groups; }
SEC("freplace/y") int replaces(void *ctx) { return seen + CONFIG_HZ + CONFIG_IPV6 + CONFIG_NAME[0] + CONFIG_SMP + LINUX_KERNEL_VERSION; }
`;

let folder = '';
let object: BpfObject;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'settings-test-'));
  object = readBpfObject(await readFile(await compileBpf(folder, 'settings', SOURCE)), 'settings');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** Prepares one setting of an object. Returns the prepared settings or the error. */
async function prepared(setting: string) {
  try {
    const placed = parsePlacedConfig(`objects:\n  - path: x.o\n    ${setting}\n`, 'corematrix.yaml');
    const [source] = objectSources(placed, '.').sources;
    const file = { path: 'x.o', bytes: new Uint8Array() };
    return await prepareSettings(source?.settings ?? {}, { object, file, directory: '.', placeOf: (path) => source?.at?.(path) ?? '' });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return messageOf(error);
  }
}

test('values of settings become bytes at their offsets, and lines of a kernel configuration', async () => {
  expect(await prepared('variables: { depth: 513, mode: EXACT }')).toEqual({
    variables: [
      { section: '.rodata', offset: 0, bytes: Uint8Array.of(1, 2) },
      { section: '.rodata', offset: 4, bytes: Uint8Array.of(1, 0, 0, 0) },
    ],
  });
  expect(await prepared('kconfig: { CONFIG_HZ: 250, CONFIG_IPV6: m, CONFIG_NAME: abc, CONFIG_SMP: false }')).toEqual({
    kconfig: {
      values: new Map([
        ['CONFIG_HZ', '250'],
        ['CONFIG_IPV6', 'm'],
        ['CONFIG_NAME', '"abc"'],
        ['CONFIG_SMP', 'n'],
      ]),
      text: 'CONFIG_HZ=250\nCONFIG_IPV6=m\nCONFIG_NAME="abc"\nCONFIG_SMP=n\n',
    },
  });
});

test('a group of alternatives has only programs or only maps', async () => {
  expect(await prepared('alternatives: [[on_entry, replaces], [groups, counts]]')).toMatchObject({
    alternatives: [
      { kind: 'programs', names: ['on_entry', 'replaces'] },
      { kind: 'maps', names: ['groups', 'counts'] },
    ],
  });
});

test('all settings that do not fit the object are reported in one go', async () => {
  const settings = [
    'programs: { on_exit: {}, other: {} }',
    'maps: { count: { max_entries: 5 } }',
    'alternatives: [[on_entry, counts]]',
    'variables: { deep: 3, depth: deep }',
  ];
  expect(await prepared(settings.join('\n    '))).toMatchInlineSnapshot(`
    "x.o: 6 errors
    corematrix.yaml:3:26: no program "on_exit" in the object; it has: on_entry, replaces
    corematrix.yaml:3:37: no program "other" in the object; it has: on_entry, replaces
    corematrix.yaml:4:20: no map "count" in the object (did you mean counts?); it has: counts, groups, .rodata, .bss
    corematrix.yaml:5:31: no program "counts" in the object; it has: on_entry, replaces
    corematrix.yaml:6:24: no variable "deep" in the object; it has: seen, depth, mode
    corematrix.yaml:6:34: variable "depth" (const volatile u16): "deep" is no u16; expected a whole number"
  `);
});

test('a setting that does not fit the object is an error with its place and the possible names', async () => {
  const settings = [
    'programs: { on_exit: { autoload: true } }',
    'programs: { on_entry: { autoload: maybe } }',
    'programs: { on_entry: { type: kprobes } }',
    'programs: { on_entry: { attach_type: fentry } }',
    'programs: { replaces: { attach_to: other } }',
    'maps: { count: { max_entries: 5 } }',
    'maps: { counts: { max_entries: 0 } }',
    'maps: { counts: { max_entries: 5, cpus: true } }',
    'maps: { counts: { type: hashmap } }',
    'maps: { counts: { inner: { type: hash } } }',
    'maps: { groups: { inner: { type: hash, key_size: 4 } } }',
    'maps: { counts: { autocreate: sometimes } }',
    'alternatives: [[on_entry]]',
    'alternatives: [[on_entry, on_exit]]',
    'alternatives: [[on_entry, counts]]',
    'alternatives: [[count, groups]]',
    'alternatives: [[on_entry, replaces], [replaces, on_entry]]',
    'variables: { deep: 3 }',
    'variables: { depth: 65536 }',
    'variables: { depth: deep }',
    'variables: { mode: SLOW }',
    'kconfig: { CONFIG_NONE: 1 }',
    'kconfig: { HZ: 1 }',
    'kconfig: { LINUX_KERNEL_VERSION: 1 }',
    'kconfig: { CONFIG_HZ: true }',
    'kconfig: { CONFIG_HZ: 4294967296 }',
    'kconfig: { CONFIG_IPV6: 3 }',
    'kconfig: { CONFIG_NAME: abcd }',
    'kconfig: { CONFIG_SMP: m }',
  ];
  const answers = await Promise.all(settings.map(async (setting) => `${setting}\n  ${JSON.stringify(await prepared(setting))}`));
  expect(answers.join('\n')).toMatchInlineSnapshot(`
    "programs: { on_exit: { autoload: true } }
      "corematrix.yaml:3:26: no program \\"on_exit\\" in the object; it has: on_entry, replaces"
    programs: { on_entry: { autoload: maybe } }
      "corematrix.yaml:3:39: objects.0.programs.on_entry.autoload: unknown value \\"maybe\\"; expected true, false or if-supported"
    programs: { on_entry: { type: kprobes } }
      "corematrix.yaml:3:35: objects.0.programs.on_entry.type: unknown value \\"kprobes\\" (did you mean kprobe?); expected socket_filter, kprobe, sched_cls, sched_act, tracepoint, xdp, perf_event, cgroup_skb, cgroup_sock, lwt_in, lwt_out, lwt_xmit, sock_ops, sk_skb, cgroup_device, sk_msg, raw_tracepoint, cgroup_sock_addr, lwt_seg6local, lirc_mode2, sk_reuseport, flow_dissector, cgroup_sysctl, raw_tracepoint_writable, cgroup_sockopt, tracing, struct_ops, ext, lsm, sk_lookup, syscall or netfilter"
    programs: { on_entry: { attach_type: fentry } }
      "corematrix.yaml:3:42: objects.0.programs.on_entry.attach_type: unknown value \\"fentry\\" (did you mean trace_fentry?); expected cgroup_inet_ingress, cgroup_inet_egress, cgroup_inet_sock_create, cgroup_sock_ops, sk_skb_stream_parser, sk_skb_stream_verdict, cgroup_device, sk_msg_verdict, cgroup_inet4_bind, cgroup_inet6_bind, cgroup_inet4_connect, cgroup_inet6_connect, cgroup_inet4_post_bind, cgroup_inet6_post_bind, cgroup_udp4_sendmsg, cgroup_udp6_sendmsg, lirc_mode2, flow_dissector, cgroup_sysctl, cgroup_udp4_recvmsg, cgroup_udp6_recvmsg, cgroup_getsockopt, cgroup_setsockopt, trace_raw_tp, trace_fentry, trace_fexit, modify_return, lsm_mac, trace_iter, cgroup_inet4_getpeername, cgroup_inet6_getpeername, cgroup_inet4_getsockname, cgroup_inet6_getsockname, xdp_devmap, cgroup_inet_sock_release, xdp_cpumap, sk_lookup, xdp, sk_skb_verdict, sk_reuseport_select, and 19 more"
    programs: { replaces: { attach_to: other } }
      "corematrix.yaml:3:40: \\"replaces\\" replaces a function of another program, which would have to be loaded first; this is not supported"
    maps: { count: { max_entries: 5 } }
      "corematrix.yaml:3:20: no map \\"count\\" in the object (did you mean counts?); it has: counts, groups, .rodata, .bss"
    maps: { counts: { max_entries: 0 } }
      "corematrix.yaml:3:36: objects.0.maps.counts.max_entries: expected at least 1"
    maps: { counts: { max_entries: 5, cpus: true } }
      "corematrix.yaml:3:45: objects.0.maps.counts.cpus: sets max_entries, which has a value of its own here; remove one of them"
    maps: { counts: { type: hashmap } }
      "corematrix.yaml:3:29: objects.0.maps.counts.type: unknown value \\"hashmap\\"; expected hash, array, prog_array, perf_event_array, percpu_hash, percpu_array, stack_trace, cgroup_array, lru_hash, lru_percpu_hash, lpm_trie, array_of_maps, hash_of_maps, devmap, sockmap, cpumap, xskmap, sockhash, cgroup_storage, reuseport_sockarray, percpu_cgroup_storage, queue, stack, sk_storage, devmap_hash, struct_ops, ringbuf, inode_storage, task_storage, bloom_filter, user_ringbuf, cgrp_storage, arena or insn_array"
    maps: { counts: { inner: { type: hash } } }
      "corematrix.yaml:3:30: map \\"counts\\" is of type lru_hash, which has no maps in it"
    maps: { groups: { inner: { type: hash, key_size: 4 } } }
      "corematrix.yaml:3:30: the object does not define the maps in \\"groups\\"; missing here: value_size, max_entries"
    maps: { counts: { autocreate: sometimes } }
      "corematrix.yaml:3:35: objects.0.maps.counts.autocreate: unknown value \\"sometimes\\"; expected true, false or if-supported"
    alternatives: [[on_entry]]
      "corematrix.yaml:3:20: objects.0.alternatives.0: a group of alternatives has at least two"
    alternatives: [[on_entry, on_exit]]
      "corematrix.yaml:3:31: no program \\"on_exit\\" in the object; it has: on_entry, replaces"
    alternatives: [[on_entry, counts]]
      "corematrix.yaml:3:31: no program \\"counts\\" in the object; it has: on_entry, replaces"
    alternatives: [[count, groups]]
      "corematrix.yaml:3:21: no map \\"count\\" in the object (did you mean counts?); it has: counts, groups, .rodata, .bss"
    alternatives: [[on_entry, replaces], [replaces, on_entry]]
      "x.o: 2 errors\\ncorematrix.yaml:3:43: the alternatives name \\"replaces\\" twice\\ncorematrix.yaml:3:53: the alternatives name \\"on_entry\\" twice"
    variables: { deep: 3 }
      "corematrix.yaml:3:24: no variable \\"deep\\" in the object; it has: seen, depth, mode"
    variables: { depth: 65536 }
      "corematrix.yaml:3:25: variable \\"depth\\" (const volatile u16): 65536 does not fit u16 (0 to 65535)"
    variables: { depth: deep }
      "corematrix.yaml:3:25: variable \\"depth\\" (const volatile u16): \\"deep\\" is no u16; expected a whole number"
    variables: { mode: SLOW }
      "corematrix.yaml:3:24: variable \\"mode\\" (const volatile enum mode): \\"SLOW\\" is not in enum mode; it has: FAST, EXACT"
    kconfig: { CONFIG_NONE: 1 }
      "corematrix.yaml:3:29: no __kconfig variable \\"CONFIG_NONE\\" in the object (did you mean CONFIG_NAME?); it has: CONFIG_HZ, CONFIG_IPV6, CONFIG_NAME, CONFIG_SMP"
    kconfig: { HZ: 1 }
      "corematrix.yaml:3:20: no __kconfig variable \\"HZ\\" in the object; it has: CONFIG_HZ, CONFIG_IPV6, CONFIG_NAME, CONFIG_SMP"
    kconfig: { LINUX_KERNEL_VERSION: 1 }
      "corematrix.yaml:3:38: libbpf itself sets LINUX_KERNEL_VERSION: kconfig sets only variables whose names begin with CONFIG_"
    kconfig: { CONFIG_HZ: true }
      "corematrix.yaml:3:27: true is not a value for CONFIG_HZ (int); expected a whole number in its range"
    kconfig: { CONFIG_HZ: 4294967296 }
      "corematrix.yaml:3:27: 4294967296 is not a value for CONFIG_HZ (int); expected a whole number in its range"
    kconfig: { CONFIG_IPV6: 3 }
      "corematrix.yaml:3:29: 3 is not a value for CONFIG_IPV6 (enum libbpf_tristate); expected true, false or m"
    kconfig: { CONFIG_NAME: abcd }
      "corematrix.yaml:3:29: \\"abcd\\" is not a value for CONFIG_NAME (char[4]); expected text that fits it"
    kconfig: { CONFIG_SMP: m }
      "corematrix.yaml:3:28: \\"m\\" is not a value for CONFIG_SMP (_Bool); expected true or false""
  `);
});
