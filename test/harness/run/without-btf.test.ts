// Tests of custom BTF for a kernel without BTF, neither in its image nor in the guest.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { parsePlacedConfig } from '../../../harness/plan/config/load.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { pulledKernel } from '../../kernels/pulled.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { agentOf, linkedCache, realRun } from './real-run.ts';

/** Hides the kernel's BTF from objects with this name. */
const HELPER = join(PACKAGE_ROOT, 'test/harness/explain/restricted-agent/load.c');

const SOURCE = `
u64 seen;
struct task_struct { long state; int pid; } access_index;
struct task_struct___new { unsigned int __state; } access_index;

SEC("raw_tp/sched_switch")
int by_old_name(u64 *context)
{
	bpf_core_read(&seen, 8, &((struct task_struct *)context[1])->state);
	return 0;
}

SEC("raw_tp/sched_switch")
int by_new_name(u64 *context)
{
	bpf_core_read(&seen, 4, &((struct task_struct___new *)context[1])->__state);
	return 0;
}

SEC("?fentry/do_exit")
int hooked(u64 *context)
{
	return 0;
}
`;

test('on a kernel without BTF, custom BTF resolves relocations, and programs that need the kernel to have BTF still fail', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'without-btf-'));
  try {
    const image = await pulledKernel('debian:6.1');
    const vmlinux = join(folder, 'vmlinux');
    await execa('llvm-objcopy', ['--rename-section', '.BTF=.hidden', image.vmlinux ?? '', vmlinux]);
    const path = await compileBpf(folder, 'no_kernel_btf', SOURCE);
    const hooked = { programs: { hooked: { autoload: true }, by_old_name: { autoload: false } } };
    const placed = parsePlacedConfig(
      JSON.stringify({
        objects: [
          { path, name: 'given', btf: image.btf?.path ?? '' },
          { path, name: 'given-hooked', btf: image.btf?.path ?? '', ...hooked },
          { path, name: 'without' },
        ],
      }),
      'corematrix.yaml',
    );
    const { objects, problems } = await readInputs(objectSources(placed, folder));
    expect(problems).toEqual([]);
    const { cells, kernels } = await realRun([], [`file:${vmlinux}`], {
      objects,
      agent: await agentOf(HELPER, join(folder, 'agent')),
      cache: await linkedCache(join(folder, 'cache')),
    });
    expect(kernels.map(({ btf }) => btf)).toEqual([null]);
    const summaries = cells.flatMap(({ object, programs }) =>
      programs.map(
        ({ name, status, class: failure, reason, predicted }) =>
          `${object}/${name} ${status} ${failure ?? ''} ${reason ?? ''} (predicted: ${predicted?.status ?? 'nothing'})`,
      ),
    );
    expect(summaries).toMatchInlineSnapshot(`
      [
        "given/by_old_name fail core-field-missing task_struct.state: no such field (byte_off, no_kernel_btf.bpf.c:9) (predicted: fail)",
        "given/by_new_name pass   (predicted: unknown)",
        "given/hooked skip   (predicted: unknown)",
        "given-hooked/by_old_name skip   (predicted: unknown)",
        "given-hooked/by_new_name pass   (predicted: unknown)",
        "given-hooked/hooked fail btf-missing the kernel has no usable BTF: kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled? (predicted: fail)",
        "without/by_old_name fail btf-missing the kernel has no usable BTF: kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled? (predicted: fail)",
        "without/by_new_name fail btf-missing the kernel has no usable BTF: kernel BTF is missing at '/sys/kernel/btf/vmlinux', was CONFIG_DEBUG_INFO_BTF enabled? (predicted: fail)",
        "without/hooked skip   (predicted: unknown)",
      ]
    `);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 120_000);
