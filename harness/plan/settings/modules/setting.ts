// `modules`: kernel modules that the guest loads before the object.
import { z } from 'zod';
import { attachTargetOf, usedSection } from '../../../bpf/object/attach-point.ts';
import type { BpfObject, BpfProgram } from '../../../bpf/object/object.ts';
import type { Proposal, ProposedEntry, Setting } from '../definition.ts';

const schema = z
  .array(z.string().regex(/^[\w-]{1,64}$/, 'expected the name of a module, such as nf_conntrack'))
  .max(64)
  .describe("Modules of the kernel's own package to load first, with those they need.");

/** The module that a section names before the function: `fentry/nf_nat:nf_nat_packet`. */
function namedModule(program: BpfProgram): string | null {
  return /^([\w-]{1,64}):[\w.$]+$/.exec(attachTargetOf(usedSection(program))?.name ?? '')?.[1] ?? null;
}

/** Proposes the modules that targets name. Other evidence needs the types of a kernel. */
function proposeModules({ programs }: BpfObject): Proposal {
  const entries = new Map<string, ProposedEntry>();
  for (const program of programs) {
    const module = namedModule(program);
    if (module === null) continue;
    const isOptional = program.autoload === false && (entries.get(module)?.isOptional ?? true);
    entries.set(module, { name: null, value: module, why: `${program.name} attaches to a function of it`, isOptional });
  }
  const all = [...entries.values()];
  return { isNeeded: all.some(({ isOptional }) => isOptional !== true), entries: all };
}

export const modules: Setting<string[], readonly string[]> = {
  schema,
  takesDefault: () => true,
  prepare: (names) => names,
  propose: proposeModules,
  frames: (_, { modules: loaded }) => loaded.map(({ name, ko }) => ({ type: 'module', name, ko })),
};
