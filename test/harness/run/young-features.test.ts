// Tests of programs that need an option, an instruction or an attach type which some kernels lack, in guests: predictions say the same.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun } from './real-run.ts';

const SOURCE = `
#define __ksym __attribute__((section(".ksyms")))
extern void bpf_throw(u64 cookie) __ksym __attribute__((weak));
u64 count;
SEC("lirc_mode2") int remote(void *ctx) { return 0; }
SEC("netfilter") int packets(void *ctx) { return 1; }
SEC("kprobe/vfs_read") int throws(void *ctx) { bpf_throw(0); return 0; }
static __noinline int bounded(void) {
  for (;;) {
    asm volatile goto("1: .byte 0xe5; .byte 0; .long ((%l[out] - 1b - 8) / 8) & 0xffff; .short 0" :::: out);
    count++;
  }
out:
  return 0;
}
SEC("raw_tp/sys_enter") int loops(void *ctx) { return bounded(); }
SEC("tcx/ingress") int arriving(void *ctx) { return 0; }
SEC("tc/egress") int leaving(void *ctx) { return 0; }
SEC("netkit/primary") int pair(void *ctx) { return 0; }
`;
const KERNELS = ['debian:5.10', 'debian:6.1', 'debian:6.12'];

let folder = '';
let object = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'young-features-'));
  object = await compileBpf(folder, 'young', SOURCE);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

test(
  'what an older kernel or its configuration lacks for a program fails as predicted, and if-supported leaves it out',
  { timeout: 600_000 },
  async () => {
    const asked = { autoload: 'if-supported' } as const;
    const all = { remote: asked, packets: asked, arriving: asked, leaving: asked, pair: asked };
    const { objects, problems } = await readInputs({
      sources: [
        {
          pattern: object,
          name: 'attached',
          settings: { mode: 'attach', programs: { arriving: { attach_to: 'lo' }, leaving: { attach_to: 'lo' } } },
        },
        { pattern: object, name: 'asked', settings: { programs: all } },
      ],
      directory: '/',
    });
    expect(problems).toEqual([]);
    const { cells } = await realRun([], KERNELS, { objects });
    const lines = cells.flatMap(({ kernel, object: name, programs }) =>
      programs.flatMap((program) => {
        const series = /\d+\.\d+/.exec(kernel)?.[0] ?? '';
        const predicted = program.status === 'skip' ? '' : ` (predicted: ${program.predicted?.status ?? ''})`;
        return program.status === 'pass' ? [] : [`${series} ${name} ${program.name} ${program.reason ?? ''}${predicted}`];
      }),
    );
    expect(lines).toMatchInlineSnapshot(`
      [
        "5.10 attached remote this kernel is built without CONFIG_BPF_LIRC_MODE2, which program type lirc_mode2 needs (predicted: fail)",
        "5.10 attached packets program type netfilter is unknown to this kernel (predicted: fail)",
        "5.10 attached throws kfunc bpf_throw is called but does not exist in this kernel (predicted: may-fail)",
        "5.10 attached loops verifier: unknown opcode e5 (predicted: fail)",
        "5.10 attached arriving attach type tcx_ingress is unknown to this kernel (predicted: fail)",
        "5.10 attached leaving attach type tcx_egress is unknown to this kernel (predicted: fail)",
        "5.10 asked remote left out: this kernel is built without CONFIG_BPF_LIRC_MODE2, which program type lirc_mode2 needs",
        "5.10 asked packets left out: program type netfilter is unknown to this kernel",
        "5.10 asked throws kfunc bpf_throw is called but does not exist in this kernel (predicted: may-fail)",
        "5.10 asked loops verifier: unknown opcode e5 (predicted: fail)",
        "5.10 asked arriving left out: attach type tcx_ingress is unknown to this kernel",
        "5.10 asked pair left out: attach type netkit_primary is unknown to this kernel",
        "6.1 attached remote this kernel is built without CONFIG_BPF_LIRC_MODE2, which program type lirc_mode2 needs (predicted: fail)",
        "6.1 attached packets program type netfilter is unknown to this kernel (predicted: fail)",
        "6.1 attached throws kfunc bpf_throw is called but does not exist in this kernel (predicted: may-fail)",
        "6.1 attached loops verifier: unknown opcode e5 (predicted: fail)",
        "6.1 attached arriving attach type tcx_ingress is unknown to this kernel (predicted: fail)",
        "6.1 attached leaving attach type tcx_egress is unknown to this kernel (predicted: fail)",
        "6.1 asked remote left out: this kernel is built without CONFIG_BPF_LIRC_MODE2, which program type lirc_mode2 needs",
        "6.1 asked packets left out: program type netfilter is unknown to this kernel",
        "6.1 asked throws kfunc bpf_throw is called but does not exist in this kernel (predicted: may-fail)",
        "6.1 asked loops verifier: unknown opcode e5 (predicted: fail)",
        "6.1 asked arriving left out: attach type tcx_ingress is unknown to this kernel",
        "6.1 asked pair left out: attach type netkit_primary is unknown to this kernel",
        "6.12 attached remote this kernel is built without CONFIG_BPF_LIRC_MODE2, which program type lirc_mode2 needs (predicted: fail)",
        "6.12 attached throws kfunc bpf_throw may not be called from this program on this kernel (predicted: may-fail)",
        "6.12 asked remote left out: this kernel is built without CONFIG_BPF_LIRC_MODE2, which program type lirc_mode2 needs",
        "6.12 asked throws kfunc bpf_throw may not be called from this program on this kernel (predicted: may-fail)",
      ]
    `);
    expect(cells.flatMap(({ programs }) => programs).filter(({ predicted }) => predicted?.agrees === false)).toEqual([]);
  },
);
