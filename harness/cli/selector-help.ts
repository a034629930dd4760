// The help about kernel selectors, the same in every command.
import { firstForms, formLines, selectorForms } from '../../kernels/selector-help.ts';

/** For an option: one form of each source, and where all forms are explained. */
export const SELECTOR_FORMS = `${firstForms()} (all forms: corematrix kernels --help)`;

/** For a note below the options: every form with its meaning. */
export const SELECTOR_TABLE = `Kernel selectors:\n${formLines(selectorForms())
  .map((line) => `  ${line}`)
  .join('\n')}`;
