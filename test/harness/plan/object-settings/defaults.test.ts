// Tests of `defaults:`: the objects that use it, and the places of errors in it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig, parsePlacedConfig } from '../../../../harness/plan/config/load.ts';
import { plainSources, readInputs } from '../../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../../harness/plan/inputs/object-sources.ts';
import { sample } from '../../run/real-run.ts';

async function withConfig<Value>(
  text: (object: (name: string) => string) => string,
  use: (file: string, folder: string) => Promise<Value>,
) {
  const folder = await mkdtemp(join(tmpdir(), 'defaults-'));
  try {
    const file = join(folder, 'corematrix.yaml');
    await writeFile(
      file,
      text((name) => relative(folder, sample(name))),
    );
    return await use(file, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const FOUR = (object: (name: string) => string) => `defaults: { mode: run, trigger: exec, modules: [veth], pins: true }
objects:
  - ${object('exec_watch')}
  - { path: ${object('task_state')}, mode: attach }
  - { path: ${object('rss_stat')}, trigger: [open, spin], modules: [dummy] }
  - { path: ${object('tty_type')}, command: { argv: [/bin/true, '{object}'] } }
`;

it('defaults apply to every object that does not override them, if they fit it', async () => {
  const settings = await withConfig(FOUR, async (file, folder) => {
    const { objects, problems } = await readInputs(objectSources(await loadConfig(file), folder));
    return [problems, ...objects.map((object) => [object.result.id, object.settings])];
  });
  expect(settings).toMatchInlineSnapshot(`
    [
      [],
      [
        "exec_watch",
        {
          "mode": "run",
          "modules": [
            "veth",
          ],
          "pins": true,
          "trigger": "exec",
        },
      ],
      [
        "task_state",
        {
          "mode": "attach",
          "modules": [
            "veth",
          ],
          "pins": true,
        },
      ],
      [
        "rss_stat",
        {
          "mode": "run",
          "modules": [
            "dummy",
          ],
          "pins": true,
          "trigger": [
            "open",
            "spin",
          ],
        },
      ],
      [
        "tty_type",
        {
          "command": {
            "argv": [
              "/bin/true",
              "{object}",
            ],
          },
          "modules": [
            "veth",
          ],
        },
      ],
    ]
  `);
});

it('defaults apply to objects on the command line, also if the configuration does not list them', async () => {
  const modes = await withConfig(FOUR, async (file, folder) => {
    const configured = objectSources(await loadConfig(file), folder);
    const named = plainSources([sample('exec_watch'), sample('task_state'), sample('array_length')], process.cwd());
    const { objects } = await readInputs(named, { configured });
    return objects.map(({ settings: { mode }, result }) => `${result.id}: ${mode}`);
  });
  expect(modes).toEqual(['exec_watch: run', 'task_state: attach', 'array_length: run']);
});

it('defaults that do not fit an object, or with a key for single objects only, are refused with their line', async () => {
  const problems = await withConfig(
    (object) => `objects: [${object('task_state')}]\ndefaults:\n  mode: run\n  trigger:\n    test_run: { program: nobody }\n`,
    async (file, folder) => {
      const inputs = await readInputs(objectSources(await loadConfig(file), folder));
      return inputs.problems.map((problem) => problem.replaceAll(folder, '<folder>'));
    },
  );
  expect(problems).toMatchInlineSnapshot(`
    [
      "<folder>/corematrix.yaml:5:26: no program "nobody" in the object; it has: old_name, new_name, either_name",
    ]
  `);
  expect(() => parsePlacedConfig('defaults: { maps: { counts: { cpus: true } } }', 'corematrix.yaml')).toThrowErrorMatchingInlineSnapshot(
    `[ConfigurationError: corematrix.yaml:1:13: unknown key "maps"; possible here: btf, pins, mode, trigger, modules, memory]`,
  );
});
