// Finds the modules with the functions that programs attach to, for loaders that relocate only against these.
import { kindOf } from '../bpf/btf/btf.ts';
import { typesWithName } from '../bpf/btf/names.ts';
import type { BpfProgram } from '../bpf/object/object.ts';
import type { KernelModule, KernelTypes } from './candidates.ts';

/** The sections of programs that attach to a function by its name. */
const FUNCTION = /^\??(?:fentry|fexit|k(?:ret)?probe|k(?:ret)?probe\.multi)(?:\.s)?\/(.+)$/;

function hasFunction({ index }: KernelModule, name: string): boolean {
  return typesWithName(index, name).some((id) => kindOf(index.btf, id) === 'func');
}

/**
 * Returns the loaded modules with the functions that some programs attach to; usually none or one.
 * @see targetsKernelModule() in the prog.go of cilium/ebpf 0.17
 */
export function targetModulesOf(programs: Iterable<Pick<BpfProgram, 'section' | 'attachTo'>>, { modules }: KernelTypes): KernelModule[] {
  if (modules.length === 0) return [];
  const names = [...programs].flatMap(({ section, attachTo }) => {
    const [, name] = FUNCTION.exec(section) ?? [];
    return name === undefined ? [] : [attachTo ?? name];
  });
  return modules.filter((module) => names.some((name) => hasFunction(module, name)));
}
