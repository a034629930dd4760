// Tests that no advice uses the address of a kernel function on kernels that refuse it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explain } from '../../../harness/explain/explain.ts';
import { openKernels } from '../../../harness/explain/kernel-cache.ts';
import { failuresByPrediction } from '../../../harness/explain/sources.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { offlineKernels } from '../../kernels/pulled.ts';
import { compileBpf } from '../bpf/object/compile.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kfunc-addresses-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const SOURCE = `
struct bpf_key { int x; } key;
extern void bpf_key_put(struct bpf_key *key) SEC(".ksyms");
SEC("lsm.s/bprm_committed_creds") int put(void *ctx) { bpf_key_put(&key); return 0; }`;

/** The code and advice for the kernel function that Linux 5.10 lacks. */
async function explained(selectors: readonly string[]): Promise<{ snippet: string | null; advice: string[] } | undefined> {
  const path = await compileBpf(folder, 'key', SOURCE);
  const kernels = openKernels(await offlineKernels(selectors), (problem) => {
    throw new Error(problem);
  });
  const { objects } = await readInputs(plainSources([path], folder));
  const { failures, recordsOf } = await failuresByPrediction(objects, kernels);
  const { causes } = await explain(failures, objects, kernels, recordsOf);
  return causes.find(({ subject }) => subject === 'kfunc bpf_key_put');
}

test('code with bpf_ksym_exists() is offered only if no kernel with the function refuses its address', async () => {
  const allowed = await explained(['debian:5.10', 'debian:6.12']);
  expect(allowed?.snippet).toContain('bpf_ksym_exists(bpf_key_put)');
  expect(allowed?.advice.at(-1)).toContain('call it only where bpf_ksym_exists(bpf_key_put) is true');
  const refused = await explained(['debian:5.10', 'debian:6.1', 'debian:6.12']);
  expect(refused?.snippet).toBeNull();
  expect(refused?.advice.at(-1)).toMatch(/Do not use bpf_ksym_exists\(bpf_key_put\): .* Linux 6\.4: 6\.1\. Check a constant/);
});
