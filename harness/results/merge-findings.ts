// Joins the explanations of the parts of a run: a cause that several parts found becomes one cause.
import { grouped } from '../base/text.ts';
import type { CausePlace, CausePresence, CauseSituation, Findings, MovedArgument, RootCause } from './explanation.ts';
import { presenceAmong } from './presence-among.ts';

type HasKernels = { kernels: string[] };

/** Joins items that differ only in their kernels. */
function joined<Item extends HasKernels>(items: readonly Item[], keyOf: (item: Item) => unknown): Item[] {
  const found = new Map<string, Item>();
  for (const item of items) {
    const key = JSON.stringify(keyOf(item));
    const known = found.get(key);
    found.set(key, known ? { ...known, kernels: [...new Set([...known.kernels, ...item.kernels])] } : item);
  }
  return [...found.values()];
}

const GRAVITY = ['yes', 'unknown', 'no', null] as const;

function joinedPlaces(places: readonly CausePlace[]): CausePlace[] {
  const found = new Map<string, CausePlace>();
  for (const place of places) {
    const { object, program, relocation, source } = place;
    const key = JSON.stringify([object, program, relocation, source?.file, source?.line]);
    const known = found.get(key);
    found.set(
      key,
      known
        ? {
            ...known,
            at: known.at ?? place.at,
            fails: [...new Set([...known.fails, ...place.fails])],
            behind: [...new Set([...known.behind, ...place.behind])],
            reached: GRAVITY.indexOf(place.reached) < GRAVITY.indexOf(known.reached) ? place.reached : known.reached,
          }
        : place,
    );
  }
  return [...found.values()];
}

function joinedPresence(presences: readonly (CausePresence | null)[], order: readonly string[]): CausePresence | null {
  const known = presences.filter((presence) => presence !== null);
  if (known.length === 0) return null;
  const present = new Map<string, boolean>([
    ...known.flatMap(({ lacks }) => lacks).map((id) => [id, false] as const),
    ...known.flatMap(({ has }) => has).map((id) => [id, true] as const),
  ]);
  const otherType = new Set(known.flatMap(({ otherType: ids = [] }) => ids));
  const named = new Set([...present.keys(), ...known.flatMap(({ unknown = [] }) => unknown)]);
  const kernels = order.filter((id) => named.has(id));
  return presenceAmong(kernels.map((id) => ({ id, has: present.get(id) ?? null, otherType: otherType.has(id) })));
}

/** Arguments that parts of a run found at one position, with the parameters of all parts. */
function joinedArguments(all: readonly MovedArgument[]): MovedArgument[] {
  const found = grouped(all, ({ object, program, subject }) => JSON.stringify([object, program, subject]));
  return [...found.values()].flatMap((own) => {
    const parameters = joined(
      own.flatMap((each) => each.parameters),
      ({ text }) => text,
    );
    return own.slice(0, 1).map((first) => ({ ...first, parameters }));
  });
}

const weight = ({ places }: RootCause) => places.reduce((sum, { fails }) => sum + fails.length, 0);
const kernelsOf = ({ situations }: RootCause) => situations.reduce((sum, { kernels }) => sum + kernels.length, 0);
const meant = ({ summary, alternatives, hints }: CauseSituation) => [summary, alternatives[0], hints];

/** One cause from several parts. The suggestion is that of the part that saw the cause on most kernels. */
function joinedCause(parts: readonly RootCause[], order: readonly string[]): RootCause[] {
  const [best, ...others] = parts.toSorted((a, b) => kernelsOf(b) - kernelsOf(a));
  if (!best) return [];
  if (others.length === 0) return [best];
  const sorted = (kernels: readonly string[]) => kernels.toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
  return [
    {
      ...best,
      places: joinedPlaces(parts.flatMap(({ places }) => places)).map((place) => ({
        ...place,
        fails: sorted(place.fails),
        behind: sorted(place.behind),
      })),
      situations: joined(
        parts.flatMap(({ situations }) => situations),
        meant,
      ).map((situation) => ({ ...situation, kernels: sorted(situation.kernels) })),
      presence: joinedPresence(
        parts.map(({ presence }) => presence),
        order,
      ),
      snippet: best.snippet ?? others.find(({ snippet }) => snippet !== null)?.snippet ?? null,
    },
  ];
}

/**
 * Joins the findings of the parts of a run.
 * @param order ids of the kernels, the oldest first
 */
export function mergeFindings(parts: readonly Findings[], order: readonly string[]): Findings {
  const causes = new Map<string, RootCause[]>();
  for (const cause of parts.flatMap((part) => part.causes)) {
    causes.set(cause.fingerprint, [...(causes.get(cause.fingerprint) ?? []), cause]);
  }
  const known = parts.flatMap(({ kernels }) => kernels);
  const moved = joinedArguments(parts.flatMap(({ movedArguments = [] }) => movedArguments));
  return {
    kernels: order.flatMap(
      (id) => known.find((kernel) => kernel.id === id && kernel.btf) ?? known.find((kernel) => kernel.id === id) ?? [],
    ),
    causes: [...causes.values()].flatMap((same) => joinedCause(same, order)).toSorted((a, b) => weight(b) - weight(a)),
    semanticChanges: joined(
      parts.flatMap(({ semanticChanges }) => semanticChanges),
      (place) => ({ ...place, kernels: [] }),
    ),
    ...(moved.length > 0 && { movedArguments: moved }),
    guarded: joined(
      parts.flatMap(({ guarded }) => guarded),
      (place) => ({ ...place, kernels: [] }),
    ),
  };
}
