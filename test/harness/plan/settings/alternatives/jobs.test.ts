// Tests of finding programs that do one job, and jobs that a kernel may lack a place for, in compiled objects.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BpfObject, readBpfObject } from '../../../../../harness/bpf/object/object.ts';
import { jobsOf } from '../../../../../harness/plan/settings/alternatives/jobs.ts';
import { proposePrograms } from '../../../../../harness/plan/settings/programs/propose.ts';
import { compileBpf } from '../../../bpf/object/compile.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jobs-'));
});
afterAll(async () => rm(folder, { recursive: true }));

const MAPS = `
static long (*update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
#define HASH(name) struct { __uint(type, 1); __uint(max_entries, 8); __type(key, u32); __type(value, u64); } name SEC(".maps");
HASH(starts) HASH(counts)
#define P(section, name, map, add) SEC(section) int name(u64 *ctx) \\
  { u32 key = ctx[add]; u64 value = key; update(&map, &key, &value, 0); return 0; }
`;

async function objectOf(name: string, programs: string): Promise<BpfObject> {
  return readBpfObject(await readFile(await compileBpf(folder, name, MAPS + programs)), name);
}

/** The programs of each job with several; the one that an optional job is related to, or its placeholder, after a colon. */
async function jobs(name: string, programs: string): Promise<string[]> {
  return jobsOf(await objectOf(name, programs)).map(({ programs: names, optional }) => {
    const relative = optional && ('program' in optional ? optional.program : optional.target);
    return `${names.join(' | ')}${optional ? `: ${optional.why} ${relative}` : ''}`;
  });
}

test('programs for one place that are attached in different ways are one job, the cheapest way first', async () => {
  const programs = `
    P("kprobe/vfs_read", read_kprobe, starts, 0) P("fentry/vfs_read", read_fentry, starts, 1)
    P("kretprobe/vfs_read", read_return, starts, 0) P("fexit/vfs_read", read_fexit, starts, 0)
    P("tracepoint/sched/sched_switch", switch_tp, starts, 0) P("raw_tp/sched_switch", switch_raw, starts, 0) P("tp_btf/sched_switch", switch_btf, starts, 0)`;
  expect(await jobs('ways', programs)).toEqual([
    'read_fentry | read_kprobe',
    'read_fexit | read_return',
    'switch_btf | switch_raw | switch_tp',
  ]);
});

test('programs for one place that use different maps are different jobs', async () => {
  const programs = `
    P("kprobe/vfs_read", read_kprobe, starts, 0) P("fentry/vfs_read", read_fentry, counts, 0)
    P("kprobe/do_nanosleep", sleep_kprobe, starts, 0) SEC("fentry.s/do_nanosleep") int sleep_fentry(u64 *ctx) { return 0; }`;
  expect(await jobs('other-maps', programs)).toEqual(['read_kprobe', 'read_fentry', 'sleep_kprobe', 'sleep_fentry']);
});

test('programs for old and new names of one target are one job if they use the same maps', async () => {
  const programs = `
    P("fentry/migrate_misplaced_page", page, starts, 0) P("fentry/migrate_misplaced_folio", folio, starts, 0)
    P("kprobe/kmem_cache_alloc", old_alloc, starts, 0) P("kprobe/kmem_cache_alloc_noprof", new_alloc, starts, 0)
    P("kprobe/__blk_account_io_done", done, starts, 0) P("tp_btf/block_io_done", event, starts, 0)
    P("kprobe/__page_cache_alloc", other_map, starts, 0) P("kprobe/filemap_alloc_folio", this_map, counts, 0)`;
  expect(await jobs('names', programs)).toEqual(['page | folio', 'old_alloc | new_alloc', 'event | done', 'other_map', 'this_map']);
});

test('a job is optional if its target belongs to a family of which the object has old and new names', async () => {
  const programs = `
    P("fentry/blk_account_io_start", start, starts, 0) P("tp_btf/block_io_start", event, starts, 0)
    P("kprobe/blk_account_io_merge_bio", merge, starts, 0) P("kprobe/blk_mq_start_request", request, starts, 0)`;
  expect(await jobs('families', programs)).toEqual(['event | start', 'merge: renamed family start', 'request']);
});

test('placeholders that differ only in the way of attaching are one job', async () => {
  const programs = `P("kprobe/dummy_kprobe", a, starts, 0) P("fentry/dummy_fentry", b, starts, 0) P("kretprobe/dummy_kretprobe", c, starts, 0)
    P("fexit/dummy_fexit", d, starts, 0) P("fentry/dummy_open", e, starts, 0) P("kprobe/dummy_open", f, starts, 0)`;
  expect(await jobs('placeholders', programs)).toEqual([
    'b | a: placeholder dummy_fentry',
    'd | c: placeholder dummy_fexit',
    'e | f: placeholder dummy_open',
  ]);
});

test('two programs that are attached to one place in one way are two jobs', async () => {
  const programs = `P("kprobe/vfs_read", first, starts, 0) P("kprobe/vfs_read", second, starts, 0) P("fentry/vfs_read", third, starts, 0)`;
  expect(await jobs('both', programs)).toEqual(['first', 'second', 'third']);
});

test('a job may be left out if its target is a placeholder, a special form, or one of several system calls with the same code', async () => {
  const programs = `
    P("kprobe/dummy_read", placeholder, starts, 0) P("kprobe/foo", other_placeholder, starts, 0)
    P("kprobe/mutex_lock", lock, starts, 0) P("kprobe/mutex_lock_killable", lock_killable, starts, 0) P("kprobe/mutex_lock_io", lock_io, counts, 0)
    P("tracepoint/syscalls/sys_enter_open", open, starts, 0) P("tp/syscalls/sys_enter_openat", openat, starts, 1)
    P("tracepoint/syscalls/sys_enter_fsync", fsync, counts, 0)`;
  expect(await jobs('optional', programs)).toEqual([
    'placeholder: placeholder dummy_read',
    'other_placeholder: placeholder foo',
    'lock',
    'lock_killable: special form lock',
    'lock_io',
    'open: system call openat',
    'openat: system call open',
    'fsync',
  ]);
});

test('init proposes the type of programs whose section name only other loaders know, and asks for it if the name shows none', async () => {
  const programs = `P("classifier/ingress", of_cilium, starts, 0) P("kprobe__vfs_read", of_bcc, starts, 0) P("unheard/of", unheard, starts, 0)
    P("xdp", usual, starts, 0) P("kprobe/dummy_file_write", placeholder, starts, 0)`;
  expect(proposePrograms(await objectOf('types', programs))).toEqual({
    isNeeded: true,
    entries: [
      { name: 'of_cilium', value: { type: 'sched_cls' }, why: 'classifier/ingress: libbpf does not know this section name' },
      { name: 'of_bcc', value: { type: 'kprobe' }, why: 'kprobe__vfs_read: libbpf does not know this section name' },
      {
        name: 'unheard',
        value: { type: null },
        why: 'fill in the type: libbpf does not know the section name unheard/of',
        isOptional: false,
      },
      {
        name: 'placeholder',
        value: { autoload: 'if-supported', attach_to: 'generic_file_write_iter' },
        why: 'the loader sets the target in place of dummy_file_write; this one is an example',
      },
    ],
  });
});
