// Tests of a guest for arm64: its agent answers on real kernels, and a private copy of its snapshot loads an object.
// Skipped on machines without QEMU or a compiler for arm64.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeFolderBeside } from '../../../harness/base/populate.ts';
import { prepareInitramfs } from '../../../harness/guest/agent.ts';
import { bootGuest, type BootRequest } from '../../../harness/guest/boot.ts';
import { type GuestResult, runRestored } from '../../../harness/guest/cell.ts';
import { snapshotKey } from '../../../harness/guest/kept-snapshot.ts';
import { machineFor } from '../../../harness/guest/machine.ts';
import { MACHINES } from '../../../harness/guest/machines.ts';
import { makeSnapshot } from '../../../harness/guest/snapshot.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { toEvidence } from '../../../harness/run/evidence.ts';
import { bootImages } from '../../../harness/run/kernel.ts';
import { requestFrames } from '../../../harness/run/request-frames.ts';
import { ensureAgent } from '../../../harness/setup/agent.ts';
import { versionLine } from '../../../harness/setup/command.ts';
import { judgeCell } from '../../../harness/verdict/judge.ts';
import { pulledKernel } from '../../kernels/pulled.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { arm64IsMissing } from '../loaders/toolchains.ts';

const { qemuProgram } = MACHINES.arm64;
const qemuVersion = await versionLine(qemuProgram);
if (qemuVersion === null) process.stderr.write(`skipped: ${qemuProgram} is not installed\n`);

/** A program that reads a register of arm64, and one that reads a field which no kernel has. */
const SOURCE = `struct user_pt_regs { u64 regs[31]; };
struct task_struct { int no_such_field; } access_index;
int seen;
SEC("kprobe/do_exit") int first_argument(struct user_pt_regs *context) { seen = (int)context->regs[0]; return 0; }
SEC("kprobe/do_exit") int missing_field(void *context)
{
  struct task_struct *task = (void *)bpf_get_current_task();
  seen = BPF_CORE_READ(task, no_such_field);
  return 0;
}
`;

const machine = machineFor('arm64', 'tcg');
const { signal } = new AbortController();
let folder = '';
let initramfs = '';
let agentSha256 = '';
let object = '';

async function bootRequest(selector: string): Promise<BootRequest & { kernelSha256: string }> {
  const kernel = await pulledKernel(`${selector}/arm64`);
  const directory = await mkdtemp(join(folder, 'guest-'));
  const images = bootImages(kernel);
  return { qemuProgram, machine, images, initramfs, directory, timeoutMs: 180_000, signal, kernelSha256: kernel.sha256 };
}

/** Boots a kernel, saves it, and loads the object in two private copies. */
async function loadTwice(selector: string): Promise<GuestResult[]> {
  const { kernelSha256, ...request } = await bootRequest(selector);
  const key = snapshotKey({ kernelSha256, agentSha256, configSha256: null, qemuVersion: qemuVersion ?? '', machine });
  const target = join(folder, key);
  const building = await makeFolderBeside(target);
  const snapshot = await makeSnapshot({ target, key, building, replaced: null }, { ...request, directory: building.path });
  await building.remove();
  const { objects } = await readInputs(plainSources([object], folder));
  const frames = objects.flatMap((each) => requestFrames(each, { customBtf: null, modules: [] }));
  const results: GuestResult[] = [];
  for (const name of ['first', 'second']) {
    const cell = { frames, directory: join(folder, name), limits: { cellMs: 120_000, stallMs: 60_000 }, signal };
    results.push(await runRestored(qemuProgram, machine, snapshot, cell));
  }
  return results;
}

async function verdicts(result: GuestResult): Promise<string[]> {
  const [input] = (await readInputs(plainSources([object], folder))).objects;
  if (!result.ok) return [result.error.message, result.console];
  if (!input) return ['no object'];
  const { programs } = judgeCell({ object: input.bpf, evidence: toEvidence(result.frames, result.console) });
  return programs.map(({ name, status, class: failure, reason }) => [name, status, failure, reason].join(' '));
}

describe.skipIf(qemuVersion === null || arm64IsMissing)('a guest for arm64 (skipped without QEMU and a compiler for arm64)', () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'arm64-test-'));
    const agent = await ensureAgent({ arch: 'arm64', onNote: () => {} });
    agentSha256 = agent.sha256;
    initramfs = await prepareInitramfs(agent, null, folder);
    object = await compileBpf(folder, 'arm64', SOURCE);
  }, 900_000);
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  // The last 5.10 of Debian 11 itself stays on mirrors; later ones come and go.
  it.each([
    ['debian:5.10.223', /^5\.10\.0-\d+-cloud-arm64$/],
    ['debian:7.3', /^7\.3\..*-cloud-arm64$/],
  ])('the agent on %s is ready, with the BTF of the kernel', async (selector, release) => {
    const guest = await bootGuest(await bootRequest(selector));
    await guest.qemu.kill();
    const { hello } = guest;
    expect([hello.release, hello.machine, hello.libbpf]).toEqual([expect.stringMatching(release), 'aarch64', 'v1.7']);
    const { btfSize } = hello;
    expect([guest.method, btfSize > 1_000_000]).toEqual(['image', true]);
  });

  it('private copies of a snapshot of 6.12 load an object, and give the same verdicts', async () => {
    const found: string[][] = [];
    for (const result of await loadTwice('debian:6.12')) found.push(await verdicts(result));
    const expected = [
      'first_argument pass  ',
      'missing_field fail core-field-missing task_struct.no_such_field: no such field (byte_off, arm64.bpf.c:8)',
    ];
    expect(found).toEqual([expected, expected]);
  });
});
