// Tests of the sample project in Go: each release of bpf2go compiles its sources, and `init` proposes cilium/ebpf where the objects show it.
import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { expect, test } from 'vitest';
import { ciliumRefusal } from '../../../../harness/bpf/object/cilium-refusal.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { starterConfig } from '../../../../harness/plan/config/starter.ts';
import { goIsMissing } from '../toolchains.ts';
import { buildGoProject } from './build.ts';

test.skipIf(goIsMissing)(
  'both releases of bpf2go compile the same objects, and refuse those that their own library does not open',
  async () => {
    const objects = await buildGoProject();
    const [newer, older] = ['0.22', '0.17'].map((release) => objects.filter((object) => object.release === release));
    expect(newer?.length).toBeGreaterThanOrEqual(22);
    const bytes = async (each: typeof objects | undefined) =>
      Promise.all((each ?? []).map(async ({ path }) => (await readFile(path)).toString('base64')));
    expect(await bytes(newer)).toEqual(await bytes(older));
    const refused = objects.filter(({ refusal }) => refusal !== null);
    expect(refused.map(({ name, release, refusal }) => `${name} ${release}: ${refusal}`)).toMatchInlineSnapshot(`
      [
        "kconfig_weak 0.22: load programs: section raw_tp/sys_enter: offset 0 in section raw_tp/sys_enter: relocating instruction: asm relocation: CONFIG_GO_PROJECT_MISSING: unsupported binding: STB_WEAK",
        "ksyms_const 0.22: load virtual .ksyms section: data section .ksyms: expected init_task to be *Void, not *btf.Var: not supported",
        "ksyms_typed 0.22: load virtual .ksyms section: data section .ksyms: expected bpf_prog_active to be *Void, not *btf.Var: not supported",
        "struct_ops_old 0.22: section ".struct_ops": got '.struct_ops' section: not supported",
        "kconfig_weak 0.17: load programs: section raw_tp/sys_enter: offset 0: relocating instruction: asm relocation: CONFIG_GO_PROJECT_MISSING: unsupported binding: STB_WEAK",
        "ksyms_const 0.17: load BTF: data section .ksyms: expected init_task to be *Void, not *btf.Var: not supported",
        "ksyms_typed 0.17: load BTF: data section .ksyms: expected bpf_prog_active to be *Void, not *btf.Var: not supported",
        "map_extra 0.17: load BTF maps: map seen: BTF map definition: field map_extra: not supported",
        "weak_functions 0.17: load programs: section tc: offset 8: relocating instruction: call: limit: unsupported binding: STB_WEAK",
      ]
    `);
  },
);

test.skipIf(goIsMissing)('predictions refuse the same objects as each release of bpf2go, with the end of its message', async () => {
  const objects = await buildGoProject();
  const predicted = await Promise.all(
    objects.map(async ({ name, path, release }) => {
      const refusal = ciliumRefusal(readBpfObject(await readFile(path), path), release === '0.17' ? '0.17' : '0.22');
      return { name, release, refusal };
    }),
  );
  const said = objects.map(({ name, release, refusal }, at) => {
    const end = predicted[at]?.refusal ?? null;
    return { name, release, refusal: end !== null && refusal?.endsWith(end) ? end : refusal };
  });
  expect(predicted).toEqual(said);
});

test.skipIf(goIsMissing)(
  'init proposes cilium/ebpf with its evidence for the objects that its newest release opens, and for no others',
  async () => {
    const objects = (await buildGoProject()).filter(({ release }) => release === '0.22');
    const read = await Promise.all(
      objects.map(async ({ name, path }) => {
        const bpf = readBpfObject(await readFile(path), path);
        const programs = bpf.programs.map(({ name: program, section, type, insns }) => ({ name: program, section, type, insns }));
        return { file: path, bpf, result: { id: name, programs } };
      }),
    );
    const text = starterConfig(read, { directory: dirname(objects[0]?.path ?? ''), schema: null, areNamed: false });
    const lines = text.split('\n').map((line) => line.trim());
    const proposed = lines.flatMap((line, at) => {
      const [, path] = /^- path: (\S+)/.exec(line) ?? [];
      const loader = lines.slice(at + 1).find((next) => /^(?:loader:|- path:)/.test(next));
      return path === undefined ? [] : [`${path} ${loader?.startsWith('loader:') ? loader : 'none'}`];
    });
    expect(proposed).toMatchSnapshot('loaders');
    const accepted = objects.filter(({ refusal }) => refusal === null).map(({ path }) => basename(path));
    const withLoader = new Set(proposed.flatMap((line) => (line.includes(' loader: cilium@0.22 # ') ? line.split(' ').slice(0, 1) : [])));
    expect([...withLoader].toSorted()).toEqual(accepted.toSorted());
  },
);
