// Which class a map gets that cannot be created: by the error, the step, the type of the map, and what the kernel's BTF knows.
import { expect, test } from 'vitest';
import { textRecords } from '../../../harness/logs/libbpf/lines.ts';
import { judgeCell } from '../../../harness/verdict/judge.ts';

const HINT = "permission error while running as root; try raising 'ulimit -l'? current value: 64.0 KiB";

interface Failed {
  error?: string;
  line?: string;
  type?: string | null;
  hint?: boolean;
  enumerators?: readonly string[];
}

/** Class and reason of a map `m` that cannot be created. */
function verdict({ error = 'EINVAL', line = "map 'm': failed to create: -", type = 'ringbuf', hint = false, enumerators }: Failed): string {
  const text = [...(hint ? [HINT] : []), `${line}${error}`].map((each) => `<0>libbpf: ${each}\n`).join('');
  const program = { name: 'p', section: 'kprobe/f', type: 'kprobe', insns: 9 };
  const {
    stage,
    class: failure,
    reason,
  } = judgeCell({
    object: {
      programs: [program],
      relocations: [],
      maps: [{ name: 'other', type: 'hash' }, ...(type === null ? [] : [{ name: 'm', type }])],
    },
    evidence: {
      programs: [{ ...program, autoload: true }],
      leftOut: [],
      chosen: [],
      attempts: [{ program: null, reached: 'prepare', errno: 28, openMs: 0, loadMs: 0, log: textRecords(text) }],
      kernelLog: '',
      console: '',
    },
    ...(enumerators && { enumerators: new Set(enumerators) }),
  });
  expect(stage).toBe('map-create');
  return `${failure}: ${reason}`;
}

const STEPS = {
  create: "map 'm': failed to create: -",
  'inner map': "map 'm': failed to create inner map: -",
  'set-up': "map 'm': failed to freeze as read-only: -",
  pin: "map 'm': failed to auto-pin at '/sys/fs/bpf/m': -",
} as const;
const ERRORS = ['EPERM', 'EACCES', 'ENOMEM', 'EMFILE', 'ENFILE', 'EINVAL', 'E2BIG', 'ENOTSUPP', 'EOPNOTSUPP', 'EBUSY'] as const;

test('the error of a map decides its class, and the step how it is worded', () => {
  const found = Object.entries(STEPS).map(([step, line]) => [step, ERRORS.map((error) => verdict({ error, line }))]);
  expect(Object.fromEntries(found)).toMatchInlineSnapshot(`
    {
      "create": [
        "permission: map 'm' (ringbuf): cannot be created: EPERM",
        "permission: map 'm' (ringbuf): cannot be created: EACCES",
        "resource-limit: map 'm' (ringbuf): cannot be created: ENOMEM",
        "resource-limit: map 'm' (ringbuf): cannot be created: EMFILE",
        "resource-limit: map 'm' (ringbuf): cannot be created: ENFILE",
        "map-create-failed: map 'm' (ringbuf): cannot be created: EINVAL",
        "map-create-failed: map 'm' (ringbuf): cannot be created: E2BIG",
        "map-type-unsupported: map 'm' (ringbuf): its type is unknown to this kernel: ENOTSUPP",
        "map-type-unsupported: map 'm' (ringbuf): its type is unknown to this kernel: EOPNOTSUPP",
        "map-create-failed: map 'm' (ringbuf): cannot be created: EBUSY",
      ],
      "inner map": [
        "permission: map 'm' (ringbuf): its inner map cannot be created: EPERM",
        "permission: map 'm' (ringbuf): its inner map cannot be created: EACCES",
        "resource-limit: map 'm' (ringbuf): its inner map cannot be created: ENOMEM",
        "resource-limit: map 'm' (ringbuf): its inner map cannot be created: EMFILE",
        "resource-limit: map 'm' (ringbuf): its inner map cannot be created: ENFILE",
        "map-create-failed: map 'm' (ringbuf): its inner map cannot be created: EINVAL",
        "map-create-failed: map 'm' (ringbuf): its inner map cannot be created: E2BIG",
        "map-type-unsupported: map 'm' (ringbuf): its type is unknown to this kernel: ENOTSUPP",
        "map-type-unsupported: map 'm' (ringbuf): its type is unknown to this kernel: EOPNOTSUPP",
        "map-create-failed: map 'm' (ringbuf): its inner map cannot be created: EBUSY",
      ],
      "pin": [
        "permission: map 'm' (ringbuf): cannot be pinned or reused: EPERM",
        "permission: map 'm' (ringbuf): cannot be pinned or reused: EACCES",
        "resource-limit: map 'm' (ringbuf): cannot be pinned or reused: ENOMEM",
        "resource-limit: map 'm' (ringbuf): cannot be pinned or reused: EMFILE",
        "resource-limit: map 'm' (ringbuf): cannot be pinned or reused: ENFILE",
        "map-create-failed: map 'm' (ringbuf): cannot be pinned or reused: EINVAL",
        "map-create-failed: map 'm' (ringbuf): cannot be pinned or reused: E2BIG",
        "map-create-failed: map 'm' (ringbuf): cannot be pinned or reused: ENOTSUPP",
        "map-create-failed: map 'm' (ringbuf): cannot be pinned or reused: EOPNOTSUPP",
        "map-create-failed: map 'm' (ringbuf): cannot be pinned or reused: EBUSY",
      ],
      "set-up": [
        "permission: map 'm' (ringbuf): cannot be set up: EPERM",
        "permission: map 'm' (ringbuf): cannot be set up: EACCES",
        "resource-limit: map 'm' (ringbuf): cannot be set up: ENOMEM",
        "resource-limit: map 'm' (ringbuf): cannot be set up: EMFILE",
        "resource-limit: map 'm' (ringbuf): cannot be set up: ENFILE",
        "map-create-failed: map 'm' (ringbuf): cannot be set up: EINVAL",
        "map-create-failed: map 'm' (ringbuf): cannot be set up: E2BIG",
        "map-create-failed: map 'm' (ringbuf): cannot be set up: ENOTSUPP",
        "map-create-failed: map 'm' (ringbuf): cannot be set up: EOPNOTSUPP",
        "map-create-failed: map 'm' (ringbuf): cannot be set up: EBUSY",
      ],
    }
  `);
});

test('a map type is unknown to a kernel whose BTF lacks it, or without BTF if it is young and the error fits', () => {
  const all = ['ringbuf', 'arena', 'BPF_MAP_TYPE_ARENA'].flatMap((type) =>
    [undefined, [], ['BPF_MAP_TYPE_ARENA', 'BPF_MAP_TYPE_RINGBUF']].flatMap((enumerators) =>
      (['EINVAL', 'E2BIG', 'EBUSY'] as const).map((error) => {
        const known = enumerators === undefined ? 'no BTF' : `${enumerators.length} types in BTF`;
        return `${type}, ${error}, ${known}: ${verdict({ type, error, ...(enumerators && { enumerators }) })}`;
      }),
    ),
  );
  expect(all).toMatchInlineSnapshot(`
    [
      "ringbuf, EINVAL, no BTF: map-create-failed: map 'm' (ringbuf): cannot be created: EINVAL",
      "ringbuf, E2BIG, no BTF: map-create-failed: map 'm' (ringbuf): cannot be created: E2BIG",
      "ringbuf, EBUSY, no BTF: map-create-failed: map 'm' (ringbuf): cannot be created: EBUSY",
      "ringbuf, EINVAL, 0 types in BTF: map-type-unsupported: map 'm' (ringbuf): its type is unknown to this kernel: EINVAL",
      "ringbuf, E2BIG, 0 types in BTF: map-type-unsupported: map 'm' (ringbuf): its type is unknown to this kernel: E2BIG",
      "ringbuf, EBUSY, 0 types in BTF: map-create-failed: map 'm' (ringbuf): cannot be created: EBUSY",
      "ringbuf, EINVAL, 2 types in BTF: map-create-failed: map 'm' (ringbuf): cannot be created: EINVAL",
      "ringbuf, E2BIG, 2 types in BTF: map-create-failed: map 'm' (ringbuf): cannot be created: E2BIG",
      "ringbuf, EBUSY, 2 types in BTF: map-create-failed: map 'm' (ringbuf): cannot be created: EBUSY",
      "arena, EINVAL, no BTF: map-type-unsupported: map 'm' (arena): its type is unknown to this kernel: EINVAL",
      "arena, E2BIG, no BTF: map-type-unsupported: map 'm' (arena): its type is unknown to this kernel: E2BIG",
      "arena, EBUSY, no BTF: map-create-failed: map 'm' (arena): cannot be created: EBUSY",
      "arena, EINVAL, 0 types in BTF: map-type-unsupported: map 'm' (arena): its type is unknown to this kernel: EINVAL",
      "arena, E2BIG, 0 types in BTF: map-type-unsupported: map 'm' (arena): its type is unknown to this kernel: E2BIG",
      "arena, EBUSY, 0 types in BTF: map-create-failed: map 'm' (arena): cannot be created: EBUSY",
      "arena, EINVAL, 2 types in BTF: map-create-failed: map 'm' (arena): cannot be created: EINVAL",
      "arena, E2BIG, 2 types in BTF: map-create-failed: map 'm' (arena): cannot be created: E2BIG",
      "arena, EBUSY, 2 types in BTF: map-create-failed: map 'm' (arena): cannot be created: EBUSY",
      "BPF_MAP_TYPE_ARENA, EINVAL, no BTF: map-type-unsupported: map 'm' (arena): its type is unknown to this kernel: EINVAL",
      "BPF_MAP_TYPE_ARENA, E2BIG, no BTF: map-type-unsupported: map 'm' (arena): its type is unknown to this kernel: E2BIG",
      "BPF_MAP_TYPE_ARENA, EBUSY, no BTF: map-create-failed: map 'm' (arena): cannot be created: EBUSY",
      "BPF_MAP_TYPE_ARENA, EINVAL, 0 types in BTF: map-type-unsupported: map 'm' (arena): its type is unknown to this kernel: EINVAL",
      "BPF_MAP_TYPE_ARENA, E2BIG, 0 types in BTF: map-type-unsupported: map 'm' (arena): its type is unknown to this kernel: E2BIG",
      "BPF_MAP_TYPE_ARENA, EBUSY, 0 types in BTF: map-create-failed: map 'm' (arena): cannot be created: EBUSY",
      "BPF_MAP_TYPE_ARENA, EINVAL, 2 types in BTF: map-create-failed: map 'm' (arena): cannot be created: EINVAL",
      "BPF_MAP_TYPE_ARENA, E2BIG, 2 types in BTF: map-create-failed: map 'm' (arena): cannot be created: E2BIG",
      "BPF_MAP_TYPE_ARENA, EBUSY, 2 types in BTF: map-create-failed: map 'm' (arena): cannot be created: EBUSY",
    ]
  `);
});

test('a map that the object does not declare has no type', () => {
  expect([
    verdict({ type: null }),
    verdict({ type: null, enumerators: [] }),
    verdict({ type: null, error: 'EOPNOTSUPP' }),
    verdict({ type: 'not_bpf_map_type_x' }),
  ]).toMatchInlineSnapshot(`
    [
      "map-create-failed: map 'm': cannot be created: EINVAL",
      "map-create-failed: map 'm': cannot be created: EINVAL",
      "map-type-unsupported: map 'm': its type is unknown to this kernel: EOPNOTSUPP",
      "map-create-failed: map 'm' (not_bpf_map_type_x): cannot be created: EINVAL",
    ]
  `);
});

test('a map without a readable error has the error of the load', () => {
  expect(verdict({ line: "map 'm': error reusing pinned map", error: '' })).toMatchInlineSnapshot(
    `"map-create-failed: map 'm' (ringbuf): cannot be pinned or reused: ENOSPC"`,
  );
});

test('the hint of libbpf about locked memory counts for EPERM on kernels that count it', () => {
  expect([
    verdict({ error: 'EPERM', hint: true }),
    verdict({ error: 'EPERM', hint: true, enumerators: ['BPF_MAP_TYPE_RINGBUF'] }),
    verdict({ error: 'EPERM', hint: true, enumerators: ['BPF_FUNC_ktime_get_coarse_ns'] }),
    verdict({ error: 'EINVAL', hint: true }),
    verdict({ error: 'EPERM' }),
  ]).toMatchInlineSnapshot(`
    [
      "resource-limit: map 'm' (ringbuf): cannot be created: EPERM",
      "resource-limit: map 'm' (ringbuf): cannot be created: EPERM",
      "permission: map 'm' (ringbuf): cannot be created: EPERM",
      "map-create-failed: map 'm' (ringbuf): cannot be created: EINVAL",
      "permission: map 'm' (ringbuf): cannot be created: EPERM",
    ]
  `);
});
