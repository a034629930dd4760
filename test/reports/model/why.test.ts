import { expect, test } from 'vitest';
import { renderGithub } from '../../../reports/github.ts';
import { whyLines } from '../../../reports/model/why.ts';
import { explained } from '../explained.ts';
import { SAMPLE } from '../sample.ts';

test('the lines of advice have sentences, the C indented with spaces, and the documentation', () => {
  const why = { advice: ['Check it.'], snippet: 'int f(void)\n{\n\treturn 0;\n}', documentation: 'corematrix explain x' };
  expect(whyLines(why)).toEqual([
    'Check it.',
    'write instead:',
    '  int f(void)',
    '  {',
    '      return 0;',
    '  }',
    'see corematrix explain x',
  ]);
});

test('the suggested C in an annotation of GitHub can be copied', () => {
  const [line] = renderGithub(explained(SAMPLE))
    .split('\n')
    .filter((each) => each.includes('write instead'));
  expect(line).toContain('%0A  {%0A      return a < b && "c";%0A  }');
});
