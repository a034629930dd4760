// Tests of wrong options: every fault of a call at once, in the words of the library. JavaScript can pass anything.
import { describe, expect, it } from 'vitest';
import { explain, floor, loadConfig, merge, parseResults, predict, render, run, UserError } from '../../../harness/library/index.ts';
import { loadsOn } from '../../../harness/library/matchers.ts';
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
      run(): kernels: expected an array of kernel selectors, got an array with other values
      run(): config: expected a configuration that loadConfig() read, got "corematrix.yaml"; write await loadConfig("corematrix.yaml")
      run(): jobs: expected a whole number above 0, got -1
      run(): timeout: expected a number of seconds above 0, at most 2147483, got "abc"
      run(): bootTimeout: expected a number of seconds above 0, at most 2147483, got 1000000000000
      run(): accel: expected one of auto, kvm, tcg, got "kmv"; write kvm
      run(): isolation: expected one of snapshot, boot, got "none"
      run(): shard: expected { index, total }, whole numbers with 1 ≤ index ≤ total, got an object
      run(): baseline: expected results of run() or parseResults(), got "results.json"; write parseResults(text)
      run(): policy: expected an object with gate, failOnFlaky, maxInfra, got an object
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
        "merge(): inputs: expected an array of { name, results }, got an array with other values",
        "parseResults(): text: missing; expected a string",
        "parseResults(): text: expected a string, got an object",
        "render(): results: expected results of run() or parseResults(), got an object",
        "render(): format: expected one of html, json, junit, markdown, github, sarif, ctrf, tap, badge, shields, got "jsn"; write json",
        "loadConfig(): file: expected a string, got 7",
      ]
    `);
  });

  it('an option that is undefined counts as absent', async () => {
    expect(await faultOf('render', SAMPLE, 'tap', { root: undefined })).toBe('no error');
  });

  it('a matcher tells a misspelt option', async () => {
    await expect(loadsOn('x.bpf.o', 'debian:6.12', JSON.parse('{ "timout": 1 }'))).rejects.toThrow(
      'run(): timout: unknown option (did you mean timeout?); possible here: ',
    );
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
      ].map(inProgramWords),
    ).toEqual([
      'free some memory, or run fewer guests at a time (`jobs`)',
      'no answer in 30 s; `bootTimeout` changes the limit',
      'use `trustMirrors` or `mirrorKeys`',
      'they are missing; "corematrix kernels pull --modules" brings them',
      'qemu --version fails',
    ]);
  });
});
