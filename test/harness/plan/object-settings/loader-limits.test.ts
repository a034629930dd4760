// Tests of settings that the library of a loader cannot apply: refused with their place before any guest boots.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { allLimits } from '../../../../harness/plan/object-settings/loader-limits.ts';
import { loadConfig } from '../../../../harness/plan/config/load.ts';
import { readInputs } from '../../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../../harness/plan/inputs/object-sources.ts';
import { sample } from '../../run/real-run.ts';

/** The rows and the problems of one object with settings, for loaders on the command line. */
async function read(settings: string, loaders: string[] = [], object = 'exec_watch'): Promise<{ rows: string[]; problems: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'limits-'));
  try {
    const file = join(folder, 'corematrix.yaml');
    await writeFile(file, `objects:\n  - path: ${sample(object)}\n${settings.replaceAll(/^/gm, '    ')}\n`);
    const { objects, problems } = await readInputs(objectSources(await loadConfig(file), folder), loaders.length > 0 ? { loaders } : {});
    return {
      rows: objects.map(({ result }) => result.id),
      problems: problems.map((problem) => problem.slice(problem.lastIndexOf('corematrix.yaml:'))),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

it('a setting that the named loader cannot apply is refused with its line, the loader and what to do', async () => {
  const texts = [
    'loader: cilium@0.22\nmaps: { executions: { autocreate: false } }',
    'loader: aya@0.14\nmaps: { executions: { max_entries: 8192, value_size: 8 } }',
    'loader: aya@0.14\nmaps: { executions: { type: array } }',
    'loader: aya@0.14\nprograms: { on_exec: { type: kprobe } }',
  ];
  const found = await Promise.all([
    ...texts.map(async (text) => read(text)),
    read('loader: aya@0.14\nkconfig: { CONFIG_HZ: 100 }', [], 'kernel_config'),
    read('loader: cilium@0.17\nalternatives: [[newest_helper, newer_helper], [events, old_events]]', [], 'choices'),
    read('loader: aya@0.14\nalternatives: [[events, old_events]]\nprograms: { remember: { autoload: false } }', [], 'choices'),
  ]);
  expect(found.flatMap(({ rows }) => rows)).toEqual([]);
  expect(found.map(({ problems }) => problems.join('\n'))).toMatchInlineSnapshot(`
    [
      "corematrix.yaml:4:39: cilium@0.22 cannot apply autocreate: cilium/ebpf creates every map of an object; remove the setting, or load with libbpf@default",
      "corematrix.yaml:4:58: aya@0.14 cannot apply value_size: aya sets only the number of entries of a map; remove the setting, or load with libbpf@default",
      "corematrix.yaml:4:33: aya@0.14 cannot apply type: aya sets only the number of entries of a map; remove the setting, or load with libbpf@default",
      "corematrix.yaml:4:34: aya@0.14 cannot apply type: aya takes the type of a program only from its section name; remove the setting, or load with libbpf@default",
      "corematrix.yaml:4:14: aya@0.14 cannot apply kconfig: aya does not know externs of the kernel configuration; remove the setting, or load with libbpf@default",
      "corematrix.yaml:4:19: cilium@0.17 cannot apply alternatives: cilium/ebpf creates every map that a loaded program uses; remove the setting, or load with libbpf@default",
      "corematrix.yaml:4:19: aya@0.14 cannot apply alternatives: aya creates every map of an object before it loads a program; remove the setting, or load with libbpf@default",
    ]
  `);
});

/** Values in YAML of each setting that some loader cannot apply. */
const EXAMPLES: Record<string, { value: string; object?: string; name?: string }> = {
  kconfig: { value: '{ CONFIG_HZ: 100 }', object: 'kernel_config' },
  alternatives: { value: '[[events, old_events]]', object: 'choices' },
  'maps.NAME.type': { value: 'hash' },
  'maps.NAME.key_size': { value: '4' },
  'maps.NAME.value_size': { value: '8' },
  'maps.NAME.inner': { value: '{ type: array, key_size: 4, value_size: 4, max_entries: 1 }', object: 'sized_maps', name: 'by_group' },
  'maps.NAME.autocreate': { value: 'true' },
  'programs.NAME.type': { value: 'kprobe' },
  'programs.NAME.attach_type': { value: 'trace_fentry' },
  'programs.NAME.autoload': { value: 'true' },
};

const NAMES: Record<string, string> = { maps: 'executions', programs: 'on_exec' };

const REFUSALS = allLimits().flatMap(({ loaders, setting, values, why }) =>
  loaders.flatMap((loader) => {
    const refused = values === undefined || typeof values === 'string' ? [EXAMPLES[setting]?.value] : values;
    return refused.map((value) => ({ loader, setting, value: String(value), why }));
  }),
);

it.each(REFUSALS)('the loader $loader refuses the setting $setting with the value $value', async ({ loader, setting, value, why }) => {
  const [group = '', , key] = setting.split('.');
  const { object, name = NAMES[group] } = EXAMPLES[setting] ?? {};
  const line = key === undefined ? `${group}: ${value}` : `${group}: { ${name}: { ${key}: ${value} } }`;
  const { rows, problems } = await read(`loader: ${loader}\n${line}`, [], object);
  expect(rows).toEqual([]);
  expect(problems.join('\n')).toMatch(/^corematrix\.yaml:4:\d+: /);
  expect(problems.join('\n')).toContain(`${loader} cannot apply ${key ?? group}: `);
  expect(problems.join('\n')).toContain(` ${why}; remove the setting, or load with libbpf@default`);
});

it('a setting that only some of the loaders on the command line cannot apply leaves the rows of the others', async () => {
  expect(await read('maps: { executions: { autocreate: if-supported } }', ['libbpf@default', 'cilium@0.22', 'libbpf@1.1', 'aya@0.13']))
    .toMatchInlineSnapshot(`
    {
      "problems": [
        "corematrix.yaml:3:39: cilium@0.22 cannot apply autocreate: cilium/ebpf creates every map of an object; remove the setting, or load with libbpf@default",
        "corematrix.yaml:3:39: aya@0.13 cannot apply autocreate: aya sets only the number of entries of a map; remove the setting, or load with libbpf@default",
      ],
      "rows": [
        "exec_watch",
        "exec_watch+libbpf-1.1",
      ],
    }
  `);
});

it('settings that a loader can apply are accepted', async () => {
  const found = await Promise.all([
    read('loader: cilium@0.22\nmaps: { executions: { max_entries: 8192, autocreate: true } }\nprograms: { on_exec: { autoload: false } }'),
    read('loader: aya@0.14\nmaps: { executions: { max_entries: 8192 } }\nprograms: { on_exec: { autoload: if-supported } }'),
    read('loader: cilium@0.17\nprograms: { on_exec: { autoload: if-supported } }\nalternatives: [[on_exec, on_exit]]'),
    read('loader: aya@0.13\nalternatives: [[on_exec, on_exit]]\nprograms: { on_exec: { autoload: if-supported } }'),
    read('loader: cilium@0.22\nalternatives: [[events, old_events]]\nprograms: { remember: { autoload: false } }', [], 'choices'),
  ]);
  const rows = ['exec_watch+cilium-0.22', 'exec_watch+aya-0.14', 'exec_watch+cilium-0.17', 'exec_watch+aya-0.13', 'choices+cilium-0.22'];
  expect(found).toEqual(rows.map((row) => ({ rows: [row], problems: [] })));
});
