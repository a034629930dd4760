// Tests of the reasons for which libbpf does not open an object, against libbpf itself. Nothing is loaded.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../../harness/base/errors.ts';
import { readSymbols } from '../../../../harness/bpf/elf/elf.ts';
import { namingSymbol, openFailure } from '../../../../harness/bpf/object/open-failure.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { sectionKnownSince } from '../../../../harness/bpf/object/section-names.ts';
import { buildOracle } from '../../core-relo/oracles.ts';
import { compileBpf } from './compile.ts';
import { sampleObjects } from './samples.ts';

const MAP = 'struct { int (*type)[1]; int (*max_entries)[1]; int *key; int *value; }';
const LOOK_UP = 'static void *(*look_up)(void *map, void *key) = (void *)1;';
const program = (body: string) => `SEC("xdp") int p(void *ctx) { ${body} }`;

/** Objects that libbpf does not open, and kin of them that it opens. */
const SOURCES: Readonly<Record<string, string>> = {
  'common variable': `__attribute__((common)) u64 seen; ${program('seen++; return 0;')}`,
  'common variable that no program uses': `__attribute__((common)) u64 seen; ${program('return 0;')}`,
  'extern function without __ksym': `extern int mine(int x); ${program('return mine(3);')}`,
  'extern variable without __ksym': `extern int mine; ${program('return mine;')}`,
  'extern of another section': `extern int mine SEC(".other"); ${program('return mine;')}`,
  'extern function in .kconfig': `extern int mine(void) SEC(".kconfig"); ${program('return mine();')}`,
  'extern with __ksym': `extern int mine SEC(".ksyms"); ${program('return *(volatile int *)&mine;')}`,
  'extern that no program uses': `extern int mine; ${program('return 0;')}`,
  'static map': `${LOOK_UP} static ${MAP} m SEC(".maps"); ${program('int k = 0; return look_up(&m, &k) != 0;')}`,
  'map that is no struct': `${LOOK_UP} int m SEC(".maps"); ${program('int k = 0; return look_up(&m, &k) != 0;')}`,
  'global map': `${LOOK_UP} ${MAP} m SEC(".maps"); ${program('int k = 0; return look_up(&m, &k) != 0;')}`,
  'legacy map': `${LOOK_UP} struct { int type, key, value, max; } m SEC("maps") = {1, 4, 4, 1}; ${program('int k = 0; return look_up(&m, &k) != 0;')}`,
  'static program': `SEC("xdp") static int p(void *ctx) { return 0; }`,
  'static function in .text': `static __noinline int callee(int x) { return x * 3; } ${program('return callee((long)ctx);')}`,
  'call of a function in another section': `SEC("tc") __noinline int callee(int x) { asm volatile(""); return x * 3; } ${program('return callee((long)ctx);')}`,
  'variable in a section of its own': `int seen SEC("own") = 1; ${program('return seen++;')}`,
  'unknown section': `SEC("unheard/of") int p(void *ctx) { return 0; }`,
};

async function compiled(folder: string): Promise<{ name: string; path: string }[]> {
  const names = Object.keys(SOURCES);
  const written = names.map(async (name, at) => ({ name, path: await compileBpf(folder, `case${at}`, SOURCES[name] ?? '') }));
  const objects = await Promise.all(written);
  const [first] = objects;
  const noBtf = join(folder, 'no-btf.o');
  const source = objects.find(({ name }) => name === 'global map')?.path ?? '';
  await execa('llvm-objcopy', ['--remove-section=.BTF', '--remove-section=.BTF.ext', source, noBtf]);
  if (first) objects.push({ name: 'map without BTF', path: noBtf });
  return objects;
}

const SECTIONS = (
  'xdp ?xdp xdp/ingress xdp.frags/devmap kprobe kprobe/f kprobex kprobe.multi/f kprobe.session/f uprobe.s/x:y uprobe.session.s/x classifier ' +
  'classifier/ingress tc tc/ingress tc/other tcx/egress netkit/peer socket socket/x socket1 cgroup/sock cgroup/other cgroup/connect_unix ' +
  'cgroup/sendmsg4 sk_skb sk_skb/verdict sk_skb/x struct_ops struct_ops/x struct_ops.s/x fentry fentry/f fentry.s/f fentry.x/f fsession/f ' +
  'iter/task iter.s/task lsm/x lsm.s/x lsm_cgroup/x syscall syscall/x netfilter usdt/x usdt.s/x raw_tp+ raw_tp.w/x tp_btf/x perf_event ' +
  'action cls .text unheard/of freplace freplace/x flow_dissector lwt_in lwt_in/x sk_reuseport/migrate sk_reuseport/x sockops dump'
).split(' ');

/** Releases of libbpf by their minor number. The agent has the last one. */
const RELEASES = [
  { release: '1.1', minor: 1 },
  { release: '1.5', minor: 5 },
  { release: null, minor: 7 },
] as const;

interface Answer {
  minor: number;
  /** For each object `ok` or the reason why it is not opened. */
  objects: readonly string[];
  /** The known ones of `SECTIONS`. */
  known: readonly string[];
}

async function answerOf({ release, minor }: (typeof RELEASES)[number], paths: readonly string[]): Promise<Answer> {
  const oracle = await buildOracle(new URL('open-oracle.c', import.meta.url).pathname, release);
  // libbpf removes the question mark before it looks up a name.
  const { stdout } = await execa(oracle, [...paths, ...SECTIONS.map((section) => `=${section.replace(/^\?/, '')}`)]);
  const lines = stdout.split('\n').map((line) => line.replace(/^libbpf: /, ''));
  return { minor, objects: lines.slice(0, paths.length), known: SECTIONS.filter((_, at) => lines[paths.length + at] === 'ok') };
}

/** What compilers and libbpf make is found once, because a test of mutants repeats each test many times. */
async function prepare(folder: string) {
  const cases = await Promise.all(
    (await compiled(folder)).map(async ({ name, path }) => ({ name, path, object: readBpfObject(await readFile(path), name) })),
  );
  const paths = cases.map(({ path }) => path);
  const bare = join(folder, 'bare.o');
  await execa('llvm-strip', ['--strip-all', paths[0] ?? '', '-o', bare]);
  return {
    cases,
    answers: await Promise.all(RELEASES.map(async (release) => answerOf(release, paths))),
    samples: (await sampleObjects()).map(({ name, bytes }) => readBpfObject(bytes, name)),
    bare: await readFile(bare),
  };
}

let folder = '';
let prepared: Awaited<ReturnType<typeof prepare>> = { cases: [], answers: [], samples: [], bare: Buffer.alloc(0) };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'open-failure-test-'));
  prepared = await prepare(folder);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

describe('an object that libbpf does not open', () => {
  it('an object that libbpf does not open is refused with the message of libbpf 1.1, 1.5 and 1.7', () => {
    const { cases, answers } = prepared;
    const own = cases.map(({ name, object }) => [name, openFailure(object) ?? 'ok'] as const);
    const differing = answers.flatMap(({ minor, objects }) =>
      cases.flatMap(({ name, object }, at) => {
        const line = namingSymbol(objects[at] ?? '', (index) => readSymbols(object.elf)[index]?.name ?? null);
        return line === own[at]?.[1] ? [] : `${name}, libbpf 1.${minor}: ${line}`;
      }),
    );
    expect({ differing, messages: Object.fromEntries(own) }).toMatchInlineSnapshot(`
      {
        "differing": [],
        "messages": {
          "call of a function in another section": "prog 'p': bad call relo against 'callee' in section 'tc'",
          "common variable": "variable 'seen' has no section (SHN_COMMON), because the compiler left it to the linker",
          "common variable that no program uses": "ok",
          "extern function in .kconfig": "extern function mine is unsupported under .kconfig section",
          "extern function without __ksym": "failed to find BTF for extern 'mine' [6] section: -2",
          "extern of another section": "unrecognized extern section '.other'",
          "extern that no program uses": "ok",
          "extern variable without __ksym": "failed to find BTF for extern 'mine' [9] section: -2",
          "extern with __ksym": "ok",
          "global map": "ok",
          "legacy map": "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+",
          "map that is no struct": "map 'm': unexpected def kind var.",
          "map without BTF": "BTF is required, but is missing or corrupted.",
          "static function in .text": "ok",
          "static map": "map 'm': unsupported map linkage static.",
          "static program": "sec 'xdp': program 'p' is static and not supported",
          "unknown section": "ok",
          "variable in a section of its own": "prog 'p': bad map relo against 'seen' in section 'own'",
        },
      }
    `);
  });

  it('every sample object can be opened', () => {
    const refused = prepared.samples.flatMap((sample) => openFailure(sample) ?? []);
    expect({ refused, some: prepared.samples.length > 10 }).toEqual({ refused: [], some: true });
  });

  it('an object without a symbol table is refused with advice', () => {
    expect(() => readBpfObject(prepared.bare, 'bare.o')).toThrow(
      new UserError('bare.o: it has no symbol table, which names its programs; strip it with llvm-strip -g, which keeps the table'),
    );
  });
});

describe('a section name', () => {
  it.each([1, 5, 7])('a section name has a type if libbpf 1.%i knows it', (minor) => {
    const known = SECTIONS.filter((section) => (sectionKnownSince(section) ?? Infinity) <= minor);
    expect({ known }).toEqual({ known: prepared.answers.find((answer) => answer.minor === minor)?.known });
  });

  it('a section name has the release that first knows it, or none', () => {
    expect(['tcx/ingress', 'fsession/f', 'classifier/ingress'].map(sectionKnownSince)).toEqual([3, 7, null]);
  });
});
