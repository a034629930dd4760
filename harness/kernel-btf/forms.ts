// The forms of selectors for predictions: of BTF and of cached kernels beside those of kernels.
import { BTF, CACHED } from '../../kernels/offline-selectors.ts';
import { formLines, selectorForms } from '../../kernels/selector-help.ts';
import type { SelectorForm } from '../../kernels/sources/source.ts';

const FORMS = [
  { selector: CACHED, meaning: 'every kernel in the cache' },
  { selector: `${BTF}PATH`, meaning: 'BTF, a vmlinux, a folder of *.btf and *.btf.tar.xz, or a folder with a vmlinux and its modules' },
] as const satisfies readonly SelectorForm[];

/** For a note below the options: where BTF for predictions can come from. */
export const BTF_TABLE = [
  'Sources of BTF (a kernel of a mirror that the cache lacks is pulled):',
  ...formLines([...FORMS, ...selectorForms()]).map((line) => `  ${line}`),
].join('\n');
