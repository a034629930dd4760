// Explains accesses to fields that changed between kernels, and runs the suggested C in guests on known memory: it must read what a form of
// the field has there, or tell that the kernel lacks the value. `npm run suggested-code` writes docs/suggested-code.md anew.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KernelTypes } from '../../../../harness/core-relo/candidates.ts';
import { readKernelTypes } from '../../../../harness/kernel-btf/kernels.ts';
import { loadConfig } from '../../../../harness/plan/config/load.ts';
import { readInputs } from '../../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../../harness/plan/inputs/object-sources.ts';
import type { RootCause } from '../../../../harness/results/explanation.ts';
import { fourSelectors, offlineKernels } from '../../../kernels/pulled.ts';
import { realRun } from '../../run/real-run.ts';
import { sourceOf } from '../accesses.ts';
import { compiled, explainedByPrediction } from '../predicted.ts';
import { FIELD_KINDS, FIELDS, type FieldCase, fieldName } from './fields.ts';
import { type Place, placeIn } from './form.ts';
import { flagsOf, type Probe, probeSource } from './probe.ts';
import { type ExplainedField, pageOf } from './page.ts';

interface Kernel {
  id: string;
  series: string;
  name: string;
  selector: string;
  types: KernelTypes;
}

let folder = '';
const kernels: Kernel[] = [];
let explained: ExplainedField[] = [];

const programOf = (at: number) => `field_${at}`;

/** Values and addresses are in separate objects, because explain puts failures by one field together. */
async function causesOf(isChosen: (field: FieldCase) => boolean): Promise<Map<string, RootCause>> {
  const chosen = [...FIELDS.entries()].filter(([, field]) => isChosen(field));
  const { causes } = await explainedByPrediction(folder, {
    fields: sourceOf(Object.fromEntries(chosen.map(([at, { access }]) => [programOf(at), access]))),
  });
  return new Map(causes.flatMap((cause) => cause.places.map(({ program }) => [program, cause] as const)));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fields-test-'));
  const selectors = await fourSelectors();
  const offline = await offlineKernels(selectors);
  for (const [at, kernel] of offline.entries()) {
    const types = await readKernelTypes(kernel);
    const name = at === offline.length - 1 ? 'newest' : (kernel.series ?? kernel.id);
    if (types) kernels.push({ id: kernel.id, series: kernel.series ?? '', name, selector: selectors[at] ?? '', types });
  }
  const isAddress = ({ access }: FieldCase) => access.path.startsWith('&');
  const causes = new Map([...(await causesOf(isAddress)), ...(await causesOf((field) => !isAddress(field)))]);
  explained = FIELDS.map((field, at) => ({ field, cause: causes.get(programOf(at)) ?? null }));
}, 600_000);
afterAll(async () => rm(folder, { recursive: true, force: true }));

it('each field fails on a kernel, and fields of each kind are explained', () => {
  expect(explained.filter(({ cause }) => cause === null).map(({ field }) => fieldName(field))).toEqual([]);
  expect(FIELD_KINDS.filter((kind) => !FIELDS.some((field) => field.kind === kind))).toEqual([]);
});

it('the page of suggested code lists each field with its suggestion or the reason why there is none', async () => {
  const shown = new Map(kernels.map(({ id, name }) => [id, name]));
  await expect(pageOf(explained, shown)).toMatchFileSnapshot('../../../../docs/suggested-code.md');
});

/** True if explain says that nothing reads the value on a kernel. */
function isDeclined({ cause }: ExplainedField, series: string): boolean {
  return (cause?.advice ?? []).some((line) => {
    const [, list = ''] = /^Nothing reads the same value on (.*?)\. Check/.exec(line) ?? [];
    return list.split(', ').includes(series);
  });
}

/** Names of the fields whose bits are set. */
function fieldsIn(reason: string, probed: readonly ExplainedField[]): string[] {
  return [...reason.matchAll(/wrong_(\d+) .*?seen (\d+)/g)].flatMap(([, word, value]) =>
    probed.flatMap(({ field }, at) =>
      Math.floor(at / 32) === Number(word) && ((Number(value) >>> (at % 32)) & 1) === 1 ? [fieldName(field)] : [],
    ),
  );
}

it(
  'suggested C loads on each kernel, and reads what a form of the field has there or tells that there is none',
  { timeout: 3_600_000 },
  async () => {
    const probed = explained.filter(({ cause }) => cause?.snippet);
    const bad: string[] = [];
    for (const { name, series, selector, types } of kernels) {
      const probes = probed.map((each): Probe => {
        const place: Place | null = isDeclined(each, series) ? null : placeIn(types, each.field);
        return { snippet: each.cause?.snippet ?? '', place };
      });
      const [path = ''] = await compiled(folder, { [`probes_${name.replace('.', '_')}`]: probeSource(probes) });
      const checks = flagsOf(probes.length).flatMap(({ ran, wrong, all }) => [
        `      - { variable: ${ran}, equals: ${all} }`,
        `      - { variable: ${wrong}, equals: 0 }`,
      ]);
      const file = join(path, '..', 'corematrix.yaml');
      await writeFile(file, `objects:\n  - path: ${basename(path)}\n    mode: run\n    trigger: exec\n    check:\n${checks.join('\n')}\n`);
      const { objects, problems } = await readInputs(objectSources(await loadConfig(file), join(path, '..')));
      expect(problems).toEqual([]);
      const { cells } = await realRun([], [selector], { objects, limits: { bootMs: 900_000 } });
      for (const { status, reason, programs } of cells) {
        if (status === 'pass') continue;
        const failed = programs.find((program) => program.reason !== null)?.reason ?? '';
        bad.push(`${name}: ${reason} ${failed} ${fieldsIn(`${reason} ${failed}`, probed).join(', ')}`);
      }
      expect(cells.length).toBe(1);
    }
    expect(bad).toEqual([]);
  },
);
