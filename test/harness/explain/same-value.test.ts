// Suggested C reads the value that the program was written for, or none: proved by the BTF of real kernels.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Explanation, RootCause } from '../../../harness/results/explanation.ts';
import { ALL_SERIES } from '../../kernels/pulled.ts';
import { sourceOf, sourceUsing, type WrittenAccess } from './accesses.ts';
import { compiled, explainedByPrediction } from './predicted.ts';

const written = (type: string, members: string, path: string): WrittenAccess => ({ type, members, path });

const READS: Readonly<Record<string, WrittenAccess>> = {
  freebind: written('inet_sock', 'u8 freebind : 1;', 'freebind'),
  transparent: written('inet_sock', 'u8 transparent : 1;', 'transparent'),
  no_port: written('inet_sock', 'u8 bind_address_no_port : 1;', 'bind_address_no_port'),
  bi_disk: written('bio', 'struct gendisk *bi_disk;', 'bi_disk'),
  rq_disk: written('request', 'struct gendisk *rq_disk;', 'rq_disk'),
  ancestor: written('cgroup', 'u64 ancestor_ids[3];', 'ancestor_ids[2]'),
  f_count: written('file', 'long f_count;', 'f_count'),
  vlan_present: written('sk_buff', 'u8 vlan_present : 1;', 'vlan_present'),
  mono: written('sk_buff', 'u8 mono_delivery_time : 1;', 'mono_delivery_time'),
  effective_low: written('cred', 'kernel_cap_t cap_effective;', 'cap_effective.cap[0]'),
  effective_high: written('cred', 'kernel_cap_t cap_effective;', 'cap_effective.cap[1]'),
  partition: written('block_device', 'u8 bd_partno;', 'bd_partno'),
  iname: written('dentry', 'unsigned char d_iname[32];', 'd_iname[3]'),
  bdi: written('request_queue', 'struct backing_dev_info *backing_dev_info;', 'backing_dev_info'),
  result: written('io_kiocb', 'int result;', 'result'),
  rss: written('mm_struct', 'struct mm_rss_stat rss_stat;', 'rss_stat.count[1].counter'),
  nsec: written('inode', 'struct timespec64 i_ctime;', 'i_ctime.tv_nsec'),
  subdirs: written('dentry', 'struct list_head d_subdirs;', 'd_subdirs.next'),
  iov_type: written('iov_iter', 'unsigned int type;', 'type'),
  core_size: written('module', 'struct module_layout core_layout;', 'core_layout.size'),
  mmap: written('mm_struct', 'struct vm_area_struct *mmap;', 'mmap'),
  folio_flags: written('folio', 'struct { unsigned long f; } flags;', 'flags.f'),
  queued: written('cfs_rq', 'unsigned int nr_queued;', 'nr_queued'),
  shortname: written('dentry', 'struct { unsigned char string[40]; } d_shortname;', 'd_shortname.string[3]'),
  reference: written('file', 'struct { struct { long counter; } refcnt; } f_ref;', 'f_ref.refcnt.counter'),
  tree: written('mm_struct', 'struct { void *ma_root; } mm_mt;', 'mm_mt.ma_root'),
  ancestors: written('cgroup', 'struct cgroup *ancestors[1];', 'ancestors[0]'),
  bdev: written('bio', 'struct block_device *bi_bdev;', 'bi_bdev'),
  vlan_all: written('sk_buff', 'u32 vlan_all;', 'vlan_all'),
  inet_flags: written('inet_sock', 'unsigned long inet_flags;', 'inet_flags'),
  bd_flags: written('block_device', 'struct { int counter; } __bd_flags;', '__bd_flags.counter'),
  caps: written('cred', 'struct { u64 val; } cap_effective;', 'cap_effective.val'),
  never: written('task_struct', 'int favourite_colour;', 'favourite_colour'),
};

const OTHERS = `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#define access_index __attribute__((preserve_access_index))
typedef __u32 u32; typedef __u64 u64;
typedef struct { u32 cap[2]; } access_index kernel_cap_t;
struct page { int first; };
struct folio { struct page page; } access_index;
struct dentry { unsigned char d_iname[32]; } access_index;
u64 seen;
SEC("raw_tp/sched_switch") int low(u64 *ctx) { kernel_cap_t *from = (void *)ctx[0]; seen = BPF_CORE_READ(from, cap[0]); return 0; }
SEC("raw_tp/sched_switch") int high(u64 *ctx) { kernel_cap_t *from = (void *)ctx[0]; seen = BPF_CORE_READ(from, cap[1]); return 0; }
SEC("raw_tp/sched_switch") int address(u64 *ctx) { struct folio *from = (void *)ctx[0]; seen = (u64)&from->page; return 0; }
SEC("raw_tp/sched_switch") int name(u64 *ctx) { struct dentry *from = (void *)ctx[0]; seen = (u64)&from->d_iname; return 0; }
SEC("raw_tp/sched_switch") int size(u64 *ctx) { struct dentry *from = (void *)ctx[0]; seen = bpf_core_field_size(from->d_iname); return 0; }
char LICENSE[] SEC("license") = "GPL";
`;

let folder = '';
let explanation: Explanation = { schemaVersion: 3, kernels: [], causes: [], semanticChanges: [], guarded: [] };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'same-value-test-'));
  explanation = await explainedByPrediction(folder, { reads: sourceOf(READS), others: OTHERS });
}, 600_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** What a snippet returns, in the order in which it tries, without the names of its variables. */
function returned(snippet: string | null): string[] | null {
  if (snippet === null) return null;
  const [, body = ''] = snippet.split(/^static __always_inline .*\(const void \*from\)$/m);
  return [...body.matchAll(/^\t+return (.*);$/gm)].map(([, text = '']) => text.replaceAll(/([(&])[a-f](?=, |->)/g, '$1from'));
}

function hintsOf({ situations }: RootCause): string[] {
  return [...new Set(situations.flatMap(({ hints }) => hints.filter((hint) => /meaning|same value/.test(hint))))];
}

/** The newest kernel is called `newest`, because a newer one may appear at any time. */
function withoutNewest(text: string): string {
  return text.replaceAll(new RegExp(`\\b${explanation.kernels.at(-1)?.name}\\b`, 'g'), 'newest');
}

describe('suggested C reads the same value', () => {
  it.skipIf(ALL_SERIES)('each suggestion reads the value that the program read, or has no code for a form with another meaning', () => {
    const sorted = explanation.causes.toSorted((a, b) => (a.subject + a.class < b.subject + b.class ? -1 : 1));
    const texts = sorted.map((cause) => [
      `${cause.subject} ${cause.class}`,
      [...(returned(cause.snippet) ?? ['no code']), ...hintsOf(cause), ...cause.advice.map(withoutNewest)],
    ]);
    expect(Object.fromEntries(texts)).toMatchInlineSnapshot(`
      {
        "bio.bi_bdev core-field-missing": [
          "BPF_CORE_READ(from, bi_bdev)",
          "bi_disk has another meaning: it points to struct gendisk, but the program reads a pointer to struct block_device",
          "Nothing reads the same value on 5.10. Check bio_bi_bdev_exists() first, which is 0 there.",
        ],
        "bio.bi_disk core-field-missing": [
          "BPF_CORE_READ(from, bi_disk)",
          "BPF_CORE_READ(from, bi_bdev, bd_disk)",
        ],
        "block_device.__bd_flags.counter core-field-missing": [
          "BPF_CORE_READ(from, __bd_flags.counter)",
          "bd_partno has another meaning: block_device.bd_partno became the low 8 bits of __bd_flags",
          "Nothing reads the same value on 5.10, 6.1. Check block_device__bd_flags_counter_exists() first, which is 0 there.",
        ],
        "block_device.bd_partno core-field-missing": [
          "BPF_CORE_READ(from, bd_partno)",
          "BPF_CORE_READ(from, __bd_flags.counter) & 0xffULL",
          "the same value is bits 0 to 7 of __bd_flags.counter",
        ],
        "cfs_rq.nr_queued core-field-missing": [
          "BPF_CORE_READ(from, nr_queued)",
          "BPF_CORE_READ(from, nr_running)",
        ],
        "cgroup.ancestor_ids[2] core-field-missing": [
          "BPF_CORE_READ(from, ancestor_ids[2])",
          "BPF_CORE_READ(from, ancestors[2], kn, id)",
        ],
        "cgroup.ancestors[0] core-field-missing": [
          "BPF_CORE_READ(from, ancestors[0])",
          "ancestor_ids[0] has another meaning: it is a number, but a pointer was there",
          "Nothing reads the same value on 5.10. Check cgroup_ancestors_0_exists() first, which is 0 there.",
        ],
        "cred.cap_effective.cap[0] core-field-missing": [
          "BPF_CORE_READ(from, cap_effective.cap[0])",
          "BPF_CORE_READ(from, cap_effective.val) & 0xffffffffULL",
          "the same value is bits 0 to 31 of cap_effective.val",
        ],
        "cred.cap_effective.cap[1] core-field-missing": [
          "BPF_CORE_READ(from, cap_effective.cap[1])",
          "(BPF_CORE_READ(from, cap_effective.val) >> 32) & 0xffffffffULL",
          "the same value is bits 32 to 63 of cap_effective.val",
        ],
        "cred.cap_effective.val core-field-missing": [
          "BPF_CORE_READ(from, cap_effective.val)",
          "cap_effective.cap[0] has another meaning: it has 32 bits, but the program reads 64 bits",
          "Nothing reads the same value on 5.10, 6.1. Check cred_cap_effective_val_exists() first, which is 0 there.",
        ],
        "dentry.d_iname core-field-missing": [
          "&from->d_iname",
          "&from->d_shortname.string",
        ],
        "dentry.d_iname[3] core-field-missing": [
          "BPF_CORE_READ(from, d_iname[3])",
          "BPF_CORE_READ(from, d_shortname.string[3])",
        ],
        "dentry.d_shortname.string[3] core-field-missing": [
          "BPF_CORE_READ(from, d_shortname.string[3])",
          "BPF_CORE_READ(from, d_iname[3])",
        ],
        "dentry.d_subdirs.next core-field-missing": [
          "BPF_CORE_READ(from, d_subdirs.next)",
          "d_children.first has another meaning: dentry.d_subdirs became d_children, a hash list",
          "Nothing reads the same value on 6.12, newest. Check dentry_d_subdirs_next_exists() first, which is 0 there.",
        ],
        "file.f_count core-field-incompatible": [
          "({ long long count = BPF_CORE_READ(from, f_ref.refcnt.counter); count < 0 ? 0 : count + 1; })",
          "BPF_CORE_READ(from, f_count.counter)",
        ],
        "file.f_count core-field-missing": [
          "({ long long count = BPF_CORE_READ(from, f_ref.refcnt.counter); count < 0 ? 0 : count + 1; })",
          "BPF_CORE_READ(from, f_count.counter)",
          "the same value is f_ref.refcnt.counter + 1, or 0 if f_ref.refcnt.counter is negative",
        ],
        "file.f_ref.refcnt.counter core-field-missing": [
          "BPF_CORE_READ(from, f_ref.refcnt.counter)",
          "f_count.counter has another meaning: file.f_count became f_ref, which is one less and negative without references",
          "Nothing reads the same value on 5.10, 6.1, 6.12. Check file_f_ref_refcnt_counter_exists() first, which is 0 there.",
        ],
        "folio.flags.f core-field-incompatible": [
          "BPF_CORE_READ(from, flags.f)",
          "BPF_CORE_READ(from, flags)",
          "Nothing reads the same value on 5.10. Check folio_flags_f_exists() first, which is 0 there.",
        ],
        "folio.flags.f core-type-missing": [
          "BPF_CORE_READ(from, flags.f)",
          "BPF_CORE_READ(from, flags)",
          "Nothing reads the same value on 5.10. Check folio_flags_f_exists() first, which is 0 there.",
        ],
        "folio.page core-type-missing": [
          "&from->page",
          "Nothing reads the same value on 5.10. Check folio_page_exists() first, which is 0 there.",
        ],
        "inet_sock.bind_address_no_port core-field-missing": [
          "BPF_CORE_READ_BITFIELD_PROBED(from, bind_address_no_port)",
          "(BPF_CORE_READ(from, inet_flags) >> 18) & 1",
          "the same value is bit 18 of inet_flags",
        ],
        "inet_sock.freebind core-field-missing": [
          "BPF_CORE_READ_BITFIELD_PROBED(from, freebind)",
          "(BPF_CORE_READ(from, inet_flags) >> 11) & 1",
          "the same value is bit 11 of inet_flags",
        ],
        "inet_sock.inet_flags core-field-missing": [
          "BPF_CORE_READ(from, inet_flags)",
          "freebind has another meaning: it has 1 bit, but the program reads 64 bits",
          "Nothing reads the same value on 5.10, 6.1. Check inet_sock_inet_flags_exists() first, which is 0 there.",
        ],
        "inet_sock.transparent core-field-missing": [
          "BPF_CORE_READ_BITFIELD_PROBED(from, transparent)",
          "(BPF_CORE_READ(from, inet_flags) >> 15) & 1",
          "the same value is bit 15 of inet_flags",
        ],
        "inode.i_ctime.tv_nsec core-field-missing": [
          "BPF_CORE_READ(from, i_ctime.tv_nsec)",
          "BPF_CORE_READ(from, i_ctime_nsec)",
        ],
        "io_kiocb.result core-field-missing": [
          "BPF_CORE_READ(from, result)",
          "BPF_CORE_READ(from, cqe.res)",
        ],
        "iov_iter.type core-field-missing": [
          "BPF_CORE_READ(from, type)",
          "iter_type has another meaning: iov_iter.type became iter_type and single bits",
          "Nothing reads the same value on 6.1, 6.12, newest. Check iov_iter_type_exists() first, which is 0 there.",
        ],
        "kernel_cap_t.cap[0] core-field-missing": [
          "BPF_CORE_READ(from, cap[0])",
          "BPF_CORE_READ(from, val) & 0xffffffffULL",
          "the same value is bits 0 to 31 of val",
        ],
        "kernel_cap_t.cap[1] core-field-missing": [
          "BPF_CORE_READ(from, cap[1])",
          "(BPF_CORE_READ(from, val) >> 32) & 0xffffffffULL",
          "the same value is bits 32 to 63 of val",
        ],
        "mm_struct.mm_mt.ma_root core-field-missing": [
          "BPF_CORE_READ(from, mm_mt.ma_root)",
          "mmap has another meaning: it points to struct vm_area_struct, but the program reads a pointer to void",
          "Nothing reads the same value on 5.10. Check mm_struct_mm_mt_ma_root_exists() first, which is 0 there.",
        ],
        "mm_struct.mmap core-field-missing": [
          "BPF_CORE_READ(from, mmap)",
          "Nothing reads the same value on 6.1, 6.12, newest. Check mm_struct_mmap_exists() first, which is 0 there.",
        ],
        "mm_struct.rss_stat.count[1].counter core-field-incompatible": [
          "BPF_CORE_READ(from, rss_stat.count[1].counter)",
          "BPF_CORE_READ(from, rss_stat[1].count)",
        ],
        "module.core_layout.size core-field-missing": [
          "BPF_CORE_READ(from, core_layout.size)",
          "mem[0].size has another meaning: module.core_layout and init_layout became module.mem[]",
          "Nothing reads the same value on 6.12, newest. Check module_core_layout_size_exists() first, which is 0 there.",
        ],
        "request.rq_disk core-field-missing": [
          "BPF_CORE_READ(from, rq_disk)",
          "BPF_CORE_READ(from, q, disk)",
        ],
        "request_queue.backing_dev_info core-field-missing": [
          "BPF_CORE_READ(from, backing_dev_info)",
          "BPF_CORE_READ(from, disk, bdi)",
        ],
        "sk_buff.mono_delivery_time core-field-missing": [
          "BPF_CORE_READ_BITFIELD_PROBED(from, mono_delivery_time)",
          "BPF_CORE_READ_BITFIELD_PROBED(from, tstamp_type) == 1",
          "the same value is 1 if tstamp_type is 1, else 0",
          "Nothing reads the same value on 5.10. Check sk_buff_mono_delivery_time_exists() first, which is 0 there.",
        ],
        "sk_buff.vlan_all core-field-missing": [
          "BPF_CORE_READ(from, vlan_all)",
          "vlan_present has another meaning: sk_buff.vlan_present was removed: test vlan_all instead",
          "Nothing reads the same value on 5.10, 6.1. Check sk_buff_vlan_all_exists() first, which is 0 there.",
        ],
        "sk_buff.vlan_present core-field-missing": [
          "BPF_CORE_READ_BITFIELD_PROBED(from, vlan_present)",
          "BPF_CORE_READ(from, vlan_all) != 0",
          "the same value is 1 if vlan_all is not 0, else 0",
        ],
        "task_struct.favourite_colour core-field-missing": [
          "no code",
          "None of these kernels has it. Check the name, or look in newer kernels and in modules.",
        ],
      }
    `);
  });

  it('the type that is shown for what a kernel has instead is that of the end of the path', () => {
    const shown = ['bio.bi_disk', 'cgroup.ancestor_ids[2]', 'mm_struct.rss_stat.count[1].counter'].map((subject) => {
      const situations = explanation.causes.flatMap((cause) => (cause.subject === subject ? cause.situations : []));
      return [subject, ...new Set(situations.flatMap(({ alternatives }) => alternatives[0]?.type ?? []))];
    });
    expect(shown).toEqual([
      ['bio.bi_disk', 'struct gendisk *'],
      ['cgroup.ancestor_ids[2]', 'u64'],
      ['mm_struct.rss_stat.count[1].counter', 's64'],
    ]);
  });

  it('the causes of one access have one suggestion for all kernels', () => {
    const counts = explanation.causes.filter(({ subject }) => subject === 'file.f_count');
    expect(counts.map((cause) => cause.class).toSorted()).toEqual(['core-field-incompatible', 'core-field-missing']);
    expect(new Set(counts.map(({ snippet }) => snippet)).size).toBe(1);
  });

  it('every suggestion compiles and lets the caller check whether it reads a value', async () => {
    const snippets = explanation.causes.flatMap(({ snippet }) => snippet ?? []);
    for (const snippet of snippets) {
      const [, name = ''] = /return 0; \/\* not a value: (\w+)\(\) is 0 \*\//.exec(snippet) ?? [];
      expect(snippet).toContain(`static __always_inline int ${name}(void)`);
    }
    const paths = await compiled(folder, Object.fromEntries(snippets.map((snippet, at) => [`s${at}`, sourceUsing(snippet)])));
    expect(paths.length).toBe(snippets.length);
  });

  it.skipIf(ALL_SERIES)('a kernel without the type is older than the first kernel that has the type, with or without the field', () => {
    const cause = explanation.causes.find(({ subject, class: of }) => subject === 'folio.flags.f' && of === 'core-type-missing');
    expect(cause?.situations.flatMap(({ hints }) => hints.slice(0, 1))).toEqual([
      'most likely: it is newer than this kernel: 6.1 is the first of these kernels that has it',
    ]);
  });
});
