// `corematrix types`: the layouts of a kernel type on several kernels, from BTF alone.
import type { Command } from 'commander';
import { typeDiffText, typeShowText, type TypeTextOptions } from '../../reports/terminal/layouts.ts';
import { messageOf, UserError } from '../base/errors.ts';
import { namesInBtf } from '../bpf/object/attach-point.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { factsOf, readKernelTypes } from '../kernel-btf/kernels.ts';
import { mostSimilar } from '../base/similar.ts';
import { findLayout, namesOfKind, type TypeLayout } from '../results/layouts/layout.ts';
import { type FoundLayout, surveyOf, type TypeSurvey } from '../kernel-btf/layout-survey.ts';
import { chosenKernels, findChosenKernels } from '../library/configured.ts';
import { sourcesOf } from '../library/sources.ts';
import { EXIT } from './exit-codes.ts';
import { addHelp, type HelpFacts } from './help.ts';
import { writeLine } from './lines.ts';
import { repeated } from './options.ts';
import { pullFrom } from './pull-needed.ts';
import { type ConfigOptions, findConfig, settingsOption } from './read-plan.ts';
import { isColoured, sizeOf } from './screen.ts';
import { addTrustOptions, namedSources, type TrustFlags } from './trust-options.ts';
import { untrustedOption } from './untrusted.ts';

interface TypesOptions extends ConfigOptions, TrustFlags {
  kernel?: string[];
  json?: boolean;
  all?: boolean;
}

/** In columns. Layouts side by side cannot be compared in longer lines. */
const MAX_WIDTH = 160;

/** The kernel's own type, else a module's. */
function firstLayout({ vmlinux, modules }: KernelTypes, type: string): TypeLayout | null {
  for (const index of [vmlinux, ...modules.map((module) => module.index)]) {
    const layout = findLayout(index, type);
    if (layout) return layout;
  }
  return null;
}

/** What a kernel calls the targets of tracepoints and of LSM hooks; a user leaves these prefixes out. */
const HOOK_PREFIX = /^(?:btf_trace_|bpf_lsm_)/;
/** Enough letters in common for a typing error. */
const TYPING_ERROR = 0.7;

/** The question after an unknown name, ` (did you mean task_struct?)`; empty if no name is similar. */
function typeMeant(type: string, names: readonly string[]): string {
  const [keyword = '', ...rest] = type.split(' ');
  const [before, wanted] = rest.length === 0 ? ['', keyword] : [`${keyword} `, rest.join(' ')];
  const possible = names.map((name) => name.replace(HOOK_PREFIX, ''));
  const [nearest] = mostSimilar(wanted, possible, 1, TYPING_ERROR);
  return nearest === undefined ? '' : ` (did you mean ${before}${nearest}?)`;
}

interface Surveyed {
  found: TypeSurvey;
  /** The names of the last kernel that lacks the type. */
  names: readonly string[];
  problems: string[];
}

/** Kernel by kernel, so that only one BTF is in memory. A name means the same type on all kernels. */
async function survey(type: string, options: TypesOptions): Promise<Surveyed> {
  const config = await findConfig(options);
  const pull = pullFrom(sourcesOf(namedSources(options), config));
  const { kernels, problems } = await findChosenKernels(chosenKernels(options.kernel, config), pull);
  const inBtf = namesInBtf(type);
  let names: readonly string[] = [];
  const choices = inBtf.map((): FoundLayout[] => []);
  for (const kernel of kernels) {
    try {
      const types = await readKernelTypes(kernel, ({ text, harmless }) => {
        if (!harmless) problems.push(text);
      });
      for (const [at, layouts] of choices.entries()) {
        const layout = types && firstLayout(types, inBtf[at] ?? type);
        layouts.push({ kernel: { ...factsOf(kernel), btf: types !== null }, layout });
      }
      const isFound = choices.some((each) => each.at(-1)?.layout !== null);
      if (types && !isFound) names = namesOfKind(types.vmlinux, type);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(messageOf(error));
    }
  }
  const layouts = choices.find((each) => each.some(({ layout }) => layout !== null)) ?? choices[0] ?? [];
  return { found: surveyOf(type, layouts), names, problems };
}

type Render = (survey: TypeSurvey, options: TypeTextOptions) => string;

async function tell(type: string, options: TypesOptions, render: Render): Promise<void> {
  const { found, names, problems } = await survey(type, options);
  for (const problem of problems) writeLine(process.stderr, `error: ${problem}`);
  if (found.kernels.length === 0) throw new UserError('no kernel can be used');
  if (found.layouts.length === 0) throw new UserError(`${type}: no kernel here has a type of this name${typeMeant(type, names)}`);
  const width = Math.min(sizeOf(process.stdout).width, MAX_WIDTH);
  const text =
    options.json === true
      ? `${JSON.stringify(found)}\n`
      : render(found, { width, colour: isColoured(process.stdout), all: options.all === true });
  process.stdout.write(text);
  process.exitCode = problems.length > 0 ? EXIT.usage : EXIT.asExpected;
}

const TYPE =
  'name of the type, function, tracepoint or LSM hook: task_struct, "struct inode", vfs_unlink, sched_switch; a section such as lsm/inode_setattr names its target';
const KERNEL = [
  '-k, --kernel <selector>',
  'where BTF comes from, as for "predict", repeatable (default: the kernels of the configuration, else the newest kernel of every series in the cache); what the cache lacks is pulled',
] as const;
const EXIT_FACTS = { asExpected: 'shown', usage: 'wrong usage, no such type, or BTF that cannot be read' } satisfies HelpFacts['exit'];

/** Adds `types` with its subcommands to the command line. */
export function addTypesCommand(program: Command): void {
  const types = program
    .command('types')
    .summary('show a kernel type across the matrix, from BTF alone')
    .description('Shows layouts of structs, unions, enums and functions on several kernels, and what became of each member.');
  addHelp(types, { examples: ['corematrix types show task_struct', 'corematrix types diff inode -k debian:5.10 -k debian:6.12'] });
  const show = types
    .command('show')
    .summary('show the layout of a type on every kernel')
    .description('Shows the layout of a type on every kernel. Kernels that share a layout are listed together.')
    .argument('<type>', TYPE)
    .option(...KERNEL, repeated)
    .addOption(settingsOption())
    .addOption(untrustedOption())
    .option('--json', 'write everything to standard output as JSON')
    .action(async (type: string, options: TypesOptions) => tell(type, options, typeShowText));
  addTrustOptions(show);
  addHelp(show, {
    exit: EXIT_FACTS,
    examples: ['corematrix types show task_struct', 'corematrix types show "struct inode" -k debian:6.12 --json'],
  });
  const diff = types
    .command('diff')
    .summary('show the layouts of a type side by side')
    .description('Shows the layouts of a type side by side, each member in one row. Arguments of functions are compared by position.')
    .argument('<type>', TYPE)
    .option(...KERNEL, repeated)
    .addOption(settingsOption())
    .addOption(untrustedOption())
    .option('--all', 'also show members that do not differ, or only have another offset')
    .option('--json', 'write everything to standard output as JSON')
    .action(async (type: string, options: TypesOptions) => tell(type, options, typeDiffText));
  addTrustOptions(diff);
  addHelp(diff, {
    notes: ['Marks: + added, - removed, ~ renamed, split, moved, or of another type or size, > only at another offset.'],
    exit: EXIT_FACTS,
    examples: [
      'corematrix types diff inode -k debian:5.10 -k debian:6.1 -k debian:6.12',
      'corematrix types diff "enum bpf_map_type" -k cached',
      'corematrix types diff sched_switch -k debian:5.10 -k debian:6.12',
      'corematrix types diff lsm/inode_setattr --json',
    ],
  });
}
