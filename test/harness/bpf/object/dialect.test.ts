// Tests of the evidence for the library that an object was made for.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Dialect, dialectOf } from '../../../../harness/bpf/object/dialect.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { KNOWS_SECTION } from '../../../../harness/bpf/object/section-names.ts';
import { compileBpf } from './compile.ts';
import { sampleObjects } from './samples.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dialect-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const program = (section: string, body = 'return 0;') => `SEC("${section}") int p(void *ctx) { ${body} }`;
const mapWith = (number: number, members: string) =>
  `struct { int (*type)[${number}]; int (*max_entries)[4096]; ${members} } m SEC(".maps");`;
const legacy = (numbers: string) => `struct { u32 n[7]; } m SEC("maps") = {{${numbers}}};`;
const EVENT = 'struct event { long a, b; };';

const SOURCES = {
  usual: `${mapWith(27, '')} ${program('xdp')}`,
  'unknown everywhere': program('unheard/of'),
  'section of classifiers': program('classifier/ingress'),
  'section of tc': program('tc/other'),
  'section with a longer name': program('socket_filter'),
  'section that aya refuses beside one that it knows': `${program('classifier/x')} SEC("ksyscall/x") int q(void *ctx) { return 0; }`,
  'ring buffer with a type': `${EVENT} ${mapWith(27, 'struct event *value;')} ${program('xdp')}`,
  'ring buffer with a size': `${mapWith(27, 'int (*value_size)[8];')} ${program('xdp')}`,
  'ring buffer with a type and the size 0': `${mapWith(27, 'long *value; int (*value_size)[0];')} ${program('xdp')}`,
  'perf array with a type': `${EVENT} ${mapWith(4, 'int *key; struct event *value;')} ${program('xdp')}`,
  'perf array of int': `${mapWith(4, 'int *key; int *value;')} ${program('xdp')}`,
  'hash with a type': `${mapWith(1, 'int *key; int *value;')} ${program('xdp')}`,
  'static program': 'SEC("xdp") static int p(void *ctx) { return 0; }',
  'static function': `static __noinline int f(int x) { return x * 3; } ${program('xdp', 'return f((long)ctx);')}`,
  'static function of cold code': `SEC(".text.unlikely.") static __noinline int f(int x) { return x * 3; } ${program('xdp', 'return f((long)ctx);')}`,
  'legacy map': `${legacy('1, 4, 4, 8')} ${program('xdp')}`,
  'legacy map that is pinned': `${legacy('1, 4, 4, 8, 0, 0, 1')} ${program('xdp')}`,
  'function with a mangled name of Rust': `__noinline int _ZN4core9panicking5panic17h0123456789abcdefE(int x) { asm volatile(""); return x * 3; } ${program('xdp', 'return _ZN4core9panicking5panic17h0123456789abcdefE((long)ctx);')}`,
  'function with a mangled name of C++': `__noinline int _ZN4core5panicE(int x) { asm volatile(""); return x * 3; } ${program('xdp', 'return _ZN4core5panicE((long)ctx);')}`,
} as const;

const inWords = (dialect: Dialect | null) =>
  dialect && `${dialect.libraries.join(' or ') || 'none'}: ${dialect.evidence.map(({ words }) => words).join('; ')}`;

it('an object has the libraries that accept all of it, each with its evidence, and none without evidence', async () => {
  const found: Record<string, string | null> = {};
  for (const [at, [name, source]] of Object.entries(SOURCES).entries()) {
    const object = readBpfObject(await readFile(await compileBpf(folder, `case${at}`, source)), name);
    found[name] = inWords(dialectOf(object));
  }
  expect(found).toMatchInlineSnapshot(`
    {
      "function with a mangled name of C++": null,
      "function with a mangled name of Rust": "aya: Rust: mangled name _ZN4core9panicking5panic17h0123456789abcdefE",
      "hash with a type": null,
      "legacy map": "cilium or aya: legacy definitions of maps in section maps: m",
      "legacy map that is pinned": "aya: legacy, pinned definitions of maps in section maps: m",
      "perf array of int": null,
      "perf array with a type": "cilium: perf_event_array map m with a type of values",
      "ring buffer with a size": null,
      "ring buffer with a type": "cilium or aya: ringbuf map m with a type of values",
      "ring buffer with a type and the size 0": "aya: map m with conflicting value size 8 != 0",
      "section of classifiers": "cilium or aya: section classifier/ingress",
      "section of tc": "cilium: section tc/other",
      "section that aya refuses beside one that it knows": "cilium: section classifier/x",
      "section with a longer name": "cilium: section socket_filter",
      "static function": null,
      "static function of cold code": "cilium or aya: static program f",
      "static program": "cilium or aya: static program p",
      "unknown everywhere": null,
      "usual": null,
    }
  `);
});

it('no sample object has evidence of another library than libbpf', async () => {
  const samples = await sampleObjects();
  const found = samples.flatMap(({ name, bytes }) => inWords(dialectOf(readBpfObject(bytes, name), `${name}.bpf.o`)) ?? []);
  expect({ found, some: samples.length > 10 }).toEqual({ found: [], some: true });
});

it('the name of a file from bpf2go is evidence, and kin of it are not', async () => {
  const object = readBpfObject(await readFile(await compileBpf(folder, 'named', program('xdp'))), 'named');
  const names = ['out/probe_bpfel.o', 'probe_x86_bpfeb.o', 'probe.bpfel.o', 'probe_bpf.o', 'probe.bpf.o'];
  expect(names.map((name) => inWords(dialectOf(object, name)))).toEqual([
    'cilium: name of bpf2go: probe_bpfel.o',
    'cilium: name of bpf2go: probe_x86_bpfeb.o',
    null,
    null,
    null,
  ]);
});

it('source files of Rust and the name of its compiler are evidence, with and without DWARF', async () => {
  const path = await compileBpf(folder, 'rust', program('xdp'));
  const producer = join(folder, 'producer');
  const named = join(folder, 'named.o');
  await execa('sh', ['-c', `printf 'clang LLVM (rustc version 1.84.0)\\0' > ${producer}`]);
  await execa('llvm-objcopy', ['--add-section', `.debug_str=${producer}`, path, named]);
  const object = readBpfObject(await readFile(named), 'named');
  expect(inWords(dialectOf(object))).toBe('aya: Rust: rustc version 1.84.0');
  const lines = new Map([['xdp', [{ insnOffset: 0, file: '/src/main.rs', text: '', line: 1 }]]]);
  const written = object.ext && { ...object, ext: { ...object.ext, lines } };
  expect(written && inWords(dialectOf(written))).toBe('aya: Rust: source file main.rs');
});

it('each library knows the sections that its own table has', () => {
  const sections =
    'classifier/x tc/x socket/x socketx ?classifier/x xdp/x xdp.frags/devmap cgroup/connect4/x sk_skb/x ksyscall/x kprobex lsm_cgroup/x'.split(
      ' ',
    );
  const known = (library: keyof typeof KNOWS_SECTION) => sections.filter((section) => KNOWS_SECTION[library](section));
  expect({ cilium: known('cilium'), aya: known('aya') }).toMatchInlineSnapshot(`
    {
      "aya": [
        "classifier/x",
        "socket/x",
        "xdp.frags/devmap",
        "cgroup/connect4/x",
        "lsm_cgroup/x",
      ],
      "cilium": [
        "classifier/x",
        "tc/x",
        "socket/x",
        "socketx",
        "?classifier/x",
        "xdp/x",
        "xdp.frags/devmap",
        "cgroup/connect4/x",
        "sk_skb/x",
        "ksyscall/x",
        "lsm_cgroup/x",
      ],
    }
  `);
});
