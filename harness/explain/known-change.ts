// Finds the known change that explains a root cause.
import { KNOWN_CHANGES, type KnownChange } from './known-changes.ts';

/** The name in a fact, in the form of a root cause's subject. */
function nameIn(fact: string): string {
  const [name = ''] = fact.split(' is ');
  return name.replace(/^function /, 'attach target ').replace(/^tracepoint /, 'attach target btf_trace_');
}

/**
 * Finds the known change for a root cause; null if there is none.
 * @param subject subject of the root cause, without flavors
 */
export function knownChange(subject: string): KnownChange | null {
  const isAbout = (fact: string | null) => {
    if (fact === null) return false;
    const name = nameIn(fact);
    const type = name.replace(/^(?:struct|union) /, '');
    return (
      subject === name ||
      [`${type}.`, `${name}.`, `${name}[`].some((start) => subject.startsWith(start) && (type !== name || name.includes('.')))
    );
  };
  const about = KNOWN_CHANGES.filter(({ before, after }) => isAbout(before) || isAbout(after));
  return about.find(({ before }) => isAbout(before)) ?? about[0] ?? null;
}
