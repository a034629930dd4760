// Tests of the sample project in Go: each release of bpf2go compiles its sources, and `init` proposes cilium/ebpf where the objects show it.
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { ciliumRefusal } from '../../../../harness/bpf/object/cilium-refusal.ts';
import { readBpfObject } from '../../../../harness/bpf/object/object.ts';
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
