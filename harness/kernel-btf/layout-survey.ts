// A type on several kernels: its layouts, which kernels share one, and what became of each member.
import type { KernelFacts } from './kernels.ts';
import type { LayoutEntry, TypeLayout } from '../results/layouts/layout.ts';
import { type Lineage, lineagesOf } from '../results/layouts/lineage.ts';

/** Raised when the meaning of a field changes. */
const SCHEMA_VERSION = 1;

export type SurveyedKernel = KernelFacts & {
  /** Position in `layouts`; null where the kernel has no such type. */
  layout: number | null;
  /** False where it has no types at all. */
  btf: boolean;
};

/** What `types` tells, also as JSON. */
export interface TypeSurvey {
  schemaVersion: typeof SCHEMA_VERSION;
  /** As it was asked for. */
  type: string;
  kernels: SurveyedKernel[];
  /** Each once, in the order in which kernels first have it. */
  layouts: (Omit<TypeLayout, 'inner'> & { kernels: string[] })[];
  /** What became of each member, by layout. */
  members: Lineage[];
}

function sameEntries(a: readonly LayoutEntry[], b: readonly LayoutEntry[]): boolean {
  return a.length === b.length && a.every((entry, index) => JSON.stringify(entry) === JSON.stringify(b[index]));
}

function isSame(a: TypeLayout, b: TypeLayout): boolean {
  return a.kind === b.kind && a.size === b.size && a.text === b.text && sameEntries(a.entries, b.entries);
}

export interface FoundLayout {
  kernel: Omit<SurveyedKernel, 'layout'>;
  /** Null where the kernel has no such type. */
  layout: TypeLayout | null;
}

/** Puts together what was found of a type, in the order of the kernels. */
export function surveyOf(type: string, found: readonly FoundLayout[]): TypeSurvey {
  const layouts: TypeLayout[] = [];
  const kernels = found.map(({ kernel, layout }): SurveyedKernel => {
    if (!layout) return { ...kernel, layout: null };
    const known = layouts.findIndex((each) => isSame(each, layout));
    return { ...kernel, layout: known >= 0 ? known : layouts.push(layout) - 1 };
  });
  return {
    schemaVersion: SCHEMA_VERSION,
    type,
    kernels,
    layouts: layouts.map(({ kind, text, size, entries, others }, index) => {
      const layout = { kind, text, size, entries, others };
      return { ...layout, kernels: kernels.filter((kernel) => kernel.layout === index).map(({ id }) => id) };
    }),
    members: lineagesOf(layouts),
  };
}
