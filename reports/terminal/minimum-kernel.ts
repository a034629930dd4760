// Load ranges of programs as text: two kernels for each program, and the reasons beyond them.
import type { MinimumKernels, LoadRange, ProgramRanges } from '../../harness/minimum-kernel/minimum-kernel.ts';
import { plural } from '../../harness/base/text.ts';
import { visible } from '../../harness/base/visible.ts';

type NameOf = (kernel: string) => string;

function range({ from, to }: Pick<LoadRange, 'from' | 'to'>, nameOf: NameOf): string {
  return from === to ? nameOf(from) : `${nameOf(from)} to ${nameOf(to)}`;
}

function programLines({ name, oldest, newest, gaps, stretches, surprises }: ProgramRanges, nameOf: NameOf): string[] {
  const loads = oldest === null || newest === null ? 'loads on none of them' : `loads on ${range({ from: oldest, to: newest }, nameOf)}`;
  const but = gaps.length > 0 ? `, but not on ${gaps.map((gap) => range(gap, nameOf)).join(' nor ')}` : '';
  const reasons = stretches.flatMap((stretch) =>
    stretch.reasons.map(
      ({ kernel, class: failure, reason }) =>
        `    not on ${range(stretch, nameOf)}: ${failure ?? 'fail'} on ${nameOf(kernel)}: ${visible(reason)}`,
    ),
  );
  const against = surprises.length > 0 ? [`    against prediction: ${surprises.map(nameOf).join(' ')}`] : [];
  return [`  ${visible(name)}: ${loads}${but}`, ...reasons, ...against];
}

/** A few lines for each program; ends in a newline. */
export function minimumKernelText({ object, kernels, programs, tried, without }: MinimumKernels): string {
  const series = kernels.map((kernel) => kernel.series);
  const distinct = new Set(series).size === series.length;
  const names = new Map(kernels.map((kernel) => [kernel.id, distinct ? kernel.series : kernel.version]));
  const nameOf = (id: string) => visible(names.get(id) ?? id);
  const lines = [
    visible(object),
    ...programs.flatMap((program) => programLines(program, nameOf)),
    ...without.map(({ kernel, reason }) => `  no verdict on ${nameOf(kernel)}: ${visible(reason)}`),
    '',
    `${plural(tried.length, 'guest')} of ${plural(kernels.length, 'kernel')} tried: ${tried.map(nameOf).join(' ')}; what lies between is taken from BTF`,
  ];
  return `${lines.join('\n')}\n`;
}
