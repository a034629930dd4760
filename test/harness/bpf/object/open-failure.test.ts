// Tests of the reasons for which libbpf does not open an object, against libbpf itself. Nothing is loaded.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../../harness/base/errors.ts';
import { readSymbols } from '../../../../harness/bpf/elf/elf.ts';
import { namingSymbol, openFailure } from '../../../../harness/bpf/object/open-failure.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { sectionKnownSince } from '../../../../harness/bpf/object/section-names.ts';
import { buildOracle } from '../../core-relo/oracles.ts';
import { changedElf, type ElfParts } from './changed-elf.ts';
import { compileBpf } from './compile.ts';
import { sampleObjects } from './samples.ts';

const SHT_PROGBITS = 1;
const SHT_NOBITS = 8;
const STT_SECTION = 3;

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
  'ring buffer with a type of values and the size 0': `struct { int (*type)[27]; long *value; int (*max_entries)[4096]; int (*value_size)[0]; } m SEC(".maps"); ${program('return 0;')}`,
  'map with another size before its type of values': `struct { int (*type)[1]; int (*max_entries)[1]; int *key; int (*value_size)[4]; long *value; } m SEC(".maps"); ${program('return 0;')}`,
  'map with another size after its type of keys': `struct { int (*type)[1]; int (*max_entries)[1]; int *key; int (*key_size)[8]; int *value; } m SEC(".maps"); ${program('return 0;')}`,
  'map with equal sizes and types': `struct { int (*type)[1]; int (*max_entries)[1]; int *key; int (*key_size)[4]; int *value; int (*value_size)[4]; } m SEC(".maps"); ${program('return 0;')}`,
  'global map': `${LOOK_UP} ${MAP} m SEC(".maps"); ${program('int k = 0; return look_up(&m, &k) != 0;')}`,
  'legacy map': `${LOOK_UP} struct { int type, key, value, max; } m SEC("maps") = {1, 4, 4, 1}; ${program('int k = 0; return look_up(&m, &k) != 0;')}`,
  'static program': `SEC("xdp") static int p(void *ctx) { return 0; }`,
  'static function in .text': `static __noinline int callee(int x) { return x * 3; } ${program('return callee((long)ctx);')}`,
  'call of a function in another section': `SEC("tc") __noinline int callee(int x) { asm volatile(""); return x * 3; } ${program('return callee((long)ctx);')}`,
  'variable in a section of its own': `int seen SEC("own") = 1; ${program('return seen++;')}`,
  'function in .text whose address is taken': `static __noinline int callee(int x) { return x * 3; } ${program('return (long)&callee;')}`,
  'static variable in a section of its own': `static volatile int seen SEC("own") = 1; ${program('return seen++;')}`,
  'bad variable after a good one': `int good = 1; int seen SEC("own") = 1; ${program('return good++ + seen++;')}`,
  'common variable after a good one': `int good = 1; __attribute__((common)) u64 seen; ${program('return good++ + seen++;')}`,
  'bad variable of the second program': `int seen SEC("own") = 1; ${program('return 0;')} SEC("tc") int q(void *ctx) { return seen++; }`,
  'good variable of the first program': `int good = 1; int seen SEC("own") = 1; ${program('return good;')} SEC("tc") int q(void *ctx) { return seen++; }`,
  'section names like those of data': `int seen SEC("own.data") = 1; ${program('return seen++;')}`,
  'section names like special ones': `int seen SEC("own.jumptables") = 1; ${program('return seen++;')}`,
  'pointer to a common variable': `__attribute__((common)) u64 seen; u64 *where = &seen; ${program('return 0;')}`,
  'instructions outside of functions': `int seen SEC("own") = 1; asm(".section other,\\"ax\\"; r1 = seen ll; exit; .text"); ${program('return 0;')}`,
  'static function in an empty section': `asm(".section other,\\"ax\\"; .type f,@function; f:; .text"); ${program('return 0;')}`,
  'static function among data': `asm(".section .data.other,\\"aw\\"; .type f,@function; f: .long 1; .text"); ${program('return 0;')}`,
  'extern that BTF lacks': program('asm volatile("call mine"); return 0;'),
  'extern that BTF has as static': `static __noinline int mine(int x) asm("other"); static int mine(int x) { return x * 3; } ${program('int got = mine((long)ctx); asm volatile("call mine"); return got;')}`,
  'extern with the name of a struct': `struct mine { int x; }; extern int mine SEC(".ksyms"); SEC("xdp") int p(struct mine *ctx) { return ctx->x + *(volatile int *)&mine; }`,
  'extern with the name of a later struct': `struct mine { int x; }; struct kin { struct mine *x; }; extern int mine SEC(".ksyms"); SEC("xdp") int p(struct kin *ctx) { return *(volatile int *)&mine; }`,
  'global label': `asm(".section .data,\\"aw\\"; .globl mine; mine: .long 1; .text"); ${program('return 0;')}`,
  'undefined symbol': `asm(".globl mine"); ${program('return 0;')}`,
  'undefined function': `asm(".globl mine; .type mine,@function"); ${program('return 0;')}`,
  'unknown section': `SEC("unheard/of") int p(void *ctx) { return 0; }`,
};

/** Objects that no compiler makes, by the object that they change. */
const CHANGES: Readonly<Record<string, readonly [of: string, change: (parts: ElfParts) => void]>> = {
  'local undefined symbol': ['undefined symbol', ({ symbol }) => symbol('mine').setUint8(4, 0)],
  'undefined symbol without a name': ['undefined symbol', ({ symbol }) => symbol('mine').setUint32(0, 0, true)],
  'static program without bytes': ['static program', ({ header }) => header('xdp').setUint32(4, SHT_NOBITS, true)],
  'variable without a name': [
    'static variable in a section of its own',
    ({ relocation, symbol, symbolIndex }) => {
      relocation('.relxdp', 0).setUint32(12, symbolIndex('seen'), true);
      symbol('seen').setUint32(0, 0, true);
    },
  ],
  'variable with the type of a section': [
    'static variable in a section of its own',
    ({ relocation, symbol, symbolIndex }) => {
      relocation('.relxdp', 0).setUint32(12, symbolIndex('seen'), true);
      symbol('seen').setUint8(4, STT_SECTION);
    },
  ],
  'variable in a section past the last one': [
    'bad variable after a good one',
    ({ symbol, sectionCount }) => symbol('seen').setUint16(6, sectionCount, true),
  ],
  'relocations of another type': ['variable in a section of its own', ({ header }) => header('.relxdp').setUint32(4, SHT_PROGBITS, true)],
};

/** Objects that libbpf refuses for reasons that are not looked for, because their linker or compiler is at fault. */
const OTHER_REASONS: typeof CHANGES = {
  'relocation inside of an instruction': ['common variable', ({ relocation }) => relocation('.relxdp', 0).setBigUint64(0, 4n, true)],
  'relocation past the last instruction': [
    'common variable',
    ({ relocation, header }) => relocation('.relxdp', 0).setBigUint64(0, header('xdp').getBigUint64(32, true), true),
  ],
  'relocation against no symbol': ['common variable', ({ relocation }) => relocation('.relxdp', 0).setUint32(12, 9999, true)],
  'relocation of another instruction': [
    'variable in a section of its own',
    ({ relocation }) => relocation('.relxdp', 0).setBigUint64(0, 16n, true),
  ],
  'relocations of no section': ['common variable', ({ header }) => header('.relxdp').setUint32(44, 9999, true)],
};

/** Objects without BTF, by a section that they have besides. */
const WITHOUT_BTF = [null, '.struct_ops', '.struct_ops.link', '?.struct_ops', 'own.maps', '.maps.own'] as const;
/** Sections of which libbpf 1.1 knows nothing. */
const NEW_SECTIONS = /with (?:\.struct_ops\.link|\?\.struct_ops)$/;

interface Made {
  name: string;
  path: string;
  object: BpfObject;
}

async function readMade(name: string, path: string): Promise<Made> {
  return { name, path, object: readBpfObject(await readFile(path), name) };
}

async function compiled(folder: string): Promise<Made[]> {
  return Promise.all(
    Object.entries(SOURCES).map(async ([name, source], at) => readMade(name, await compileBpf(folder, `case${at}`, source))),
  );
}

async function changed(folder: string, bases: readonly Made[], changes: typeof CHANGES): Promise<Made[]> {
  return Promise.all(
    Object.entries(changes).map(async ([name, [of, change]]) => {
      const base = bases.find((each) => each.name === of);
      if (!base) throw new Error(`no object is called ${of}`);
      const path = join(folder, `${name}.o`);
      await writeFile(path, changedElf(await readFile(base.path), change));
      return readMade(name, path);
    }),
  );
}

async function withoutBtf(folder: string, bases: readonly Made[]): Promise<Made[]> {
  const strip = async (base: string, section: string | null) => {
    const name = `${base} without BTF${section === null ? '' : `, with ${section}`}`;
    const path = join(folder, `${name}.o`);
    const added = join(folder, 'added');
    await writeFile(added, 'more');
    const more = section === null ? [] : [`--add-section=${section}=${added}`];
    const source = bases.find((each) => each.name === base)?.path ?? '';
    await execa('llvm-objcopy', ['--remove-section=.BTF', '--remove-section=.BTF.ext', ...more, source, path]);
    return readMade(name, path);
  };
  return Promise.all([
    strip('global map', null),
    strip('undefined symbol', null),
    ...WITHOUT_BTF.map(async (section) => strip('static function in .text', section)),
  ]);
}

const SECTIONS = (
  'xdp ?xdp xdp/ingress xdp.frags/devmap kprobe kprobe/f kprobex kprobe.multi/f kprobe.session/f uprobe.s/x:y uprobe.session.s/x classifier ' +
  'classifier/ingress tc tc/ingress tc/other tcx/egress netkit/peer socket socket/x socket1 cgroup/sock cgroup/other cgroup/connect_unix ' +
  'cgroup/sendmsg4 sk_skb sk_skb/verdict sk_skb/x struct_ops struct_ops/x struct_ops.s/x fentry fentry/f fentry.s/f fentry.x/f fsession/f ' +
  'iter/task iter.s/task lsm/x lsm.s/x lsm_cgroup/x syscall syscall/x netfilter usdt/x usdt.s/x raw_tp+ raw_tp.w/x tp_btf/x perf_event ' +
  'action cls .text unheard/of freplace freplace/x flow_dissector lwt_in lwt_in/x sk_reuseport/migrate sk_reuseport/x sockops dump ' +
  'x?dp kprobe?/f'
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

/** What compilers and libbpf make is found once, because the test of mutants repeats each test many times. */
async function prepare(folder: string) {
  const bases = await compiled(folder);
  const cases = [...bases, ...(await changed(folder, bases, CHANGES)), ...(await withoutBtf(folder, bases))];
  const others = await changed(folder, bases, OTHER_REASONS);
  const paths = [...cases, ...others].map(({ path }) => path);
  const bare = join(folder, 'bare.o');
  await execa('llvm-strip', ['--strip-all', paths[0] ?? '', '-o', bare]);
  return {
    cases,
    others,
    answers: await Promise.all(RELEASES.map(async (release) => answerOf(release, paths))),
    samples: (await sampleObjects()).map(({ name, bytes }) => readBpfObject(bytes, name)),
    bare: await readFile(bare),
  };
}

let folder = '';
let prepared: Awaited<ReturnType<typeof prepare>> = { cases: [], others: [], answers: [], samples: [], bare: Buffer.alloc(0) };
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
        const isUnknown = minor === 1 && NEW_SECTIONS.test(name);
        return isUnknown || line === own[at]?.[1] ? [] : `${name}, libbpf 1.${minor}: ${line}`;
      }),
    );
    expect({ differing, messages: Object.fromEntries(own) }).toMatchInlineSnapshot(`
      {
        "differing": [],
        "messages": {
          "bad variable after a good one": "prog 'p': bad map relo against 'seen' in section 'own'",
          "bad variable of the second program": "prog 'q': bad map relo against 'seen' in section 'own'",
          "call of a function in another section": "prog 'p': bad call relo against 'callee' in section 'tc'",
          "common variable": "variable 'seen' has no section (SHN_COMMON), because the compiler left it to the linker",
          "common variable after a good one": "variable 'seen' has no section (SHN_COMMON), because the compiler left it to the linker",
          "common variable that no program uses": "ok",
          "extern function in .kconfig": "extern function mine is unsupported under .kconfig section",
          "extern function without __ksym": "failed to find BTF for extern 'mine' [6] section: -2",
          "extern of another section": "unrecognized extern section '.other'",
          "extern that BTF has as static": "failed to find BTF for extern 'mine': -22",
          "extern that BTF lacks": "failed to find BTF for extern 'mine': -2",
          "extern that no program uses": "ok",
          "extern variable without __ksym": "failed to find BTF for extern 'mine' [9] section: -2",
          "extern with __ksym": "ok",
          "extern with the name of a later struct": "ok",
          "extern with the name of a struct": "ok",
          "function in .text whose address is taken": "ok",
          "global label": "ok",
          "global map": "ok",
          "global map without BTF": "BTF is required, but is missing or corrupted.",
          "good variable of the first program": "prog 'q': bad map relo against 'seen' in section 'own'",
          "instructions outside of functions": "ok",
          "legacy map": "elf: legacy map definitions in 'maps' section are not supported by libbpf v1.0+",
          "local undefined symbol": "ok",
          "map that is no struct": "map 'm': unexpected def kind var.",
          "map with another size after its type of keys": "map 'm': conflicting key size 4 != 8.",
          "map with another size before its type of values": "map 'm': conflicting value size 4 != 8.",
          "map with equal sizes and types": "ok",
          "pointer to a common variable": "ok",
          "relocations of another type": "ok",
          "ring buffer with a type of values and the size 0": "map 'm': conflicting value size 8 != 0.",
          "section names like special ones": "prog 'p': bad map relo against 'seen' in section 'own.jumptables'",
          "section names like those of data": "prog 'p': bad map relo against 'seen' in section 'own.data'",
          "static function among data": "ok",
          "static function in .text": "ok",
          "static function in .text without BTF": "ok",
          "static function in .text without BTF, with .maps.own": "ok",
          "static function in .text without BTF, with .struct_ops": "BTF is required, but is missing or corrupted.",
          "static function in .text without BTF, with .struct_ops.link": "BTF is required, but is missing or corrupted.",
          "static function in .text without BTF, with ?.struct_ops": "BTF is required, but is missing or corrupted.",
          "static function in .text without BTF, with own.maps": "ok",
          "static function in an empty section": "ok",
          "static map": "map 'm': unsupported map linkage static.",
          "static program": "sec 'xdp': program 'p' is static and not supported",
          "static program without bytes": "ok",
          "static variable in a section of its own": "prog 'p': bad map relo against 'own' in section 'own'",
          "undefined function": "ok",
          "undefined symbol": "failed to find BTF for extern 'mine': -2",
          "undefined symbol without BTF": "failed to find BTF for extern 'mine': -3",
          "undefined symbol without a name": "ok",
          "unknown section": "ok",
          "variable in a section of its own": "prog 'p': bad map relo against 'seen' in section 'own'",
          "variable in a section past the last one": "sec '.relxdp': corrupted symbol #4 pointing to invalid section #14 for relo #1",
          "variable with the type of a section": "prog 'p': bad map relo against 'seen' in section 'own'",
          "variable without a name": "prog 'p': bad map relo against '' in section 'own'",
        },
      }
    `);
  });

  it('an object that libbpf refuses for a reason that is not looked for has no message', () => {
    const { cases, others, answers } = prepared;
    const opened = answers.flatMap(({ objects }) => others.filter((_, at) => objects[cases.length + at] === 'ok'));
    const said = others.map(({ object }) => openFailure(object));
    expect({ opened, said }).toEqual({ opened: [], said: others.map(() => null) });
  });

  const message = (symbol: number, { section = 65522, relocation = 3, sec = "sec 'xdp'" } = {}) =>
    `${sec}: corrupted symbol #${symbol} pointing to invalid section #${section} for relo #${relocation}`;
  const named = "variable 'seen' has no section (SHN_COMMON), because the compiler left it to the linker";

  it.each([
    ['of another section', message(12, { section: 17 })],
    ['behind other text', message(12, { sec: "of sec 'xdp'" })],
    ['before other text', `${message(12)} here`],
    ['of a symbol that is unknown', message(13)],
    ['about something else', 'elf: file is damaged'],
  ])('the message %s stays', (_, text) => {
    expect(namingSymbol(text, (index) => (index === 12 ? 'seen' : null))).toBe(text);
  });

  it('the message about a symbol without a section has its name, whatever the numbers', () => {
    const nameOf = (index: number) => (index === 12 ? 'seen' : null);
    expect([message(12), message(12, { relocation: 345 })].map((text) => namingSymbol(text, nameOf))).toEqual([named, named]);
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
