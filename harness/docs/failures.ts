// docs/failures.md: every failure class, from the catalogue.
import { type Decider, FAILURE_CLASSES, FAILURES, type FailureClass, type FailureRecord } from '../base/failures.ts';
import { STAGES } from '../base/vocabulary.ts';
import { blocks, generatedFrom, plainText, table } from './markdown.ts';

const DECIDERS = {
  object: 'object',
  btf: 'BTF',
  configuration: 'configuration',
  guest: 'guest',
} as const satisfies Record<Decider, string>;

/** Each stage of a class with what decides it there, in the order of a load. */
function stagesOf({ stages }: FailureRecord): { stage: string; decider: string }[] {
  return STAGES.flatMap((stage) => {
    const decider = stages[stage];
    return decider === undefined ? [] : [{ stage: `\`${stage}\``, decider: DECIDERS[decider] }];
  });
}

function stageText(record: FailureRecord): string {
  const stages = stagesOf(record).map(({ stage, decider }) => `${stage} (${decider})`);
  return stages.join(', ');
}

function entry(failure: FailureClass): string {
  const record = FAILURES[failure];
  const { title, meaning, evidence, help } = record;
  const stages = stageText(record);
  return blocks(
    `## ${failure}`,
    `**${plainText(title)}.** ${plainText(meaning)}`,
    ...(stages === '' ? [] : [`Stage: ${stages}`]),
    'How it is decided:',
    evidence.map((line) => `- ${line}`).join('\n'),
    `What to do: ${plainText(help)}`,
  );
}

const INTRODUCTION = `A failure class names the kind of a failure. It stays the same from release to release, so that expectations
(\`class:\`), SARIF rules, the filter of the HTML report (\`class:\`) and your own scripts can rely on it.

The rules that decide a class read messages of libbpf and the verifier, errors of system calls, and the BTF of the kernel. The first
rule that fits decides; the most specific rules come first. In a message, a word in capitals replaces a name, and \`N\` a number.

Behind each stage is what decides it there:

- **BTF**: the kernel's BTF alone. \`corematrix predict\` must find such a failure. If it does not, the report marks the prediction as wrong.
- **configuration**: the kernel's configuration file. Predictions must find such a failure, too.
- **guest**: only a load shows it. Predictions find such a failure in some cases, or in none.

Classes that begin with \`infra-\` are no verdict on the object: the guest or the machine failed. Words for statuses, stages and relocation
outcomes are in [words.md](words.md).`;

/** The text of the page. The heading of each class is its anchor. */
export function failuresPage(): string {
  const rows = FAILURE_CLASSES.map((failure) => [
    `[\`${failure}\`](#${failure})`,
    plainText(FAILURES[failure].title),
    stageText(FAILURES[failure]),
  ]);
  return blocks(
    generatedFrom('harness/base/failures.ts'),
    '# Failure classes',
    INTRODUCTION,
    table(['class', 'meaning', 'stage'], rows),
    ...FAILURE_CLASSES.map(entry),
  );
}
