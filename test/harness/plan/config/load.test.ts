import { expect, test } from 'vitest';
import { loadConfig, parseConfig, parsePlacedConfig } from '../../../../harness/plan/config/load.ts';

function errorOf(text: string): string {
  try {
    parseConfig(text, 'corematrix.yaml');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'no error';
}

test('a configuration is read', () => {
  const text = `
kernels: [debian:all]
objects: [build/*.bpf.o]
expectations:
  - { object: a.bpf.o, program: p, kernels: ">=5.14", status: fail, class: core-field-missing, reason: state became __state }
`;
  expect(parseConfig(text, 'corematrix.yaml')).toEqual({
    kernels: ['debian:all'],
    objects: ['build/*.bpf.o'],
    expectations: [
      { object: 'a.bpf.o', program: 'p', kernels: '>=5.14', status: 'fail', class: 'core-field-missing', reason: 'state became __state' },
    ],
  });
});

test('errors in the settings of an object name the exact place', () => {
  const text = 'objects:\n  - a.bpf.o\n  - path: b.bpf.o\n    name: b-without-q\n    programs: { q: { autoload: false } }\n';
  const { config, at } = parsePlacedConfig(text, 'c.yaml');
  expect(config).toEqual({ objects: ['a.bpf.o', { path: 'b.bpf.o', name: 'b-without-q', programs: { q: { autoload: false } } }] });
  expect(at(['objects', 1, 'programs', 'q', 'autoload'])).toBe('c.yaml:5:32');
  expect(at(['objects', 1, 'programs', 'p'])).toBe('c.yaml:5:15');
  const entry = (lines: string) => errorOf(`objects:\n  - path: b.bpf.o\n    ${lines}\n`);
  expect(entry('program: { q: {} }')).toMatch(
    /^corematrix\.yaml:3:5: unknown key "program" \(did you mean programs\?\); possible here: path, name, programs, /,
  );
  expect(entry('programs: { q: { load: true } }')).toMatch(/^corematrix\.yaml:3:22: unknown key "load"; possible here: autoload, /);
  expect(entry('programs: { q: { autoload: 1 } }')).toBe(
    'corematrix.yaml:3:32: objects.0.programs.q.autoload: expected true, false or if-supported, not 1',
  );
  expect(errorOf('objects: [1]')).toBe('corematrix.yaml:1:11: objects.0: expected text or keys with values, not 1; put it in quotes');
});

test('an empty configuration is valid', () => {
  expect(parseConfig('', 'corematrix.yaml')).toEqual({});
});

test.each([
  ['kernel: [debian:all]\n', 'an unknown key'],
  ['kernels: [debian:all]\nexpectations:\n  - object: a\n    status: fail\n    reason: r\n    kernel: 5.10\n', 'an unknown key below'],
  ['kernels: debian:all\n', 'a wrong type'],
  ['jobs: 0\n', 'a number out of range'],
  ['expectations:\n  - object: a\n    status: broken\n    reason: r\n', 'an unknown status'],
  ['kernels: [debian:all\n', 'broken YAML'],
  ['- a\n- b\n', 'a list at the top'],
])('the configuration %j is refused with the place and the reason', (text) => {
  expect(errorOf(text)).toMatchSnapshot();
});

test('YAML without a meaning in a configuration is one fault at its place, with what to type', () => {
  const texts = [
    'objects: !!binary aGVsbG8=\njobs: 0\n',
    'kernels: !own [debian:all]\nobjects: [{ path: a.o, variables: { x: !!binary aGVsbG8= } }]\n',
    'objects: [{ path: a.o, mode: run, trigger: !!binary aGVsbG8= }]\n',
    'jobs: !!int 3\nlock: !!str 5\n',
    'objects: [*.bpf.o]\n',
    'objects: [{ path: a.o, mode: run, trigger: *mine }]\nkernels: &mine [debian:all]\njobs: x\n',
    '*none : 1\n',
    'jobs: 1\n---\njobs: 2\n',
    'objects:\n\t- a.o\n',
    'objects:\n  - path: a.o\n\tmode: run\n',
  ];
  expect(texts.map((text) => `${text}=> ${errorOf(text)}`).join('\n')).toMatchInlineSnapshot(`
    "objects: !!binary aGVsbG8=
    jobs: 0
    => corematrix.yaml: 2 errors
    corematrix.yaml:1:10: the tag !!binary has no meaning in a configuration; remove it; a check or a trigger has bytes as text: "base64:..."
    corematrix.yaml:2:7: jobs: expected a number greater than 0
    kernels: !own [debian:all]
    objects: [{ path: a.o, variables: { x: !!binary aGVsbG8= } }]
    => corematrix.yaml: 2 errors
    corematrix.yaml:1:10: the tag !own has no meaning in a configuration; remove it
    corematrix.yaml:2:40: the tag !!binary has no meaning in a configuration; remove it; a check or a trigger has bytes as text: "base64:..."
    objects: [{ path: a.o, mode: run, trigger: !!binary aGVsbG8= }]
    => corematrix.yaml:1:44: the tag !!binary has no meaning in a configuration; remove it; a check or a trigger has bytes as text: "base64:..."
    jobs: !!int 3
    lock: !!str 5
    => no error
    objects: [*.bpf.o]
    => corematrix.yaml:1:11: no anchor &.bpf.o before the alias *.bpf.o; a text that begins with * needs quotes: "*.bpf.o"
    objects: [{ path: a.o, mode: run, trigger: *mine }]
    kernels: &mine [debian:all]
    jobs: x
    => corematrix.yaml: 2 errors
    corematrix.yaml:1:44: no anchor &mine before the alias *mine; a text that begins with * needs quotes: "*mine"
    corematrix.yaml:3:7: jobs: expected a number, not "x"
    *none : 1
    => corematrix.yaml:1:1: no anchor &none before the alias *none; a text that begins with * needs quotes: "*none"
    jobs: 1
    ---
    jobs: 2
    => corematrix.yaml:2:1: not valid YAML: a second document begins here; a configuration is one document: remove the line "---", or make two files
    objects:
    	- a.o
    => corematrix.yaml:2:1: not valid YAML: a tab as indentation; write spaces in its place
    objects:
      - path: a.o
    	mode: run
    => corematrix.yaml:3:1: not valid YAML: a tab as indentation; write spaces in its place"
  `);
});

test('a whole number that is too large for a number is used and quoted as it stands in the file', () => {
  const entry = (settings: string) => `objects: [{ path: a.o, ${settings} }]`;
  const { objects } = parseConfig(entry('variables: { x: 18446744073709551615, y: -0x8000000000000000, z: 1e30 }'), 'c.yaml');
  expect(objects).toEqual([{ path: 'a.o', variables: { x: '18446744073709551615', y: '-0x8000000000000000', z: 1e30 } }]);
  const texts = [
    'memory: 9007199254740993',
    'maps: { m: { max_entries: 0xffffffffffffffffff } }',
    'memory: 99999999',
    'mode: 12345678901234567890',
  ];
  expect(texts.map((text) => errorOf(entry(text)))).toMatchInlineSnapshot(`
    [
      "corematrix.yaml:1:32: objects.0.memory: expected a number of at most 9007199254740991, not 9007199254740993",
      "corematrix.yaml:1:50: objects.0.maps.m.max_entries: expected a number of at most 9007199254740991, not 0xffffffffffffffffff",
      "corematrix.yaml:1:32: objects.0.memory: expected at most 16384",
      "corematrix.yaml:1:30: objects.0.mode: unknown value "12345678901234567890"; expected load, attach or run",
    ]
  `);
  expect(errorOf('jobs: 123456789012345678901234567890\ntimeout: 99999999999999999999')).toMatchInlineSnapshot(`
    "corematrix.yaml: 2 errors
    corematrix.yaml:1:7: jobs: expected a number of at most 9007199254740991, not 123456789012345678901234567890
    corematrix.yaml:2:10: timeout: expected a number of at most 9007199254740991, not 99999999999999999999"
  `);
});

test('a configuration with an alias bomb is refused', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 8; level++) {
    const before = String.fromCodePoint(96 + level);
    bomb.push(`${String.fromCodePoint(97 + level)}: &${String.fromCodePoint(97 + level)} [${Array(9).fill(`*${before}`).join(', ')}]`);
  }
  expect(errorOf(bomb.join('\n'))).toBe('corematrix.yaml: cannot be read: Excessive alias count indicates a resource exhaustion attack');
});

test('a configuration that would take more than linear time is refused at once', () => {
  // Processor time instead of clock time, because other tests run at the same time.
  const started = process.cpuUsage();
  const manyKeys = Array.from({ length: 20_000 }, (_, index) => `k${index}: 1`).join('\n');
  const manyAliases = `a: &a 1\nb: [${Array(20_000).fill('*a').join(', ')}]`;
  expect(errorOf(manyKeys)).toMatch(/^corematrix\.yaml: 20000 errors\ncorematrix\.yaml:1:1: unknown key "k0"; [^]*\nand 19980 more$/);
  expect(errorOf(manyAliases)).toBe('corematrix.yaml:2:405: more than 100 aliases');
  expect(errorOf('jobs: 1\njobs: 2\n')).toBe('corematrix.yaml:2:1: duplicate key "jobs"');
  expect(errorOf(`objects: ${'['.repeat(100_000)}`)).toMatch(/^corematrix\.yaml.*: it nests too deeply$/);
  expect(errorOf(`# ${'x'.repeat(1 << 20)}`)).toBe('corematrix.yaml: too large for a configuration (1048578 characters)');
  const { user, system } = process.cpuUsage(started);
  expect((user + system) / 1000).toBeLessThan(10_000);
});

test('a key that occurs twice is refused at any depth, also under another spelling', () => {
  expect([
    errorOf('objects: [a.o]\nexpectations:\n  - object: a.o\n    object: b.o\n    status: fail\n    reason: r\n'),
    errorOf('jobs: 1\n"jobs": 2\n'),
    errorOf('objects: [&name jobs]\njobs: 1\n*name : 2\n'),
    errorOf('kernels: [{ selector: "debian:all", selector: "debian:6.1" }]'),
    errorOf('{"jobs": 1, "\\u006aobs": 2}'),
  ]).toEqual([
    'corematrix.yaml:4:5: duplicate key "object"',
    'corematrix.yaml:2:1: duplicate key "jobs"',
    'corematrix.yaml:3:1: duplicate key "jobs"',
    'corematrix.yaml:1:37: duplicate key "selector"',
    'corematrix.yaml:1:13: duplicate key "jobs"',
  ]);
});

test('a time limit may be as long as a timer can wait, and not longer', () => {
  for (const key of ['timeout', 'bootTimeout']) {
    expect(parseConfig(`${key}: 2147483`, 'c.yaml')).toEqual({ [key]: 2_147_483 });
    for (const value of ['2147483.5', '2147484', '1e300'])
      expect(errorOf(`${key}: ${value}`)).toBe(`corematrix.yaml:1:${key.length + 3}: ${key}: expected at most 2147483 seconds (24 days)`);
    expect(errorOf(`${key}: .inf`)).toContain(`${key}: `);
  }
});

test('all faults of a configuration are reported in one go, each with its line and column, in the order of the file', () => {
  const text = `kernel: [debian:all]
kernels: [debain:6.12, { selector: 5.10 }, { selektor: debian:all }, debian:all]
objects:
  - path: a.bpf.o
    maps: { counts: { type: hashmap } }
    mode: atach
    trigger: [exce, { comand: { argv: [./poke] } }, { command: { argv: ./poke } }]
jobs: 1.5
timeout: 30s
jobs: 2
expectations:
  - { object: a.bpf.o, kernels: 5.14, status: fails, reason: old }
  - { object: a.bpf.o, kernels: '>5.x', status: fail, expires: tomorrow, link: somewhere }
policy: { gate: regresions, maxInfra: -1 }
formats: [html, jnuit]
history: ''
`;
  expect(errorOf(text)).toMatchSnapshot();
});

test('a fault of the library that checks configurations never shows its own words', () => {
  const values = ['1', '1.5', '-1', '.inf', 'true', 'null', 'text', '[]', '[[]]', '{}', '{ a: 1 }', '[{}]', '[{ a: 1 }]', '[1]'];
  const keys = ['kernels', 'objects', 'defaults', 'loaders', 'lock', 'history', 'mirrors', 'timeout', 'jobs', 'cache', 'isolation'];
  const settings = ['programs', 'maps', 'alternatives', 'variables', 'kconfig', 'btf', 'pins', 'mode', 'trigger', 'check', 'modules'];
  const texts = values.flatMap((value) => [
    ...[...keys, 'formats', 'policy', 'expectations'].map((key) => `${key}: ${value}`),
    ...[...settings, 'loader', 'memory', 'command'].map((key) => `objects: [{ path: a.o, ${key}: ${value} }]`),
    ...['object', 'kernels', 'expires', 'link', 'class'].map((key) => `expectations: [{ ${key}: ${value} }]`),
    `objects: [{ path: a.o, command: { argv: [a], env: ${value}, files: ${value} } }]`,
  ]);
  const foreign = /Invalid|Too (?:small|big)|received|Unrecognized|undefined|NaN|expected (?:object|array|string|record|boolean|one of)\b/;
  expect(texts.map(errorOf).filter((error) => foreign.test(error))).toEqual([]);
});

test('a missing configuration file is reported with its name', async () => {
  await expect(loadConfig('no/such.yaml')).rejects.toThrow('no/such.yaml: no such configuration');
});
