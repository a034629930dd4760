// The sample programs with cilium/ebpf on four kernels: every relocation that the library processes has the predicted outcome and value.
import { expect, test } from 'vitest';
import { sample } from '../run/real-run.ts';
import { runLoaders } from './run-loaders.ts';
import { goIsMissing } from './toolchains.ts';

const KERNELS = ['debian:5.10', 'debian:6.1', 'debian:6.12', 'debian:7.3'];
const SAMPLES = ['task_state', 'array_length', 'ambiguous_type', 'exec_watch', 'inode_ctime', 'missing_types', 'subreaper_bit', 'tty_type'];

test.skipIf(goIsMissing)(
  'the relocations of samples with both releases of cilium/ebpf are the predicted ones on four kernels, and no load takes longer than its cell',
  async () => {
    const { cells } = await runLoaders(SAMPLES.map(sample), KERNELS, ['cilium@0.22', 'cilium@0.17']);
    const records = cells.flatMap(({ kernel, object, relocations }) => relocations.map((each) => ({ kernel, object, ...each })));
    const differing = records.filter(({ outcome, predicted }) => predicted !== undefined && outcome !== 'not-reached');
    expect(differing).toEqual([]);
    const compared = records.filter(({ outcome }) => outcome !== 'not-reached').length;
    process.stderr.write(`relocations of cilium/ebpf compared with predictions: ${compared}, all equal\n`);
    expect(compared).toBeGreaterThan(200);
    expect(cells.filter(({ status }) => status === 'infra')).toEqual([]);
    const slower = cells.filter(({ loadMs, durationMs }) => loadMs === null || loadMs > durationMs);
    expect(slower.map(({ kernel, object, loadMs, durationMs }) => ({ kernel, object, loadMs, durationMs }))).toEqual([]);
  },
  900_000,
);
