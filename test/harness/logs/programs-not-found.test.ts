import { expect, test } from 'vitest';
import { programsNotFound } from '../../../harness/logs/programs-not-found.ts';

test('the programs that shells, env and Go did not find are named once each', () => {
  const output = [
    './check.sh: 3: jq: not found',
    './check.sh: line 4: bpftool: command not found',
    './check.sh: line 5: /opt/x: not found',
    'zsh:1: command not found: ip',
    'env: ‘tool’: No such file or directory',
    "/usr/bin/env: 'python3': No such file or directory",
    'probe_test.go:9: exec: "tc": executable file not found in $PATH',
    './check.sh: 9: jq: not found\r',
  ].join('\n');
  expect(programsNotFound(output)).toEqual(['jq', 'bpftool', '/opt/x', 'ip', 'tool', 'python3', 'tc']);
});

test('other output names no program, and of a hostile one only a part is read', () => {
  expect(programsNotFound('error: symbol x not found\nkey: not found\n: not found\n404: not found\n')).toEqual([]);
  expect(programsNotFound(`${'a'.repeat(1e6)}: 1: x: not found\n${'./s: 1: x: not found\n'.repeat(1e5)}`)).toEqual(['x']);
});
