// Everything that the verdict of a cell depends on, and the part of it that all cells of a run share.
import { cpus } from 'node:os';
import { basename } from 'node:path';
import { machineFor } from '../guest/machine.ts';
import type { Accel } from '../guest/machines.ts';
import { settingDigests } from '../plan/object-settings/setting-frames.ts';
import type { OnKernel } from '../plan/settings/definition.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { namesOutsideVmlinux } from '../predict/findings/support.ts';
import type { CellIdentity } from './stored-cell.ts';
import type { ReadyKernel } from './kernel.ts';
import { toolDigest } from './tool-digest.ts';

/** The part that all cells of a run share. */
export type CommonIdentity = Pick<CellIdentity, 'agentSha256' | 'isolation' | 'machine' | 'tool'>;

/** Under emulation, the guest has a processor of QEMU; under KVM, that of the host. */
export async function commonIdentity(
  { agent, isolation }: { agent: { sha256: string }; isolation: CellIdentity['isolation'] },
  accel: Accel,
  qemuVersionLine: string,
): Promise<CommonIdentity> {
  const processor = accel === 'kvm' ? (cpus()[0]?.model ?? null) : null;
  return {
    agentSha256: agent.sha256,
    isolation,
    machine: [qemuVersionLine, machineFor('x86_64', accel), processor],
    tool: await toolDigest(),
  };
}

type Digested = Pick<ReadyKernel['result'], 'sha256'>;

/**
 * The modules among which the run searches what the kernel lacks. Reasons name a module that has it, so a verdict from before
 * `kernels pull --modules` is not valid after it.
 */
export async function searchedModules(
  { packageModules }: Pick<ReadyKernel, 'packageModules'>,
  { bpf }: Pick<RunObject, 'bpf'>,
): Promise<string | null> {
  return namesOutsideVmlinux(bpf).length === 0 ? null : packageModules();
}

/** Everything that the verdict of one cell depends on. The file name counts, because libbpf names an object and its maps after it. */
export function cellIdentity(
  common: CommonIdentity,
  {
    result: kernel,
    configSha256,
    agentSha256,
    packageModules,
  }: Pick<ReadyKernel, 'configSha256' | 'agentSha256'> & Pick<CellIdentity, 'packageModules'> & { result: Digested },
  object: Pick<RunObject, 'file' | 'settings' | 'prepared'> & { result: Pick<RunObject['result'], 'sha256'> },
  customBtf: OnKernel['customBtf'],
): CellIdentity {
  const { file, result, settings, prepared } = object;
  return {
    ...common,
    agentSha256,
    kernelSha256: kernel.sha256 ?? '',
    configSha256,
    packageModules,
    objectSha256: result.sha256,
    plan: [basename(file), settings, settingDigests(prepared, { customBtf })],
  };
}
