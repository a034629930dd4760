// Tests of predictions that the object alone decides, the same on every kernel.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexNames } from '../../../../harness/bpf/btf/names.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { libbpfLoader, loaderRules, type Loader, LOADERS } from '../../../../harness/core-relo/loader.ts';
import { predictCell } from '../../../../harness/predict/predict.ts';
import { buildBtf } from '../../bpf/btf/build-btf.ts';
import { compileBpf } from '../../bpf/object/compile.ts';
import { mustReadBtf } from '../../bpf/object/samples.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'object-only-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const KERNEL = { vmlinux: indexNames(mustReadBtf(buildBtf([{ name: 'int', kind: 1, size: 4, words: [0x01000020] }]))), modules: [] };

async function objectOf(name: string, source: string): Promise<BpfObject> {
  return readBpfObject(await readFile(await compileBpf(folder, name, source)), name);
}

function verdicts(object: BpfObject, loader?: Loader): Record<string, string> {
  return Object.fromEntries(
    predictCell(object, KERNEL, loader).programs.map(({ name, failure }) => [
      name,
      failure ? `${failure.stage} ${failure.class}: ${failure.reason}` : 'ok',
    ]),
  );
}

const PROGRAMS = `
#define P(section, name) SEC(section) int name(void *ctx) { return 0; }
P("xdp", usual) P("unheard/of", unheard) P("classifier/ingress", of_cilium) P("fentry", no_target) P("freplace/f", replaces) P("?unheard/of", off)
P("tcx/ingress", since_1_3) P("fsession/f", since_1_7)`;

describe('programs', () => {
  it('a program that libbpf does not give to the kernel is predicted to fail', async () => {
    expect(verdicts(await objectOf('programs', PROGRAMS))).toMatchInlineSnapshot(`
      {
        "no_target": "verify object-invalid: no BTF-based attach target is specified, use bpf_program__set_attach_target()",
        "of_cilium": "verify object-invalid: missing BPF prog type, check ELF section name 'classifier/ingress'",
        "off": "ok",
        "replaces": "verify object-invalid: a freplace program replaces a function of another program, which its own loader must name; libbpf did not ask the kernel",
        "since_1_3": "ok",
        "since_1_7": "ok",
        "unheard": "verify object-invalid: missing BPF prog type, check ELF section name 'unheard/of'",
        "usual": "ok",
      }
    `);
  });

  it('a program is refused by the releases of libbpf that do not know its section', async () => {
    const object = await objectOf('releases', PROGRAMS);
    const failing = (release: string) =>
      Object.entries(verdicts(object, libbpfLoader(release)))
        .filter(([name, verdict]) => name.startsWith('since') && verdict !== 'ok')
        .map(([name]) => name);
    expect(['1.1', '1.5', '1.7'].map(failing)).toEqual([['since_1_3', 'since_1_7'], ['since_1_7'], []]);
  });

  it('a program whose type or target a setting gives is not refused', async () => {
    const object = await objectOf('given', PROGRAMS);
    const programs = object.programs.map((program) => ({ ...program, hasGivenType: true, type: 'xdp', attachTo: 'f' }));
    expect(new Set(Object.values(verdicts({ ...object, programs })))).toEqual(new Set(['ok']));
  });
});

describe('programs of cilium/ebpf', () => {
  const SECTIONS = `${PROGRAMS} P("lsm_cgroup/socket_bind", cgroup) P("struct_ops/init", operation) P("fentry/f", named)`;

  it.each(['cilium@0.22', 'cilium@0.17'])(
    '%s gives the kernel no target for programs of some sections, or without a name',
    async (loader) => {
      const found = verdicts(await objectOf('targets', SECTIONS), loaderRules(loader));
      expect(Object.entries(found).filter(([, verdict]) => verdict !== 'ok')).toMatchSnapshot('verdicts');
    },
  );
});

describe('objects', () => {
  it('an object that libbpf does not open fails for every program that loads by default', async () => {
    const source = `__attribute__((common)) u64 seen; SEC("xdp") int p(void *ctx) { seen++; return 0; } SEC("?xdp") int off(void *ctx) { return 0; }`;
    expect(verdicts(await objectOf('common', source))).toEqual({
      p: "open object-invalid: libbpf cannot open the object: variable 'seen' has no section (SHN_COMMON), because the compiler left it to the linker",
      off: 'ok',
    });
  });

  it('the rules of libbpf do not count for other loaders', async () => {
    const object = await objectOf('other', `${PROGRAMS} SEC("xdp") static int hidden(void *ctx) { return 0; }`);
    expect(Object.values(verdicts(object)).filter((verdict) => verdict !== 'ok')).not.toEqual([]);
    expect(new Set(Object.values(verdicts(object, libbpfLoader('0.8'))))).toEqual(new Set(['ok']));
    expect(new Set(Object.values(verdicts(object, LOADERS.aya)))).toEqual(
      new Set(['open object-invalid: aya cannot open the object: invalid program section `unheard/of`', 'ok']),
    );
  });
});
