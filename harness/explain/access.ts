// What a relocation is about, apart from flavors, programs and compilers: the same access in two objects is the same here.
import { kindOf, nameOf } from '../bpf/btf/btf.ts';
import type { BtfKind } from '../bpf/btf/kinds.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import { classOf, type CoreSpec, parseLocalSpec } from '../bpf/core-spec/spec.ts';
import { RELOCATION_KINDS } from '../base/vocabulary.ts';
import { type Step, stepsOf } from './path.ts';

export interface Access {
  what: 'field' | 'type' | 'enumerator';
  /** Of the root: `struct`, `typedef`, `enum`. */
  kind: BtfKind;
  /** Of the root, without flavor. */
  type: string;
  /** Of a field, from the root on; [] for others. */
  steps: readonly Step[];
  /** Without flavor; null unless it is one. */
  enumerator: string | null;
}

/** The access a local spec means. */
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

/** The local specs of an object's relocations, at the places they have in `object.relocations`; null for one that leads nowhere. */
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

/** As a person writes it, without flavors: `task_struct.state`, `struct hd_struct`, `enum bpf_attach_type::BPF_TCX_INGRESS`. */
export function accessText({ what, kind, type, steps, enumerator }: Access): string {
  const word = kind === 'typedef' ? type : `${kind === 'enum64' ? 'enum' : kind} ${type}`;
  if (what === 'enumerator') return `${word}::${enumerator}`;
  if (what === 'type') return word;
  return type + steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
}
