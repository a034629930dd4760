// Makes the results of a run from its columns.
import { toInfraError } from '../base/errors.ts';
import { VERSION } from '../base/version.ts';
import type { AccelChoice } from '../guest/accel.ts';
import type { GuestAgent } from '../guest/agent.ts';
import { withFixedOffsets } from '../predict/fixed-offsets.ts';
import { collectLayouts } from '../results/collected-layouts.ts';
import { type Results, SCHEMA_VERSION } from '../results/schema.ts';
import { withTests } from '../results/with-tests.ts';
import type { Column } from './column.ts';
import { hostFacts } from './host.ts';
import type { RunRequest } from './run-request.ts';
import type { RunSession } from './session.ts';

function agentFacts({ agent, otherAgents = new Map() }: RunRequest) {
  const facts = ({ sha256, libbpf, libbpfOrigin }: GuestAgent) => ({ sha256, libbpf, libbpfOrigin });
  const others = [...otherAgents].map(([loader, other]) => ({
    loader,
    ...facts(other),
    ...(other.loaderProgram && { library: other.loaderProgram.library, release: other.loaderProgram.release }),
  }));
  return { agent: facts(agent), ...(others.length > 0 && { otherAgents: others }) };
}

/** The chosen accelerator. An interrupt may come before the choice. */
async function chosenAccel({ accel, signal }: RunSession): Promise<AccelChoice> {
  return accel.catch((error: unknown): AccelChoice => {
    if (!signal.aborted) throw toInfraError(error);
    return { accel: 'tcg', reason: 'the run was interrupted before the choice' };
  });
}

/**
 * Assembles the results of a run.
 * @param commit the commit of the user's project; null if there is none
 * @throws InfraError if the choice of the accelerator failed
 */
export async function assembleResults(
  session: RunSession,
  columns: readonly Column[],
  commit: Results['run']['commit'] | null,
): Promise<Results> {
  const { request, signal, qemu } = session;
  const { accel, reason } = await chosenAccel(session);
  return withTests({
    schemaVersion: SCHEMA_VERSION,
    run: {
      id: session.id,
      startedAt: session.startedAt,
      finishedAt: new Date().toISOString(),
      complete: !signal.aborted,
      ...(request.shard && { shard: request.shard }),
      tool: { name: 'corematrix', version: VERSION },
      ...(commit && { commit }),
      command: request.command,
      isolation: request.isolation,
      ...(request.policy && { policy: request.policy }),
      ...agentFacts(request),
      host: { ...hostFacts(), qemu: qemu.version, accel, accelReason: reason },
    },
    kernels: columns.map(({ kernel }) => kernel),
    objects: request.objects.map(withFixedOffsets),
    cells: columns.flatMap(({ cells }) => cells),
    logs: session.logs,
    layouts: collectLayouts(columns.flatMap(({ layouts }) => layouts ?? [])),
  });
}
