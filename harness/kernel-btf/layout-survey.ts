// A type on several kernels: its layouts, the kernels that share one, and the changes of each member.
import type { KernelFacts } from './kernels.ts';
import type { LayoutEntry, TypeLayout } from '../results/layouts/layout.ts';
import { type Lineage, lineagesOf } from '../results/layouts/lineage.ts';
import { parameterLineages } from '../results/layouts/parameters.ts';

/** Raised when the meaning of a field changes. */
const SCHEMA_VERSION = 1;

export type SurveyedKernel = KernelFacts & {
  /** Position in `layouts`; null if the kernel lacks the type. */
  layout: number | null;
  /** False for a kernel without BTF. */
  btf: boolean;
};

/** The result of `types`, also as JSON. */
export interface TypeSurvey {
  schemaVersion: typeof SCHEMA_VERSION;
  /** The requested name. */
  type: string;
  kernels: SurveyedKernel[];
  /** Each distinct layout once, in the order of the first kernel that has it. */
  layouts: (Omit<TypeLayout, 'inner'> & { kernels: string[] })[];
  /** Each member followed across the layouts; arguments by position. */
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
  /** Null if the kernel lacks the type. */
  layout: TypeLayout | null;
}

/** Compares the layouts of a type, in the order of the kernels. */
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
    members: layouts.every(({ kind }) => kind === 'function') ? parameterLineages(layouts) : lineagesOf(layouts),
  };
}
