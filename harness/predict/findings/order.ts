// The order in which libbpf and the kernel meet failures of one program.
import type { Loader } from '../../core-relo/loader.ts';
import type { Finding } from './finding.ts';

const EXTERNS: ReadonlySet<string> = new Set(['kconfig-missing', 'ksym-missing', 'kfunc-missing']);

/** Failures that libbpf meets when it prepares a program for bpf(BPF_PROG_LOAD), or the kernel before it verifies the program. */
const BEFORE_VERIFICATION: ReadonlySet<string> = new Set(['attach-target-missing', 'program-type-unsupported', 'object-invalid']);

/**
 * The step of a load at which a failure shows; lower comes first.
 * @see bpf_object_load() and bpf_object_prepare() in libbpf.c: BTF, externs, struct_ops, relocations, maps (before relocations up to 1.3),
 * then each program
 */
export function stepOf(
  { failure: { stage, class: failureClass }, refusesTarget }: Pick<Finding, 'failure' | 'refusesTarget'>,
  { mapsFirst }: Pick<Loader, 'mapsFirst'>,
): number {
  if (stage === 'open') return 0;
  if (failureClass === 'btf-missing') return 1;
  if (EXTERNS.has(failureClass) && stage === 'relocate') return 2;
  if (stage === 'map-create') return mapsFirst ? 4 : 6;
  if (stage === 'relocate') return failureClass === 'attach-target-missing' ? 3 : 5;
  // The kernel counts functions before it looks at the target, and that before it follows the instructions.
  if (refusesTarget) return 9;
  if (BEFORE_VERIFICATION.has(failureClass) && stage !== 'attach') return 7;
  if (failureClass === 'insn-unsupported') return 8;
  return stage === 'attach' ? 11 : 10;
}
