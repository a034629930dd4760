// Tests of alternatives with every loader in real guests: all choose the same programs, for the same reasons.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { grouped } from '../../../harness/base/text.ts';
import type { ObjectSettings } from '../../../harness/plan/object-settings/setting-table.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { contradictions, runLoaders, verdicts } from './run-loaders.ts';
import { goIsMissing, rustIsMissing } from './toolchains.ts';

const LOADERS = ['libbpf@default', 'cilium@0.22', 'cilium@0.17', 'aya@0.14', 'aya@0.13'];

const SOURCE = `
SEC("fentry/do_unlinkat") int unlink_fentry(u64 *ctx) { return 0; }
SEC("kprobe/do_unlinkat") int unlink_kprobe(void *ctx) { return 0; }
SEC("fentry/filename_unlinkat") int filename_fentry(u64 *ctx) { return 0; }
SEC("raw_tp/sys_enter") int newest_helper(u64 *ctx) { return ((long (*)(void))208)() & 1; /* bpf_ktime_get_tai_ns */ }
SEC("raw_tp/sys_enter") int newer_helper(u64 *ctx) { return ((long (*)(void))160)() & 1; /* bpf_ktime_get_coarse_ns */ }
SEC("raw_tp/sys_enter") int oldest_helper(u64 *ctx) { return ((long (*)(void))5)() & 1; /* bpf_ktime_get_ns */ }
SEC("kprobe/no_such_function") int nowhere(void *ctx) { return 0; }
SEC("tracepoint/sched/no_such_event") int no_event(void *ctx) { return 0; }
SEC("xdp") int no_interface(void *ctx) { return 2; }
SEC("xdp") int loopback(void *ctx) { return 2; }
`;

let folder = '';
let object = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'alternatives-'));
  object = await compileBpf(folder, 'choice', SOURCE);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** For each kernel what became of the cell and of each program, each with the loaders that say so. */
async function outcomes(settings: ObjectSettings, loaders: readonly string[] = LOADERS): Promise<Record<string, string[]>> {
  const { cells, kernels } = await runLoaders([{ pattern: object, settings }], ['debian:5.10', 'debian:7.3'], loaders);
  const lines = cells.flatMap(({ kernel, object: row, status, chosen, programs }) => {
    const where = kernels.find(({ id }) => id === kernel)?.series ?? '';
    const loader = row.split('+')[1] ?? 'libbpf';
    const result = programs.map(({ name, status: own, class: failure, attached, runs, reason }) => {
      const ran = (runs ?? 0) > 0 ? ', ran' : '';
      const words = reason ?? (attached === true ? `attached${ran}` : 'not attached');
      return `${name} ${own}: ${failure === null ? '' : `${failure}: `}${words}`;
    });
    return [`${status}, chosen: ${chosen?.join(' ') ?? ''}`, ...result].map((said) => ({ where, loader, said }));
  });
  return Object.fromEntries(
    [...grouped(lines, ({ where }) => where)].map(([where, each]) => [
      where,
      [...grouped(each, ({ said }) => said)].map(([said, by]) =>
        by.length === loaders.length ? said : `${said} [${by.map(({ loader }) => loader).join(' ')}]`,
      ),
    ]),
  );
}

const ALTERNATIVES = [
  ['unlink_fentry', 'unlink_kprobe', 'filename_fentry'],
  ['newest_helper', 'newer_helper', 'oldest_helper'],
];

const OFF = { autoload: false } as const;

test.skipIf(goIsMissing || rustIsMissing).for(['load', 'attach', 'run'] as const)(
  'in mode %s every loader chooses the first alternative whose target exists, that loads and that is attached',
  { timeout: 600_000 },
  async (mode) => {
    const programs = {
      nowhere: OFF,
      no_event: OFF,
      no_interface: mode === 'load' ? OFF : { attach_to: 'no_such_link' },
      loopback: mode === 'load' ? OFF : { attach_to: 'lo' },
    };
    const alternatives = mode === 'load' ? ALTERNATIVES : [...ALTERNATIVES, ['no_interface', 'loopback']];
    const settings: ObjectSettings = { mode, programs, alternatives, ...(mode === 'run' && { trigger: ['open'] }) };
    expect(await outcomes(settings)).toMatchSnapshot();
  },
);

test.skipIf(goIsMissing || rustIsMissing)(
  'every loader fails each alternative for its own reason if the kernel has no target of the group',
  { timeout: 600_000 },
  async () => {
    const off = ['unlink_fentry', 'unlink_kprobe', 'filename_fentry', 'newest_helper', 'newer_helper', 'no_interface', 'loopback'];
    const programs = Object.fromEntries(off.map((name) => [name, OFF]));
    expect(await outcomes({ mode: 'attach', programs, alternatives: [['nowhere', 'no_event']] })).toMatchSnapshot();
  },
);

test.skipIf(goIsMissing || rustIsMissing)(
  'every loader leaves out the same programs with autoload if-supported',
  { timeout: 600_000 },
  async () => {
    const names = ['unlink_fentry', 'unlink_kprobe', 'filename_fentry', 'nowhere', 'no_event'];
    const off = ['newest_helper', 'newer_helper', 'oldest_helper', 'no_interface', 'loopback'];
    const programs = Object.fromEntries([
      ...names.map((name) => [name, { autoload: 'if-supported' }]),
      ...off.map((name) => [name, OFF]),
    ] as const);
    expect(await outcomes({ mode: 'attach', programs })).toMatchSnapshot();
  },
);

const MANY = `
SEC("kprobe.multi/vfs_open") int many(void *ctx) { return 0; }
SEC("kprobe/vfs_open") int one(void *ctx) { return 0; }
`;

test.skipIf(goIsMissing)(
  'the next alternative is chosen if the kernel is built without the attach type of the first',
  { timeout: 600_000 },
  async () => {
    const pattern = await compileBpf(folder, 'many', MANY);
    const settings: ObjectSettings = { mode: 'attach', alternatives: [['many', 'one']] };
    const results = await runLoaders([{ pattern, name: 'many', settings }], ['debian:6.1'], LOADERS.slice(0, 3));
    expect(verdicts(results)).toMatchInlineSnapshot(`
      [
        "many/many 6.1 skip",
        "many/one 6.1 pass",
        "many+cilium-0.22/many 6.1 skip",
        "many+cilium-0.22/one 6.1 pass",
        "many+cilium-0.17/many 6.1 skip",
        "many+cilium-0.17/one 6.1 pass",
      ]
    `);
    expect(contradictions(results)).toEqual([]);
  },
);

const MAPS = `
struct { __uint(type, 30 /* bloom filter */); __uint(max_entries, 64); __type(value, u32); } bloom SEC(".maps");
struct { __uint(type, 1 /* hash */); __uint(max_entries, 64); __type(key, u32); __type(value, u32); } hash SEC(".maps");
SEC("raw_tp/sys_enter") int into_bloom(u64 *ctx) { u32 one = 1; return bpf_map_push_elem(&bloom, &one, 0) & 1; }
SEC("raw_tp/sys_enter") int into_hash(u64 *ctx) { u32 one = 1; return bpf_map_update_elem(&hash, &one, &one, 0) & 1; }
`;

test.skipIf(goIsMissing)(
  'loaders that create only the maps of their programs choose among maps that separate programs use',
  { timeout: 600_000 },
  async () => {
    const pattern = await compileBpf(folder, 'maps', MAPS);
    const alternatives = [
      ['bloom', 'hash'],
      ['into_bloom', 'into_hash'],
    ];
    const loaders = LOADERS.slice(0, 3);
    const chosenHash = { settings: { alternatives: [['hash', 'bloom']] }, pattern, name: 'both' };
    const results = await runLoaders(
      [{ pattern, name: 'pair', settings: { alternatives } }, chosenHash],
      ['debian:5.10', 'debian:7.3'],
      loaders,
    );
    expect(verdicts(results)).toMatchInlineSnapshot(`
      [
        "pair/into_bloom 5.10 skip",
        "pair/into_hash 5.10 pass",
        "pair+cilium-0.22/into_bloom 5.10 skip",
        "pair+cilium-0.22/into_hash 5.10 pass",
        "pair+cilium-0.17/into_bloom 5.10 skip",
        "pair+cilium-0.17/into_hash 5.10 pass",
        "both/into_bloom 5.10 fail map-create-failed: map 'bloom' is used but was not created",
        "both/into_hash 5.10 pass",
        "both+cilium-0.22/into_bloom 5.10 fail map-type-unsupported: map 'bloom' (bloom_filter): its type is unknown to this kernel: EINVAL",
        "both+cilium-0.22/into_hash 5.10 pass",
        "both+cilium-0.17/into_bloom 5.10 fail map-type-unsupported: map 'bloom' (bloom_filter): its type is unknown to this kernel: EINVAL",
        "both+cilium-0.17/into_hash 5.10 pass",
        "pair/into_bloom 7.3 pass",
        "pair/into_hash 7.3 skip",
        "pair+cilium-0.22/into_bloom 7.3 pass",
        "pair+cilium-0.22/into_hash 7.3 skip",
        "pair+cilium-0.17/into_bloom 7.3 pass",
        "pair+cilium-0.17/into_hash 7.3 skip",
        "both/into_bloom 7.3 fail map-create-failed: map 'bloom' is used but was not created",
        "both/into_hash 7.3 pass",
        "both+cilium-0.22/into_bloom 7.3 pass",
        "both+cilium-0.22/into_hash 7.3 pass",
        "both+cilium-0.17/into_bloom 7.3 pass",
        "both+cilium-0.17/into_hash 7.3 pass",
      ]
    `);
    expect(results.cells.map(({ object: row, chosen }) => `${row}: ${chosen?.join(' ')}`)).toMatchInlineSnapshot(`
      [
        "pair: hash into_hash",
        "pair+cilium-0.22: hash into_hash",
        "pair+cilium-0.17: bloom into_hash",
        "both: hash",
        "both+cilium-0.22: hash",
        "both+cilium-0.17: hash",
        "pair: bloom into_bloom",
        "pair+cilium-0.22: bloom into_bloom",
        "pair+cilium-0.17: bloom into_bloom",
        "both: hash",
        "both+cilium-0.22: hash",
        "both+cilium-0.17: hash",
      ]
    `);
    expect(contradictions(results)).toEqual([]);
  },
);
