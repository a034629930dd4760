// A failure class as text: what docs/failures.md says about it, for readers who have only the terminal.
import { FAILURES, type FailureClass } from '../../harness/base/failures.ts';

/** The meaning of a failure class, how it is decided and what to do; ends in a newline. */
export function failureText(failure: FailureClass): string {
  const { title, meaning, stages, evidence, help } = FAILURES[failure];
  const at = Object.keys(stages);
  const lines = [
    `${failure}: ${title}`,
    '',
    meaning,
    ...(at.length > 0 ? ['', `Stage: ${at.join(', ')}`] : []),
    '',
    'How it is decided:',
    ...evidence.map((line) => `- ${line}`),
    '',
    `What to do: ${help}`,
  ];
  return `${lines.join('\n')}\n`;
}
