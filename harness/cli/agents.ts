// The guest helpers that objects of a plan need.
import type { RunEvent } from '../run/events.ts';
import type { GuestHelper } from '../guest/agent.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { ensureHelper } from '../setup/agent.ts';

/**
 * The default helper, and those with other releases of libbpf that objects name.
 * @throws UserError when one cannot be built, or the mirrors have no such release
 */
export async function ensureHelpers(
  objects: readonly RunObject[],
  mirrors: readonly string[] | undefined,
  emit: (event: RunEvent) => void,
): Promise<{ helper: GuestHelper; otherHelpers: ReadonlyMap<string, GuestHelper> }> {
  const onNote = (text: string) => emit({ kind: 'note', text });
  const helper = await ensureHelper({ onNote, mirrors });
  const otherHelpers = new Map<string, GuestHelper>();
  for (const release of new Set(objects.flatMap((object) => object.release ?? []))) {
    const other = await ensureHelper({ onNote, mirrors, release });
    onNote(`libbpf@${release} is libbpf ${other.libbpf} (${other.libbpfOrigin})`);
    otherHelpers.set(release, other);
  }
  return { helper, otherHelpers };
}
