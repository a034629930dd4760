// Tests of `corematrix types`: complete outputs on cached kernels, and messages for unknown names.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { LONG_TERM, pulledKernels } from '../../kernels/pulled.ts';
import { corematrix } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'types-cli-'));
  await writeFile(join(folder, 'damaged.btf'), 'not BTF at all, but long enough');
  await pulledKernels(SELECTORS);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const SELECTORS = LONG_TERM.map((series) => `debian:${series}`);
const THREE = SELECTORS.flatMap((selector) => ['-k', selector]);

async function types(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await corematrix(folder, ['types', ...args], { COREMATRIX_CACHE: cacheRoot() });
  return `${stdout}${stderr === '' ? '' : `\n${stderr}`}\n[exit ${exitCode}]`;
}

describe('types diff', () => {
  it('types diff shows members that were split, changed type, were added and removed', async () => {
    expect(await types('diff', 'inode', ...THREE)).toMatchInlineSnapshot(`
      "struct inode: 3 layouts on 3 kernels; 12 differ, 36 only moved, 16 the same

        5.10 (600 bytes)                                  │ 6.1 (632 bytes)
        offset  size  member        type                  │ offset  size  member        type
      ~     88    16  i_atime       struct timespec64     │     88    16  i_atime       struct timespec64      split, type, size
      ~    104    16  i_mtime       struct timespec64     │    104    16  i_mtime       struct timespec64      split, type, size, offset
      ~    120    16  i_ctime       struct timespec64     │    120    16  i_ctime       struct timespec64      split, type, size, offset
      +                                                   │                                                    added
      +                                                   │                                                    added
      +                                                   │                                                    added
      ~    143     1  i_write_hint  u8                    │    143     1  i_write_hint  u8                     type, offset
      ~    152     8  i_state       long unsigned int     │    152     8  i_state       long unsigned int      type, size, offset
      ~    376   160  i_data        struct address_space  │    376   192  i_data        struct address_space   size, offset
      -    552     8  i_bdev        struct block_device * │                                                    removed
      ~    560     4  i_generation  __u32                 │    592     4  i_generation  __u32                  type, offset
      ~    576     8  i_crypt_info  struct fscrypt_info * │    608     8  i_crypt_info  struct fscrypt_info *  type, offset

        6.12 (624 bytes)
        offset  size  member        type
      ~     88     8  i_atime_sec   time64_t                     split, type, size
      ~     96     8  i_mtime_sec   time64_t                     split, type, size, offset
      ~    104     8  i_ctime_sec   time64_t                     split, type, size, offset
      +    112     4  i_atime_nsec  u32                          added
      +    116     4  i_mtime_nsec  u32                          added
      +    120     4  i_ctime_nsec  u32                          added
      ~    135     1  i_write_hint  enum rw_hint                 type, offset
      ~    144     4  i_state       u32                          type, size, offset
      ~    368   192  i_data        struct address_space         size, offset
      -                                                          removed
      ~    124     4  i_generation  u32                          type, offset
      ~    600     8  i_crypt_info  struct fscrypt_inode_info *  type, offset

      (52 not shown; --all shows them)
      [exit 0]"
    `);
  });

  it('types diff shows members that were renamed or moved into another member', async () => {
    const [head, ...lines] = (await types('diff', 'task_struct', ...THREE)).split('\n');
    expect([head?.replaceAll(/\d+ (?=differ|only)/g, 'N '), ...lines.filter((line) => /\b(renamed|moved)\b/.test(line))])
      .toMatchInlineSnapshot(`
      [
        "struct task_struct: 3 layouts on 3 kernels; N differ, N only moved, 0 the same",
        "~     16     8  state                     volatile long int               renamed, type, size, offset",
        "~     64     4  cpu                       unsigned int                    moved, type, offset",
        "~   2464     8  pf_io_worker              void *                          renamed, offset",
        "~     24     4  __state                   unsigned int                    renamed, type, size, offset",
        "~     20     4  thread_info.cpu           u32                             moved, type, offset",
        "~   2648     8  worker_private            void *                          renamed, offset",
        "~     24     4  __state                  unsigned int                  renamed, type, size, offset",
        "~     20     4  thread_info.cpu          u32                           moved, type, offset",
        "~   2648     8  worker_private           void *                        renamed, offset",
      ]
    `);
  });

  it('types diff --all shows every member', async () => {
    expect(await types('diff', 'struct kernfs_node', '--all', '-k', 'debian:5.10', '-k', 'debian:6.12')).toMatchInlineSnapshot(`
      "struct kernfs_node: 2 layouts on 2 kernels; 2 differ, 5 only moved, 9 the same

        5.10 (128 bytes)                                  │ 6.12 (136 bytes)
        offset  size  member   type                       │ offset  size  member   type
             0     4  count    atomic_t                   │      0     4  count    atomic_t
             4     4  active   atomic_t                   │      4     4  active   atomic_t
             8     8  parent   struct kernfs_node *       │      8     8  parent   struct kernfs_node *
            16     8  name     const char *               │     16     8  name     const char *
            24    24  rb       struct rb_node             │     24    24  rb       struct rb_node
            48     8  ns       const void *               │     48     8  ns       const void *
            56     4  hash     unsigned int               │     56     4  hash     unsigned int
      ~     64    24  dir      struct kernfs_elem_dir     │     64    32  dir      struct kernfs_elem_dir      size
            64     8  symlink  struct kernfs_elem_symlink │     64     8  symlink  struct kernfs_elem_symlink
            64    32  attr     struct kernfs_elem_attr    │     64    32  attr     struct kernfs_elem_attr
      >     96     8  priv     void *                     │    104     8  priv     void *                      offset
      >    104     8  id       u64                        │     96     8  id       u64                         offset
      >    112     2  flags    short unsigned int         │     60     2  flags    short unsigned int          offset
      >    114     2  mode     umode_t                    │     62     2  mode     umode_t                     offset
      >    120     8  iattr    struct kernfs_iattrs *     │    112     8  iattr    struct kernfs_iattrs *      offset
      +                                                   │    120    16  rcu      struct callback_head        added
      [exit 0]"
    `);
  });

  it('types diff shows enumerators and arguments of tracepoints', async () => {
    expect(await types('diff', 'enum bpf_map_type', ...THREE)).toMatchInlineSnapshot(`
      "enum bpf_map_type: 3 layouts on 3 kernels; 8 differ, 29 the same

        5.10 (4 bytes)    │ 6.1 (4 bytes)                    │ 6.12 (4 bytes)
        enumerator  value │ enumerator                 value │ enumerator                            value
      +                   │                                  │ BPF_MAP_TYPE_CGROUP_STORAGE_DEPRECA…  19     added
      +                   │                                  │ BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE_…  21     added
      +                   │ BPF_MAP_TYPE_TASK_STORAGE  29    │ BPF_MAP_TYPE_TASK_STORAGE             29     added
      +                   │ BPF_MAP_TYPE_BLOOM_FILTER  30    │ BPF_MAP_TYPE_BLOOM_FILTER             30     added
      +                   │ BPF_MAP_TYPE_USER_RINGBUF  31    │ BPF_MAP_TYPE_USER_RINGBUF             31     added
      +                   │                                  │ BPF_MAP_TYPE_CGRP_STORAGE             32     added
      +                   │                                  │ BPF_MAP_TYPE_ARENA                    33     added
      +                   │                                  │ __MAX_BPF_MAP_TYPE                    34     added

      (29 not shown; --all shows them)
      [exit 0]"
    `);
    expect(await types('diff', 'btf_trace_sched_switch', '--all', ...THREE)).toMatchInlineSnapshot(`
      "btf_trace_sched_switch: 2 layouts on 3 kernels; kernels differ: argument 4; 5 the same

        5.10                                         │ 6.1, 6.12
        argument  size  name    type                 │ argument  size  name    type
                     8  #0      void *               │              8  #0      void *
               1     1  #1      bool                 │        1     1  #1      bool
               2     8  #2      struct task_struct * │        2     8  #2      struct task_struct *
               3     8  #3      struct task_struct * │        3     8  #3      struct task_struct *
      +                                              │        4     4  #4      unsigned int          added
                        return  void                 │                 return  void
      [exit 0]"
    `);
  });

  it('types diff finds the target of a program by its bare name or section and compares arguments by position', async () => {
    const [tracepoint, hook, section, moved, raw] = await Promise.all(
      ['sched_switch', 'inode_setattr', 'lsm/inode_permission', 'vfs_unlink', 'raw_tracepoint.w/sched_switch'].map(async (name) =>
        types('diff', name, ...THREE),
      ),
    );
    expect(tracepoint).toMatchInlineSnapshot(`
      "btf_trace_sched_switch: 2 layouts on 3 kernels; kernels differ: argument 4; 5 the same

        5.10                       │ 6.1, 6.12
        argument  size  name  type │ argument  size  name  type
      +                            │        4     4  #4    unsigned int  added

      (5 not shown; --all shows them)
      [exit 0]"
    `);
    expect(hook).toMatchInlineSnapshot(`
      "bpf_lsm_inode_setattr: 2 layouts on 3 kernels; kernels differ: arguments 1, 2, 3; 1 the same

        5.10, 6.1                               │ 6.12
        argument  size  name    type            │ argument  size  name    type
      ~        1     8  dentry  struct dentry * │        1     8  idmap   struct mnt_idmap *  renamed, type
      ~        2     8  attr    struct iattr *  │        2     8  dentry  struct dentry *     renamed, type
      +                                         │        3     8  attr    struct iattr *      added

      (1 not shown; --all shows them)
      [exit 0]"
    `);
    expect(section).toMatch(/^bpf_lsm_inode_permission: /);
    expect(raw).toBe(tracepoint);
    expect(moved).toMatchInlineSnapshot(`
      "vfs_unlink: 3 layouts on 3 kernels; kernels differ: arguments 1, 2, 3, 4; 1 the same

        5.10                                             │ 6.1
        argument  size  name             type            │ argument  size  name             type
      ~        1     8  dir              struct inode *  │        1     8  mnt_userns       struct user_namespace *  renamed, type
      ~        2     8  dentry           struct dentry * │        2     8  dir              struct inode *           renamed, type
      ~        3     8  delegated_inode  struct inode ** │        3     8  dentry           struct dentry *          renamed, type
      +                                                  │        4     8  delegated_inode  struct inode **          added

        6.12
        argument  size  name             type
      ~        1     8  idmap            struct mnt_idmap *  renamed, type
      ~        2     8  dir              struct inode *      renamed, type
      ~        3     8  dentry           struct dentry *     renamed, type
      +        4     8  delegated_inode  struct inode **     added

      (1 not shown; --all shows them)
      [exit 0]"
    `);
  });

  it('types diff lists kernels without the type', async () => {
    expect(await types('diff', 'maple_node', ...THREE)).toMatchInlineSnapshot(`
      "struct maple_node: 1 layout on 3 kernels; 0 differ, 12 the same

      no such type: 5.10

      (12 not shown; --all shows them)
      [exit 0]"
    `);
  });
});

describe('types show', () => {
  it('types show prints each layout once and completely', async () => {
    expect(await types('show', 'tty_driver', ...THREE)).toMatchInlineSnapshot(`
      "5.10: struct tty_driver, 184 bytes, 22 members
        offset  size  member        type
             0     4  magic         int
             4     4  kref          struct kref
             8     8  cdevs         struct cdev **
            16     8  owner         struct module *
            24     8  driver_name   const char *
            32     8  name          const char *
            40     4  name_base     int
            44     4  major         int
            48     4  minor_start   int
            52     4  num           unsigned int
            56     2  type          short int
            58     2  subtype       short int
            60    44  init_termios  struct ktermios
           104     8  flags         long unsigned int
           112     8  proc_entry    struct proc_dir_entry *
           120     8  other         struct tty_driver *
           128     8  ttys          struct tty_struct **
           136     8  ports         struct tty_port **
           144     8  termios       struct ktermios **
           152     8  driver_state  void *
           160     8  ops           const struct tty_operations *
           168    16  tty_drivers   struct list_head

      6.1, 6.12: struct tty_driver, 184 bytes, 21 members
        offset  size  member        type
             0     4  kref          struct kref
             8     8  cdevs         struct cdev **
            16     8  owner         struct module *
            24     8  driver_name   const char *
            32     8  name          const char *
            40     4  name_base     int
            44     4  major         int
            48     4  minor_start   int
            52     4  num           unsigned int
            56     2  type          short int
            58     2  subtype       short int
            60    44  init_termios  struct ktermios
           104     8  flags         long unsigned int
           112     8  proc_entry    struct proc_dir_entry *
           120     8  other         struct tty_driver *
           128     8  ttys          struct tty_struct **
           136     8  ports         struct tty_port **
           144     8  termios       struct ktermios **
           152     8  driver_state  void *
           160     8  ops           const struct tty_operations *
           168    16  tty_drivers   struct list_head
      [exit 0]"
    `);
  });

  it('types show writes JSON', async () => {
    const { stdout } = await corematrix(folder, ['types', 'show', 'hlist_head', '--json', ...THREE], { COREMATRIX_CACHE: cacheRoot() });
    const { kernels, ...survey }: { kernels: { series: string; layout: number }[] } = JSON.parse(stdout);
    expect(kernels.map(({ series, layout }) => ({ series, layout }))).toEqual(
      ['5.10', '6.1', '6.12'].map((series) => ({ series, layout: 0 })),
    );
    expect(JSON.parse(JSON.stringify(survey), (key, value: unknown) => (key === 'kernels' ? undefined : value))).toMatchInlineSnapshot(`
      {
        "layouts": [
          {
            "entries": [
              {
                "bitOffset": 0,
                "bitSize": 0,
                "name": "first",
                "size": 8,
                "type": "struct hlist_node *",
              },
            ],
            "kind": "struct",
            "others": 0,
            "size": 8,
            "text": "struct hlist_head",
          },
        ],
        "members": [
          {
            "changes": [
              [],
            ],
            "entries": [
              {
                "bitOffset": 0,
                "bitSize": 0,
                "name": "first",
                "size": 8,
                "type": "struct hlist_node *",
              },
            ],
          },
        ],
        "schemaVersion": 1,
        "type": "hlist_head",
      }
    `);
  });
});

it('types reads the kernels of the configuration, unless -k names others, and leaves out optional ones that the cache lacks', async () => {
  const [oldest = '', newer = ''] = SELECTORS;
  await writeFile(join(folder, 'kernels.yaml'), `kernels: [${oldest}, { selector: debian:1.0, optional: true }]\n`);
  const kernelsOf = async (...args: string[]) => {
    const text = await types('show', 'list_head', '--json', ...args);
    return [...new Set(text.match(/"series":"[^"]+"|error: .*|exit \d/g))];
  };
  const series = (selector: string) => `"series":"${selector.replace('debian:', '')}"`;
  expect(await kernelsOf('-c', 'kernels.yaml')).toEqual([series(oldest), 'exit 0']);
  expect(await kernelsOf('-c', 'kernels.yaml', '-k', newer)).toEqual([series(newer), 'exit 0']);
  await writeFile(join(folder, 'missing.yaml'), 'kernels: [debian:1.0]\n');
  expect((await kernelsOf('-c', 'missing.yaml')).at(-1)).toBe('exit 2');
});

describe('base types', () => {
  it('types show has the size of a base type, under each name that C has for it', async () => {
    expect([
      await types('show', 'int', '-k', 'debian:6.12'),
      await types('show', 'unsigned long', '-k', 'debian:6.12'),
      await types('show', 'u32', '-k', 'debian:6.12'),
    ]).toMatchInlineSnapshot(`
      [
        "6.12: int, 4 bytes, a base type
      [exit 0]",
        "6.12: long unsigned int, 8 bytes, a base type
      [exit 0]",
        "6.12: u32, 4 bytes, 1 part
        offset  size  member  type
                   4          __u32
      [exit 0]",
      ]
    `);
  });
});

describe('bad input', () => {
  it('types asks for the name that is meant: a type, a tracepoint, a hook or a function', async () => {
    const said: string[] = [];
    for (const name of ['task_strct', 'struct task_strct', 'sched_swich', 'inode_setatr', 'vfs_unlik', 'zzzzqqq'])
      said.push(await types('show', name, '-k', 'debian:6.12'));
    expect(said.join('\n')).toMatchInlineSnapshot(`
      "
      error: task_strct: no kernel here has a type of this name (did you mean task_struct?)
      [exit 2]

      error: struct task_strct: no kernel here has a type of this name (did you mean struct task_struct?)
      [exit 2]

      error: sched_swich: no kernel here has a type of this name (did you mean sched_switch?)
      [exit 2]

      error: inode_setatr: no kernel here has a type of this name (did you mean inode_setattr?)
      [exit 2]

      error: vfs_unlik: no kernel here has a type of this name (did you mean vfs_unlink?)
      [exit 2]

      error: zzzzqqq: no kernel here has a type of this name
      [exit 2]"
    `);
  });

  it('types refuses each bad input in one line', async () => {
    expect(await types('show', 'no_such_type', ...THREE)).toMatchInlineSnapshot(`
      "
      error: no_such_type: no kernel here has a type of this name
      [exit 2]"
    `);
    expect(await types('show', 'inode', '-k', 'btf:damaged.btf')).toMatchInlineSnapshot(`
      "
      error: damaged.btf: not BTF: the magic number is missing
      error: no kernel can be used
      [exit 2]"
    `);
    expect(await types('diff')).toMatchInlineSnapshot(`
      "
      error: missing required argument 'type'
      (add --help for the possible arguments)
      [exit 2]"
    `);
    expect(await types('show', '\u001b[31m', ...THREE)).toMatchInlineSnapshot(`
      "
      error: \\x1b[31m: no kernel here has a type of this name
      [exit 2]"
    `);
  });
});
