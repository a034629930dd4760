// The access of a relocation without flavors, so that the same access in two objects is equal.
import { kindOf, nameOf } from '../bpf/btf/btf.ts';
import type { BtfKind } from '../bpf/btf/kinds.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import { classOf, type CoreSpec, parseLocalSpec } from '../bpf/core-spec/spec.ts';
import { RELOCATION_KINDS } from '../base/vocabulary.ts';
import { type Step, stepsOf } from './path.ts';

export interface Access {
  what: 'field' | 'type' | 'enumerator';
  /** Kind of the root type: `struct`, `typedef`, `enum`. */
  kind: BtfKind;
  /** Name of the root type, without flavor. */
  type: string;
  /** Path of a field from the root type; [] for types and enumerators. */
  steps: readonly Step[];
  /** Name of the enumerator, without flavor; null for fields and types. */
  enumerator: string | null;
}

/** The access of a local spec. */
export function accessOfSpec(spec: CoreSpec): Access {
  const what = classOf(spec.kind);
  return {
    what,
    kind: kindOf(spec.btf, spec.rootId),
    type: essentialName(nameOf(spec.btf, spec.rootId)),
    steps: what === 'field' ? stepsOf(spec) : [],
    enumerator: what === 'enumerator' ? essentialName(spec.accessors[0]?.name ?? '') : null,
  };
}

/** The local specs of an object's relocations, in the order of `object.relocations`; null for an invalid one. */
export function localSpecs(object: BpfObject): (CoreSpec | null)[] {
  const { btf, ext } = object;
  return object.relocations.map(({ section, index }) => {
    const record = ext?.relocations.get(section)?.[index];
    const kind = record && RELOCATION_KINDS[record.kind];
    if (!btf || !record || !kind) return null;
    const parsed = parseLocalSpec(btf, kind, record.typeId, record.access);
    return parsed.ok ? parsed.spec : null;
  });
}

/** Text of an access without flavors: `task_struct.state`, `struct hd_struct`, `enum bpf_attach_type::BPF_TCX_INGRESS`. */
export function accessText({ what, kind, type, steps, enumerator }: Access): string {
  const word = kind === 'typedef' ? type : `${kind === 'enum64' ? 'enum' : kind} ${type}`;
  if (what === 'enumerator') return `${word}::${enumerator}`;
  if (what === 'type') return word;
  return type + steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
}
