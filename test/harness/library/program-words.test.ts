// Tests of what a program reads: messages, problems and notes of the library name its own options, and no option of the command line.
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig, merge, run, UserError } from '../../../harness/library/index.ts';
import { eventInProgramWords } from '../../../harness/library/program-words.ts';
import { mergeResults } from '../../../harness/results/merge.ts';
import { SAMPLE } from '../../reports/sample.ts';

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corematrix-words-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The message of a call, with the folder of the test left out. */
async function messageOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'no error';
  } catch (error) {
    return error instanceof UserError ? error.message.replaceAll(folder, 'FOLDER') : `not a UserError: ${String(error)}`;
  }
}

const configured = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};

it('an untrusted configuration is refused in the words of a program', async () => {
  const file = await configured(
    'untrusted.yaml',
    'kernels: [file:/boot/vmlinuz]\nobjects: [../*.bpf.o]\nhistory: /tmp/history.jsonl\nmirrors: [http://192.0.2.1/debian]\nlock: /tmp/lock.json\n',
  );
  await symlink('/etc/hostname', join(folder, 'linked.yaml'));
  expect([
    await messageOf(async () => loadConfig(file, { untrusted: true })),
    await messageOf(async () => loadConfig(join(folder, 'linked.yaml'), { untrusted: true })),
    await messageOf(async () => loadConfig('')),
    await messageOf(async () => loadConfig(join(folder, 'none.yaml'))),
  ]).toMatchInlineSnapshot(`
    [
      "the configuration: 5 errors
    FOLDER/untrusted.yaml:1:11: kernels.0: refused because the configuration is not trusted: /boot/vmlinuz is an absolute path; expected a relative path that stays in this folder, with symbolic links followed; name the kernel in the option \`kernels\`; to trust this configuration like code, call without \`untrusted\`
    FOLDER/untrusted.yaml:2:11: objects.0: refused because the configuration is not trusted: ../*.bpf.o leads out of the folder of the configuration; expected a relative path that stays in this folder, with symbolic links followed; name the object in the option \`objects\`; to trust this configuration like code, call without \`untrusted\`
    FOLDER/untrusted.yaml:5:7: lock: refused because the configuration is not trusted: /tmp/lock.json is an absolute path; expected a relative path that stays in this folder, with symbolic links followed; copy the lock file into that folder; to trust this configuration like code, call without \`untrusted\`
    FOLDER/untrusted.yaml:3:10: history: refused because the configuration is not trusted: /tmp/history.jsonl is an absolute path; expected a relative path that stays in this folder, with symbolic links followed; remove the key; to trust this configuration like code, call without \`untrusted\`
    FOLDER/untrusted.yaml:4:11: mirrors.0: refused because the configuration is not trusted: it decides from where this machine downloads kernels and sources; remove the key, and name the mirror in the option \`mirrors\`; to trust this configuration like code, call without \`untrusted\`",
      "loadConfig(): file: FOLDER/linked.yaml: a symbolic link leads out of FOLDER, and the configuration there is not trusted; remove the link, or name another path",
      "loadConfig(): file: expected a path, got """,
      "FOLDER/none.yaml: no such configuration; "corematrix init" writes one",
    ]
  `);
});

it('a configuration without objects or kernels is told with the option that is missing', async () => {
  const empty = await loadConfig(await configured('kernels.yaml', 'kernels: [debian:6.12]\n'));
  const objects = await loadConfig(await configured('objects.yaml', 'objects: [x.bpf.o]\n'));
  expect([
    await messageOf(async () => run({ config: empty }).finished),
    await messageOf(async () => run({ config: objects }).finished),
    await messageOf(async () => run({ objects: ['x.bpf.o'], kernels: ['debian:6.12'], frozen: true }).finished),
  ]).toMatchInlineSnapshot(`
    [
      "FOLDER/kernels.yaml: it lists no objects; add objects:, or give \`objects\`",
      "FOLDER/objects.yaml: it lists no kernels; add kernels:, or give \`kernels\`, for example ["debian:all"]",
      "no object can be used
    x.bpf.o: no such file",
    ]
  `);
});

it('merge() tells cells that occur twice with the options of run(), the command with those of its own', async () => {
  const twice = [
    { name: 'a', results: SAMPLE },
    { name: 'b', results: SAMPLE },
  ] as const;
  expect([await messageOf(() => merge(twice)), await messageOf(() => mergeResults([...twice])), await messageOf(() => merge([]))])
    .toMatchInlineSnapshot(`
    [
      "a and b cannot be merged: both have task_state on debian-5.10.262-amd64; give every shard once, all of one \`shard.total\` and \`baseline\`",
      "a and b cannot be merged: both have task_state on debian-5.10.262-amd64; give every shard once, all of one --shard n and --baseline",
      "no results named",
    ]
  `);
});

it('notes and events name options of the library', () => {
  expect([
    eventInProgramWords({ kind: 'note', text: '--jobs 4: 2 guests at a time, because only 900 MiB of memory are free' }),
    eventInProgramWords({ kind: 'kernel-failed', kernel: 'x', reason: 'no answer in 30 s; --boot-timeout changes the limit' }),
    eventInProgramWords({ kind: 'interrupted' }),
  ]).toMatchInlineSnapshot(`
    [
      {
        "kind": "note",
        "text": "\`jobs\` 4: 2 guests at a time, because only 900 MiB of memory are free",
      },
      {
        "kernel": "x",
        "kind": "kernel-failed",
        "reason": "no answer in 30 s; \`bootTimeout\` changes the limit",
      },
      {
        "kind": "interrupted",
      },
    ]
  `);
});

it('faults in the parts of an option are told with the part', async () => {
  const wrong = { gate: 'failure', failOnFlaky: 'yes', maxInfra: 1.5, maxinfra: 2 };
  expect([
    await messageOf(async () => Promise.resolve(Reflect.apply(run, undefined, [{ objects: ['x.bpf.o'], policy: wrong }]).finished)),
    await messageOf(async () => Promise.resolve(Reflect.apply(run, undefined, [{ objects: ['x.bpf.o'], policy: ['failures'] }]).finished)),
    await messageOf(() => Reflect.apply(merge, undefined, [[{ name: 7 }, SAMPLE, { name: 'b', results: 'b.json' }]])),
  ]).toMatchInlineSnapshot(`
    [
      "run(): 4 errors
    run(): policy.gate: expected one of failures, regressions, regressions+new, got "failure"; write failures
    run(): policy.failOnFlaky: expected true or false, got "yes"
    run(): policy.maxInfra: expected a whole number, 0 or more, got 1.5
    run(): policy.maxinfra: unknown option (did you mean maxInfra?); possible here: gate, failOnFlaky, maxInfra",
      "run(): policy: expected an object with gate, failOnFlaky, maxInfra, got an array with other values",
      "merge(): 4 errors
    merge(): inputs[0].name: expected a string, got 7
    merge(): inputs[0].results: expected results of run() or parseResults(), got undefined
    merge(): inputs[1]: expected an object with name, results, got an object; write { name, results }
    merge(): inputs[2].results: expected results of run() or parseResults(), got "b.json"; write parseResults(text)",
    ]
  `);
});
