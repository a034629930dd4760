// The loaders of the objects of a run: releases of libbpf, and of other libraries.
import { DEFAULT_LIBBPF } from '../base/loader-name.ts';
import { grouped } from '../base/text.ts';
import type { Results } from './schema.ts';

type Run = Results['run'];
export type UsedAgent = NonNullable<Run['otherAgents']>[number];

/** The agents of a run that loaded an object, the default one first; only the default one for a run without objects. */
export function agentsUsed({ run, objects }: Pick<Results, 'run' | 'objects'>): UsedAgent[] {
  const others = run.otherAgents ?? [];
  const named = new Set(objects.map(({ loader = DEFAULT_LIBBPF }) => loader));
  const used = [{ loader: DEFAULT_LIBBPF, ...run.agent }, ...others].filter(({ loader }) => named.has(loader));
  return used.length > 0 ? used : [{ loader: DEFAULT_LIBBPF, ...run.agent }];
}

/** The library of an agent and its release: that of the loader program, otherwise libbpf. */
export function libraryOf({ libbpf, library, release }: UsedAgent): { library: string; release: string } {
  return library === undefined || release === undefined ? { library: 'libbpf', release: libbpf } : { library, release };
}

/** The libraries that loaded objects of a run, each with its releases: `libbpf`, `1.7.0, 1.1.2`. */
export function librariesUsed(results: Pick<Results, 'run' | 'objects'>): (readonly [library: string, releases: string])[] {
  const used = grouped(agentsUsed(results).map(libraryOf), ({ library }) => library);
  return [...used].map(([library, agents]) => [library, [...new Set(agents.map(({ release }) => release))].join(', ')] as const);
}

/** The same in one line: `libbpf 1.7.0, 1.1.2, cilium/ebpf 0.22.0`; empty for a run of executables alone, which load what they like. */
export function loadersText(results: Pick<Results, 'run' | 'objects'>): string {
  if (results.objects.length > 0 && results.objects.every(({ executable }) => executable === true)) return '';
  return librariesUsed(results)
    .map((words) => words.join(' '))
    .join(', ');
}
