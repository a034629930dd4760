// The agents that the objects of a plan need.
import type { RunEvent } from '../run/events.ts';
import type { GuestAgent } from '../guest/agent.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { type AgentOptions, ensureAgent } from '../setup/agent.ts';

/**
 * The default agent, and those with other releases of libbpf that objects name.
 * @throws UserError if one cannot be built, or the mirrors lack the release
 */
export async function ensureAgents(
  objects: readonly RunObject[],
  from: Pick<AgentOptions, 'mirrors' | 'trust'>,
  emit: (event: RunEvent) => void,
): Promise<{ agent: GuestAgent; otherAgents: ReadonlyMap<string, GuestAgent> }> {
  const onNote = (text: string) => emit({ kind: 'note', text });
  const agent = await ensureAgent({ onNote, ...from });
  const otherAgents = new Map<string, GuestAgent>();
  for (const release of new Set(objects.flatMap((object) => object.prepared.loader ?? []))) {
    const other = await ensureAgent({ onNote, ...from, release });
    onNote(`libbpf@${release} is libbpf ${other.libbpf} (${other.libbpfOrigin})`);
    otherAgents.set(release, other);
  }
  return { agent, otherAgents };
}
