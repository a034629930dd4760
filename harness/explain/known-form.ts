// Finds forms in which a kernel certainly has the value of a missing member: by a known change, or by a flag with the member's name.
import { type Btf, nameOf } from '../bpf/btf/btf.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import { resolveType } from '../bpf/btf/types.ts';
import { flagBits } from './flag-bit.ts';
import { KNOWN_CHANGES, type KnownForm } from './known-changes.ts';
import type { Alternative, Wanted } from './nearest.ts';
import { endText } from './end-text.ts';
import { type Step, walk } from './path.ts';
import { valueAt } from './value.ts';

function typeName(btf: Btf, type: number): string {
  return essentialName(nameOf(btf, type) || nameOf(btf, resolveType(btf, type)));
}

/** `ancestors[*]->kn->id` with the index 2 is [['ancestors', 2], ['kn'], ['id']]. */
function formPaths(path: string, index: number | null): Step[][] {
  return path
    .split('->')
    .map((part) =>
      part
        .split('.')
        .flatMap((step) => (step.endsWith('[*]') ? [step.slice(0, -'[*]'.length), ...(index === null ? [] : [index])] : [step])),
    );
}

function alternative({ btf, root, walked }: Wanted, [first = [], ...further]: Step[][], as: KnownForm['as']): Alternative[] {
  const paths = [[...walked, ...first], ...further];
  if (!valueAt(btf, root, paths)) return [];
  const text = endText(btf, root, paths);
  const relation = further.length > 0 ? 'behind-pointer' : 'renamed';
  return [{ relation, paths, type: text, score: 100, certainty: 'likely', form: { as: as ?? null } }];
}

/** Forms that the kernel has, the most specific first. Each is certain only if it also has the right type. */
export function knownForms(wanted: Wanted): Alternative[] {
  const { btf, root, walked, name, rest, bit } = wanted;
  const container = walk(btf, root, walked).type;
  const index = rest.find((step) => typeof step === 'number') ?? null;
  const before = `${typeName(btf, container)}.${name}`;
  const known = KNOWN_CHANGES.flatMap((change) =>
    change.before.split(' is ')[0] === before && change.form ? alternative(wanted, formPaths(change.form.path, index), change.form.as) : [],
  );
  const flags = bit ? flagBits(btf, container, name) : [];
  return [...known, ...flags.flatMap((flag) => alternative(wanted, [[flag.member.name]], { what: 'bits', shift: flag.bit, width: 1 }))];
}
