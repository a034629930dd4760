// The releases of libbpf that loaded the objects of a run.
import { DEFAULT_LIBBPF } from '../base/loader-name.ts';
import type { Results } from './schema.ts';

type Run = Results['run'];
export type UsedAgent = Run['agent'] & { loader: string };

/** The agents of a run that loaded an object, the default one first; only the default one for a run without objects. */
export function agentsUsed({ run, objects }: Pick<Results, 'run' | 'objects'>): UsedAgent[] {
  const others = run.otherAgents ?? [];
  const named = new Set(objects.map(({ loader = DEFAULT_LIBBPF }) => loader));
  const used = [{ loader: DEFAULT_LIBBPF, ...run.agent }, ...others].filter(({ loader }) => named.has(loader));
  return used.length > 0 ? used : [{ loader: DEFAULT_LIBBPF, ...run.agent }];
}

/** The releases of libbpf that loaded objects of a run, in one line: `1.7.0, 1.1.2`. */
export function libbpfText(results: Pick<Results, 'run' | 'objects'>): string {
  return [...new Set(agentsUsed(results).map(({ libbpf }) => libbpf))].join(', ');
}
