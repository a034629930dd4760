// Tests of wrong options: every fault of a call at once, in the words of the library. JavaScript can pass anything.
import { describe, expect, it } from 'vitest';
import { explain, floor, loadConfig, merge, parseResults, predict, render, run, UserError } from '../../../harness/library/index.ts';
import { isPredictedToLoadOn, loadsOn } from '../../../harness/library/matchers.ts';
import { inProgramWords } from '../../../harness/library/program-words.ts';
import { SAMPLE } from '../../reports/sample.ts';

const FUNCTIONS = { explain, floor, loadConfig, merge, parseResults, predict, render, run };

/** Calls a function of the library as JavaScript does, without types. */
async function faultOf(name: keyof typeof FUNCTIONS, ...args: unknown[]): Promise<string> {
  try {
    const returned: unknown = Reflect.apply(FUNCTIONS[name], undefined, args);
    await (typeof returned === 'object' && returned !== null && 'finished' in returned ? returned.finished : returned);
    return 'no error';
  } catch (error) {
    return error instanceof UserError ? error.message : `not a UserError: ${String(error)}`;
  }
}

describe('wrong options', () => {
  it('unknown names are told with the name that is meant', async () => {
    expect([
      await faultOf('predict', { objects: [], kernel: ['debian:6.12'] }),
      await faultOf('run', { objects: ['x.bpf.o'], kernels: ['debian:6.12'], timout: 1 }),
      await faultOf('floor', { objects: ['x.bpf.o'] }),
      await faultOf('explain', { results: SAMPLE, kernels: ['debian:6.12'] }),
      await faultOf('render', SAMPLE, 'json', { base: SAMPLE }),
      await faultOf('loadConfig', 'corematrix.yaml', { trusted: true }),
    ]).toMatchInlineSnapshot(`
      [
        "predict(): kernel: unknown option (did you mean kernels?); possible here: objects, kernels, config, pull, loader, onLoad, signal",
        "run(): timout: unknown option (did you mean timeout?); possible here: objects, kernels, loaders, config, shard, baseline, lastFailed, onlyChanged, refresh, frozen, mirrors, trustMirrors, mirrorKeys, jobs, accel, isolation, timeout, bootTimeout, predictFirst, cache, policy, command, signal",
        "floor(): objects: unknown option (did you mean object?); possible here: object, kernels, loader, config, jobs, accel, command, mirrors, trustMirrors, mirrorKeys, signal",
        "explain() of results: kernels: unknown option; possible here: results, cell",
        "render(): base: unknown option; possible here: root, baseline",
        "loadConfig(): trusted: unknown option (did you mean untrusted?); possible here: untrusted",
      ]
    `);
  });

  it('all faults of a call are told at once, each with the option and what was expected', async () => {
    const wrong = {
      objects: 'x.o',
      kernels: [6.12],
      config: 'corematrix.yaml',
      jobs: -1,
      timeout: 'abc',
      bootTimeout: 1e12,
      accel: 'kmv',
      isolation: 'none',
      shard: { index: 3, total: 2 },
      baseline: 'results.json',
      policy: { maxInfra: -1 },
      cache: 'no',
      signal: new AbortController(),
      command: null,
    };
    expect(await faultOf('run', wrong)).toMatchInlineSnapshot(`
      "run(): 14 errors
      run(): objects: expected an array of paths, got "x.o"; write ["x.o"]
      run(): kernels[0]: expected a kernel selector, got 6.12
      run(): config: expected a configuration that loadConfig() read, got "corematrix.yaml"; write await loadConfig("corematrix.yaml")
      run(): jobs: expected a whole number above 0, got -1
      run(): timeout: expected a number of seconds above 0, at most 2147483, got "abc"
      run(): bootTimeout: expected a number of seconds above 0, at most 2147483, got 1000000000000
      run(): accel: expected one of auto, kvm, tcg, got "kmv"; write kvm
      run(): isolation: expected one of snapshot, boot, got "none"
      run(): shard: expected { index, total }, whole numbers with 1 ≤ index ≤ total, got an object
      run(): baseline: expected results of run() or parseResults(), got "results.json"; write parseResults(text)
      run(): policy.maxInfra: expected a whole number, 0 or more, got -1
      run(): cache: expected true or false, got "no"
      run(): signal: expected an AbortSignal, got an object
      run(): command: expected an array of words, got null"
    `);
  });

  it('absent and wrong arguments of every function are wrong usage, and none is a TypeError', async () => {
    const calls = [
      await faultOf('predict'),
      await faultOf('predict', {}),
      await faultOf('explain', {}),
      await faultOf('explain', null),
      await faultOf('explain', { results: 'results.json' }),
      await faultOf('explain', { results: SAMPLE, cell: 'nope' }),
      await faultOf('run'),
      await faultOf('run', []),
      await faultOf('floor', 7),
      await faultOf('merge'),
      await faultOf('merge', [SAMPLE]),
      await faultOf('parseResults'),
      await faultOf('parseResults', Buffer.from('{}')),
      await faultOf('render', {}, 'json'),
      await faultOf('render', SAMPLE, 'jsn'),
      await faultOf('loadConfig', 7),
    ];
    expect(calls).toMatchInlineSnapshot(`
      [
        "predict(): expected an object with options, got undefined",
        "predict(): objects: missing; expected an array of paths",
        "explain(): objects: missing; expected an array of paths, or \`results\`",
        "explain(): expected an object with options, got null",
        "explain() of results: results: expected results of run() or parseResults(), got "results.json"; write parseResults(text)",
        "no kernel or object 'nope' in these results; there are kernels 5.10, 6.12, 7.4; objects task_state, probes",
        "run(): expected an object with options, got undefined",
        "run(): expected an object with options, got an empty array",
        "floor(): expected an object with options, got 7",
        "merge(): inputs: missing; expected an array of { name, results }",
        "merge(): inputs[0]: expected an object with name, results, got an object; write { name, results }",
        "parseResults(): text: missing; expected a string",
        "parseResults(): text: expected a string, got an object",
        "render(): results: expected results of run() or parseResults(), got an object",
        "render(): format: expected one of html, json, junit, markdown, github, sarif, ctrf, tap, badge, shields, got "jsn"; write json",
        "loadConfig(): file: expected a path, got 7",
      ]
    `);
  });

  it('an option that is undefined counts as absent', async () => {
    expect(await faultOf('render', SAMPLE, 'tap', { root: undefined })).toBe('no error');
  });

  it('a loader is one that the command line accepts', async () => {
    expect([
      await faultOf('predict', { objects: ['x.bpf.o'], loader: 'nope@9' }),
      await faultOf('predict', { objects: ['x.bpf.o'], loader: '' }),
      await faultOf('explain', { objects: ['x.bpf.o'], loader: 'libbpf' }),
      await faultOf('floor', { object: 'x.bpf.o', loader: 'cilium@9' }),
      await faultOf('run', { objects: ['x.bpf.o'], loaders: ['libbpf@1.1', 'nope@9'] }),
      await faultOf('run', { objects: ['x.bpf.o'], loaders: 'libbpf@1.1' }),
    ]).toMatchInlineSnapshot(`
      [
        "predict(): loader: expected libbpf@default, a release such as libbpf@1.1, or one of cilium@0.22, cilium@0.17, aya@0.14, aya@0.13, got "nope@9"",
        "predict(): loader: expected libbpf@default, a release such as libbpf@1.1, or one of cilium@0.22, cilium@0.17, aya@0.14, aya@0.13, got """,
        "explain(): loader: expected libbpf@default, a release such as libbpf@1.1, or one of cilium@0.22, cilium@0.17, aya@0.14, aya@0.13, got "libbpf"",
        "floor(): loader: expected libbpf@default, a release such as libbpf@1.1, or one of cilium@0.22, cilium@0.17, aya@0.14, aya@0.13, got "cilium@9"",
        "run(): loaders[1]: expected libbpf@default, a release such as libbpf@1.1, or one of cilium@0.22, cilium@0.17, aya@0.14, aya@0.13, got "nope@9"",
        "run(): loaders: expected an array of loaders, each libbpf@default, a release such as libbpf@1.1, or one of cilium@0.22, cilium@0.17, aya@0.14, aya@0.13, got "libbpf@1.1"; write ["libbpf@1.1"]",
      ]
    `);
  });

  it('a hole in an array is a wrong element', async () => {
    const holes: string[] = [];
    holes[1] = 'x.bpf.o';
    expect([
      await faultOf('predict', { objects: holes }),
      await faultOf('run', { kernels: holes, loaders: holes }),
      await faultOf('merge', holes),
    ]).toMatchInlineSnapshot(`
      [
        "predict(): objects[0]: expected a path, got undefined",
        "run(): 3 errors
      run(): kernels[0]: expected a kernel selector, got undefined
      run(): loaders[0]: expected libbpf@default, a release such as libbpf@1.1, or one of cilium@0.22, cilium@0.17, aya@0.14, aya@0.13, got undefined
      run(): loaders[1]: expected libbpf@default, a release such as libbpf@1.1, or one of cilium@0.22, cilium@0.17, aya@0.14, aya@0.13, got "x.bpf.o"",
        "merge(): 2 errors
      merge(): inputs[0]: expected an object with name, results, got undefined
      merge(): inputs[1]: expected an object with name, results, got "x.bpf.o"",
      ]
    `);
  });

  it('an inherited option is checked and used as one of the object itself', async () => {
    class Options {
      get loader() {
        return 'nope@9';
      }
    }
    expect([
      await faultOf('predict', Object.create({ objects: ['no-such-file.bpf.o'] })),
      await faultOf('predict', Object.create({ objects: 7, kernel: 'debian:6.12' })),
      await faultOf('predict', new Options()),
      await faultOf('explain', Object.create({ results: 'results.json' })),
      await faultOf('explain', Object.create({ objects: ['no-such-file.bpf.o'] })),
    ]).toMatchInlineSnapshot(`
      [
        "no object can be used
      no-such-file.bpf.o: no such file",
        "predict(): 2 errors
      predict(): objects: expected an array of paths, got 7
      predict(): kernel: unknown option (did you mean kernels?); possible here: objects, kernels, config, pull, loader, onLoad, signal",
        "predict(): 2 errors
      predict(): objects: missing; expected an array of paths
      predict(): loader: expected libbpf@default, a release such as libbpf@1.1, or one of cilium@0.22, cilium@0.17, aya@0.14, aya@0.13, got "nope@9"",
        "explain() of results: results: expected results of run() or parseResults(), got "results.json"; write parseResults(text)",
        "no object can be used
      no-such-file.bpf.o: no such file",
      ]
    `);
  });

  it('a path with a NUL byte is wrong usage', async () => {
    const path = 'a\0b.bpf.o';
    expect([
      await faultOf('predict', { objects: [path], kernels: ['debian:6.12'] }),
      await faultOf('explain', { objects: [path], kernels: ['debian:6.12'] }),
      await faultOf('predict', { objects: [path], kernels: [`btf:${path}`] }),
      await faultOf('loadConfig', path),
    ]).toMatchInlineSnapshot(`
      [
        "no object can be used
      a\\x00b.bpf.o: has a NUL byte in its name; expected a BPF object",
        "no object can be used
      a\\x00b.bpf.o: has a NUL byte in its name; expected a BPF object",
        "no object can be used
      a\\x00b.bpf.o: has a NUL byte in its name; expected a BPF object
      btf:a\\x00b.bpf.o: no such file",
        "a\\x00b.bpf.o: has a NUL byte in its name; expected a configuration",
      ]
    `);
  });

  it('a matcher tells absent selectors, and options that it does not have', async () => {
    const messageOf = async (matcher: typeof loadsOn | typeof isPredictedToLoadOn, ...args: unknown[]): Promise<string> =>
      Promise.resolve(Reflect.apply(matcher, undefined, ['x.bpf.o', ...args])).then(
        () => 'no error',
        (error: unknown) => (error instanceof UserError ? error.message : `not a UserError: ${String(error)}`),
      );
    expect([
      await messageOf(isPredictedToLoadOn),
      await messageOf(isPredictedToLoadOn, []),
      await messageOf(isPredictedToLoadOn, [undefined]),
      await messageOf(isPredictedToLoadOn, 'debian:6.12', { kernels: [], objects: ['y.bpf.o'], onLoad: () => {} }),
      await messageOf(loadsOn),
      await messageOf(loadsOn, []),
      await messageOf(loadsOn, 'debian:6.12', { objects: ['y.bpf.o'] }),
      await messageOf(loadsOn, 'debian:6.12', { timout: 1 }),
    ]).toMatchInlineSnapshot(`
      [
        "toBePredictedToLoadOn(): selectors: missing; expected a kernel selector such as "debian:6.12", or an array of at least one",
        "toBePredictedToLoadOn(): selectors: expected a kernel selector such as "debian:6.12", or an array of at least one, got an empty array",
        "toBePredictedToLoadOn(): selectors: expected a kernel selector such as "debian:6.12", or an array of at least one, got an array with other values",
        "toBePredictedToLoadOn(): 3 errors
      toBePredictedToLoadOn(): kernels: unknown option; possible here: config, pull, loader, signal
      toBePredictedToLoadOn(): objects: unknown option; possible here: config, pull, loader, signal
      toBePredictedToLoadOn(): onLoad: unknown option; possible here: config, pull, loader, signal",
        "toLoadOn(): selectors: missing; expected a kernel selector such as "debian:6.12", or an array of at least one",
        "toLoadOn(): selectors: expected a kernel selector such as "debian:6.12", or an array of at least one, got an empty array",
        "toLoadOn(): objects: unknown option; possible here: loaders, config, shard, baseline, lastFailed, onlyChanged, refresh, frozen, mirrors, trustMirrors, mirrorKeys, jobs, accel, isolation, timeout, bootTimeout, predictFirst, cache, policy, command, signal",
        "toLoadOn(): timout: unknown option (did you mean timeout?); possible here: loaders, config, shard, baseline, lastFailed, onlyChanged, refresh, frozen, mirrors, trustMirrors, mirrorKeys, jobs, accel, isolation, timeout, bootTimeout, predictFirst, cache, policy, command, signal",
      ]
    `);
  });
});

describe('messages of the command line', () => {
  it('options of the command line become those of the library, except in commands to type', () => {
    expect(
      [
        'free some memory, or run fewer guests at a time (--jobs)',
        'no answer in 30 s; --boot-timeout changes the limit',
        'use --trust-mirror or --mirror-key',
        'they are missing; "corematrix kernels pull --modules" brings them',
        'qemu --version fails',
      ].map((message) => inProgramWords(message)),
    ).toEqual([
      'free some memory, or run fewer guests at a time (`jobs`)',
      'no answer in 30 s; `bootTimeout` changes the limit',
      'use `trustMirrors` or `mirrorKeys`',
      'they are missing; "corematrix kernels pull --modules" brings them',
      'qemu --version fails',
    ]);
  });
});
