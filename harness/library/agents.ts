// The agents that the objects of a plan need.
import type { RunEvent } from '../run/events.ts';
import type { GuestAgent } from '../guest/agent.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { namedLoader } from '../base/loader-name.ts';
import { withLoaderProgram } from '../guest/agent.ts';
import { type AgentOptions, ensureAgent } from '../setup/agent.ts';
import { ensureLoaderProgram } from '../setup/loader-program.ts';

type Sources = Pick<AgentOptions, 'mirrors' | 'trust' | 'onNote'>;

async function agentWith(loader: string, agent: GuestAgent, from: Sources): Promise<GuestAgent> {
  const named = namedLoader(loader);
  if (named.family !== 'libbpf') return withLoaderProgram(agent, await ensureLoaderProgram(named, { onNote: from.onNote }));
  const other = await ensureAgent({ ...from, release: named.release ?? undefined });
  from.onNote(`${loader} is libbpf ${other.libbpf} (${other.libbpfOrigin})`);
  return other;
}

/**
 * The default agent, and those with other loaders that objects name, by the names of the loaders.
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
  for (const loader of new Set(objects.flatMap((object) => object.prepared.loader ?? []))) {
    otherAgents.set(loader, await agentWith(loader, agent, { onNote, ...from }));
  }
  return { agent, otherAgents };
}
