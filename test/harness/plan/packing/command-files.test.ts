// Tests of the places in the guest for `files:` of a command: only the command's own folder is allowed.
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../../harness/plan/config/load.ts';

function configured(to: string): unknown {
  const command = { argv: ['./loader'], files: [{ path: 'data.txt', to }] };
  try {
    const { objects } = parseConfig(JSON.stringify({ objects: [{ path: 'a.bpf.o', command }] }), 'corematrix.yaml');
    return JSON.stringify(objects).includes(JSON.stringify(to)) ? 'accepted' : objects;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  }
}

describe('the place of a file in the folder of its command', () => {
  test.each(['data.txt', 'etc/data.txt', 'a/b/c', '.hidden', 'etc/..data', '...', 'name with space', 'a..b/c'])(
    'the file of a command may be %j',
    (to) => {
      expect(configured(to)).toBe('accepted');
    },
  );

  test.each(['../data.txt', '..', 'a/../../etc/passwd', 'a/..', './data.txt', '.', 'a/./b', '/etc/passwd', '/', 'a//b', 'a/', '', 'a\0b'])(
    'the file of a command cannot be %j, and the error has its place in the configuration',
    (to) => {
      expect(configured(to)).toMatch(
        /^corematrix\.yaml:1:\d+: objects\.0\.command\.files\.0\.to: .*expected a relative path without \. and \.\.$/,
      );
    },
  );
});
