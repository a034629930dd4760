// docs/words.md: the words in results and reports that are not failure classes.
import {
  OUTCOME_MEANINGS,
  OUTCOMES,
  PREDICTED_STATUS_MEANINGS,
  PREDICTED_STATUSES,
  RELOCATION_KIND_MEANINGS,
  RELOCATION_KINDS,
  STAGE_MEANINGS,
  STAGES,
  STATUS_MEANINGS,
  STATUSES,
} from '../base/vocabulary.ts';
import { blocks, generatedFrom, plainText, table } from './markdown.ts';

function meanings<Word extends string>(words: readonly Word[], meaningOf: Readonly<Record<Word, string>>): string {
  return table(
    ['word', 'meaning'],
    words.map((word) => [`\`${word}\``, plainText(meaningOf[word])]),
  );
}

/** The text of the page. */
export function wordsPage(): string {
  return blocks(
    generatedFrom('harness/base/vocabulary.ts'),
    '# Words in results and reports',
    'Failure classes are in [failures.md](failures.md).',
    '## Statuses',
    'The status of a program on a kernel, and of a cell.',
    meanings(STATUSES, STATUS_MEANINGS),
    '## Stages',
    'The step of a load at which a failure occurs, in the order of libbpf.',
    meanings(STAGES, STAGE_MEANINGS),
    '## Relocation outcomes',
    'What became of a CO-RE relocation on a kernel.',
    meanings(OUTCOMES, OUTCOME_MEANINGS),
    '## Relocation kinds',
    'What a CO-RE relocation asks of the kernel. The words are those of libbpf.',
    meanings(RELOCATION_KINDS, RELOCATION_KIND_MEANINGS),
    '## Predicted statuses',
    'What BTF and the configuration of a kernel show about a program before it is loaded.',
    meanings(PREDICTED_STATUSES, PREDICTED_STATUS_MEANINGS),
  );
}
