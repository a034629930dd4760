// Which change of the list a root cause has run into.
import { KNOWN_CHANGES, type KnownChange } from './known-changes.ts';

/** The subject without what is said about its kind. */
function nameIn(fact: string): string {
  const [name = ''] = fact.split(' is ');
  return name.replace(/^function /, 'attach target ').replace(/^tracepoint /, 'attach target btf_trace_');
}

/** The change that a subject of a root cause (without flavors) has run into, null when none is known. */
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
