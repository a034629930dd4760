// Tests of the library as another project sees it: the packed package in an empty project.
import { access, copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { examplesOf, makeProject, type Project } from './project.ts';

let project: Project;
let examples: ReadonlyMap<string, string>;
beforeAll(async () => {
  project = await makeProject();
  examples = await examplesOf('docs/library.md');
  for (const [name, code] of examples) await writeFile(join(project.folder, name), code);
});
afterAll(async () => project.remove());

const isTest = (name: string) => name.endsWith('.test.ts');

/** Without what differs between machines and days: releases of kernels, and the version of the program. */
function steady(text: string): string {
  return text
    .replaceAll(/(debian-\d+\.\d+|\b\d+\.\d+)\.\d+[\w.+~-]*-amd64/g, '$1-REST')
    .replaceAll(/\d+ ms\b/g, 'N ms')
    .replaceAll(project.folder, 'PROJECT');
}

describe('docs/library.md', () => {
  it('docs/library.md names each example, and has one for every function', () => {
    const functions = ['loadConfig', 'predict', 'explain', 'run', 'floor', 'merge', 'parseResults', 'render'];
    const code = [...examples.values()].join('\n');
    expect(functions.filter((name) => !new RegExp(`\\b${name}\\(`).test(code))).toEqual([]);
    expect([...examples.keys()]).toMatchInlineSnapshot(`
      [
        "load-config.ts",
        "predict.ts",
        "explain.ts",
        "run.ts",
        "floor.ts",
        "results.ts",
        "merge.ts",
        "objects.test.ts",
      ]
    `);
  });

  it('the examples of docs/library.md compile, and the declarations of the package need nothing that the package does not bring', async () => {
    const names = [...examples.keys()];
    expect(
      await project.compile(
        names.filter((name) => !isTest(name)),
        { skipLibCheck: false },
      ),
    ).toBe('');
    expect(await project.compile(names.filter(isTest), { skipLibCheck: true })).toBe('');
    const bundler = { module: 'esnext', moduleResolution: 'bundler', noEmit: true, skipLibCheck: true };
    expect(await project.compile(names, bundler)).toBe('');
  });

  // In the order of the page: some examples read what an earlier one wrote.
  it('every example of docs/library.md runs, and the library itself prints nothing', async () => {
    const said: Record<string, string> = {};
    for (const name of [...examples.keys()].filter((each) => !isTest(each))) {
      const { exitCode, stdout, stderr } = await project.node(name.replace(/\.ts$/, '.js'));
      said[name] = steady(`${stdout}${stderr === '' ? '' : `\nstderr: ${stderr}`}${exitCode === 0 ? '' : `\nexit ${exitCode}`}`);
    }
    expect(said).toMatchInlineSnapshot(`
      {
        "explain.ts": "core-field-missing task_struct.state struct task_struct___v6_12 {
      	unsigned int __state;
      } __attribute__((preserve_access_index));

      /* 0 on kernels with none of these forms: do not use read_task_struct_state() there. */
      static __always_inline int task_struct_state_exists(void)
      {
      	const struct task_struct___v6_12 *a = 0;

      	return bpf_core_field_exists(a->__state);
      }

      static __always_inline unsigned long long read_task_struct_state(const void *from)
      {
      	const struct task_struct___v6_12 *a = from;

      	if (bpf_core_field_exists(a->__state))
      		return BPF_CORE_READ(a, __state);
      	return 0; /* not a value: task_struct_state_exists() is 0 */
      }",
        "floor.ts": "old_name debian-5.10-REST debian-5.10-REST
      new_name debian-6.12-REST debian-6.12-REST
      either_name debian-5.10-REST debian-6.12-REST",
        "load-config.ts": "corematrix.yaml:2:5 debian:6.12
      wrong.yaml:1:1: unknown key "kernel" (did you mean kernels?); possible here: kernels, objects, defaults, loaders, lock, history, mirrors, timeout, bootTimeout, jobs, cache, isolation, formats, policy, expectations",
        "merge.ts": "[ 'fail', 'fail' ]",
        "predict.ts": "5.10-REST old_name no certain failure
      5.10-REST new_name task_struct.__state: no such field (byte_off, task_state.bpf.c:34)
      5.10-REST either_name no certain failure
      6.12-REST old_name task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)
      6.12-REST new_name no certain failure
      6.12-REST either_name no certain failure",
        "results.ts": "TAP version 14
      1..3
      not ok 1 - debian-6.12-REST: task_state/old_name
        ---
        message: "task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)"
        status: "fail"
        stage: "verify"
        class: "core-field-missing"
        errno: 22
        ...
      ok 2 - debian-6.12-REST: task_state/new_name
      ok 3 - debian-6.12-REST: task_state/either_name
      ",
        "run.ts": "1/1 task_state fail",
      }
    `);
  });
});

describe('the package', () => {
  it('the package has no other entry than those of its exports', async () => {
    const specifiers = [
      'corematrix/dist/harness/run/run.js',
      'corematrix/dist/harness/library/index.js',
      'corematrix/harness/library/index.ts',
      'corematrix/reports/results.schema.json',
      'corematrix/vitest.js',
      'corematrix/library',
    ];
    await access(join(project.folder, 'node_modules/corematrix/dist/harness/run/run.js'));
    const script = `for (const name of ${JSON.stringify(specifiers)}) await import(name).then(() => console.log(name), ({ code }) => console.log(code));`;
    await writeFile(join(project.folder, 'deep.js'), script);
    const { stdout } = await project.node('deep.js');
    expect(new Set(stdout.split('\n'))).toEqual(new Set(['ERR_PACKAGE_PATH_NOT_EXPORTED']));
    await writeFile(
      join(project.folder, 'deep-types.ts'),
      specifiers.map((name) => `import '${name}';\nexport type * from '${name}';\n`).join(''),
    );
    const faults = await project.compile(['deep-types.ts'], { noEmit: true, resolveJsonModule: true });
    for (const name of specifiers) expect(faults).toContain(`Cannot find module '${name}'`);
  });

  it('the package exports exactly the documented functions and error classes', async () => {
    await writeFile(join(project.folder, 'names.js'), `console.log(Object.keys(await import('corematrix')).join(' '));`);
    expect((await project.node('names.js')).stdout).toBe(
      'ConfigurationError InfraError NothingUsableError UserError explain floor loadConfig merge parseResults predict render run',
    );
    await writeFile(
      join(project.folder, 'version.js'),
      `import facts from 'corematrix/package.json' with { type: 'json' }; console.log(facts.name);`,
    );
    expect((await project.node('version.js')).stdout).toBe('corematrix');
  });
});

/** Runs test files of the project with vitest, and returns its report without colours and times. */
async function vitest(...files: string[]): Promise<{ exitCode: number | undefined; text: string }> {
  await writeFile(join(project.folder, 'vitest.config.js'), 'export default { test: { maxWorkers: 1 } };');
  const { exitCode, all } = await execa('node', ['node_modules/vitest/vitest.mjs', 'run', ...files], {
    cwd: project.folder,
    reject: false,
    all: true,
    env: { NO_COLOR: '1', FORCE_COLOR: undefined, VITEST: undefined, VITEST_WORKER_ID: undefined, VITEST_POOL_ID: undefined },
  });
  return { exitCode, text: steady(all) };
}

describe('corematrix/vitest', () => {
  it('the example for vitest passes in a suite of the project', async () => {
    const { exitCode, text } = await vitest('objects.test.ts');
    expect([exitCode, text]).toEqual([0, expect.stringContaining('3 passed')]);
  });

  it('a failed matcher for vitest prints the programs that fail, the cause, and what to write instead', async () => {
    const code = `import { expect, test } from 'vitest';
import 'corematrix/vitest';
test('loads', { timeout: 600_000 }, async () => { await expect('build/task_state.bpf.o').toLoadOn('debian:6.12'); });
test('predicted', async () => { await expect('build/task_state.bpf.o').toBePredictedToLoadOn('debian:6.12'); });
test('not', { timeout: 600_000 }, async () => { await expect('build/exec_watch.bpf.o').not.toLoadOn('debian:6.12'); });
test('negated', { timeout: 600_000 }, async () => { await expect('build/task_state.bpf.o').not.toLoadOn(['debian:6.12']); });
test('no kernel', async () => { await expect('build/exec_watch.bpf.o').toBePredictedToLoadOn('debian:1.0'); });
test('no object', async () => { await expect('build/nothing.bpf.o').toLoadOn('debian:6.12'); });
test('no path', async () => { await expect(7).not.toLoadOn('debian:6.12'); });
`;
    await writeFile(join(project.folder, 'failing.test.ts'), code);
    const { exitCode, text } = await vitest('failing.test.ts');
    expect(exitCode).toBe(1);
    const failures = text.slice(text.indexOf('Failed Tests'), text.indexOf('Test Files'));
    // The frames of vitest show the test's own lines.
    expect(failures.replaceAll(/^ *(?:❯ .*|\d+\|.*|\|.*)\n/gm, '').replaceAll(/^⎯.*\n/gm, '')).toMatchInlineSnapshot(`
      "Failed Tests 6 ⎯⎯⎯⎯⎯⎯⎯

       FAIL  failing.test.ts > loads
      Error: expected build/task_state.bpf.o to load on debian:6.12:
        fail old_name on debian-6.12-REST: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)

      core-field-missing: task_struct.state  [0baa2a1e7902]
        seen in a guest
        task_state/old_name programs/task_state.bpf.c:26 task_struct___before_5_14.state (byte_off)
          > seen = task->state;
          at insn 1: <invalid CO-RE relocation>, where R1_w=trusted_ptr_task_struct()
          fails on 6.12
        on 6.12: struct task_struct has no member state
          instead: __state, unsigned int (another name, likely)
        none of the 1 kernel has it
        known: task_struct.state became __state and shrank from 8 to 4 bytes (task-state)
        not checked: later instructions, because the verifier stops at the first instruction that it rejects
        write instead:
          struct task_struct___v6_12 {
          	unsigned int __state;
          } __attribute__((preserve_access_index));

          /* 0 on kernels with none of these forms: do not use read_task_struct_state() there. */
          static __always_inline int task_struct_state_exists(void)
          {
          	const struct task_struct___v6_12 *a = 0;

          	return bpf_core_field_exists(a->__state);
          }

          static __always_inline unsigned long long read_task_struct_state(const void *from)
          {
          	const struct task_struct___v6_12 *a = from;

          	if (bpf_core_field_exists(a->__state))
          		return BPF_CORE_READ(a, __state);
          	return 0; /* not a value: task_struct_state_exists() is 0 */
          }

      missing, but guarded
        task_state/either_name programs/task_state.bpf.c:47 task_struct___before_5_14.state (byte_off)
          not on 6.12: kept out by task_struct.__state (field_exists), which is 1 there, at programs/task_state.bpf.c:44

      1 root cause on 1 kernel


       FAIL  failing.test.ts > predicted
      Error: expected no failure to be predicted for build/task_state.bpf.o on debian:6.12:
        fail old_name on 6.12-REST: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)

      core-field-missing: task_struct.state  [0baa2a1e7902]
        certain: BTF or kernel symbols decide it
        task_state/old_name programs/task_state.bpf.c:26 task_struct___before_5_14.state (byte_off)
          > seen = task->state;
          fails on 6.12
        on 6.12: struct task_struct has no member state
          instead: __state, unsigned int (another name, likely)
        none of the 1 kernel has it
        known: task_struct.state became __state and shrank from 8 to 4 bytes (task-state)
        not checked: later instructions, because the verifier stops at the first instruction that it rejects
        write instead:
          struct task_struct___v6_12 {
          	unsigned int __state;
          } __attribute__((preserve_access_index));

          /* 0 on kernels with none of these forms: do not use read_task_struct_state() there. */
          static __always_inline int task_struct_state_exists(void)
          {
          	const struct task_struct___v6_12 *a = 0;

          	return bpf_core_field_exists(a->__state);
          }

          static __always_inline unsigned long long read_task_struct_state(const void *from)
          {
          	const struct task_struct___v6_12 *a = from;

          	if (bpf_core_field_exists(a->__state))
          		return BPF_CORE_READ(a, __state);
          	return 0; /* not a value: task_struct_state_exists() is 0 */
          }

      missing, but guarded
        task_state/either_name programs/task_state.bpf.c:47 task_struct___before_5_14.state (byte_off)
          not on 6.12: kept out by task_struct.__state (field_exists), which is 1 there, at programs/task_state.bpf.c:44

      1 root cause on 1 kernel


       FAIL  failing.test.ts > not
      Error: expected build/exec_watch.bpf.o not to load on debian:6.12, but all of its programs load there (1 kernel)


       FAIL  failing.test.ts > no kernel
      NothingUsableError: no kernel can be used
      debian:1.0: no such kernel in the cache; "corematrix kernels pull debian:1.0" adds it


       FAIL  failing.test.ts > no object
      NothingUsableError: no object can be used
      build/nothing.bpf.o: no such file


       FAIL  failing.test.ts > no path
      UserError: expected the path of a BPF object, got number



       "
    `);
  });

  it('a vitest test that exceeds its time limit leaves no guest', async () => {
    // To boot every kernel, one after another, takes longer than the limit on any machine.
    const code = `import { test } from 'corematrix/vitest';
import { expect } from 'vitest';
import { guestsOf } from './guests.js';
test('matcher', { timeout: 4000 }, async () => { await expect('build/task_state.bpf.o').toLoadOn('debian:all', { cache: false, isolation: 'boot', jobs: 1 }); });
test('fixture', { timeout: 4000 }, async ({ corematrix }) => {
  await corematrix.run({ objects: ['build/task_state.bpf.o'], kernels: ['debian:all'], cache: false, isolation: 'boot', jobs: 1 }).finished;
});
test('after', { timeout: 60_000 }, async () => { await expect.poll(() => guestsOf(process.pid), { timeout: 50_000 }).toEqual([]); });
`;
    await copyFile(join(PACKAGE_ROOT, 'test/harness/library/guests.ts'), join(project.folder, 'guests.ts'));
    await writeFile(join(project.folder, 'slow.test.ts'), code);
    const { exitCode, text } = await vitest('slow.test.ts');
    expect([exitCode, text]).toEqual([1, expect.stringMatching(/2 failed \| 1 passed/)]);
  });
});
