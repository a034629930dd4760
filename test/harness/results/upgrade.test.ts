// Results of earlier schema versions are read with the names of the current version.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { anything, assert, constantFrom, property } from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { FORMAT_NAMES } from '../../../harness/base/format-names.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { SCHEMA_VERSION } from '../../../harness/results/schema.ts';
import { upgradeResults } from '../../../harness/results/upgrade.ts';
import { FORMATS } from '../../../reports/formats.ts';
import { readResults, readVersionedResults, renderJson } from '../../../reports/json.ts';

let text = '';
let recorded: Record<string, unknown> = {};
beforeAll(async () => {
  text = await readFile(join(PACKAGE_ROOT, 'test/fixtures/results-v1/results.json'), 'utf8');
  recorded = JSON.parse(text);
});

/** All values except lists and objects, in their order. */
function leavesOf(value: unknown): unknown[] {
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(leavesOf) : [value];
}

describe('results of schema version 1', () => {
  it('results of schema version 1 keep all values in their order', () => {
    expect(leavesOf(upgradeResults({ ...recorded, schemaVersion: SCHEMA_VERSION }, 1))).toEqual(
      leavesOf({ ...recorded, schemaVersion: SCHEMA_VERSION }),
    );
  });

  it('an upgrade does not change its input', () => {
    upgradeResults(recorded, 1);
    expect(recorded).toEqual(JSON.parse(text));
  });

  it('upgraded results equal the same results written in version 2', () => {
    const { version, results } = readVersionedResults(text, 'results.json');
    expect(version).toBe(1);
    expect(readVersionedResults(renderJson(results), 'results.json')).toEqual({ version: SCHEMA_VERSION, results });
  });

  it('an upgrade keeps the value of every renamed key', () => {
    const { run, cells, history, layouts, explanation } = readResults(text, 'results.json');
    const causes = explanation?.causes ?? [];
    expect({
      agent: run.agent.libbpf,
      otherAgents: run.otherAgents?.map(({ loader }) => loader),
      chosen: cells.flatMap(({ chosen }) => (chosen ? [chosen] : [])),
      runsKnown: history?.runsKnown,
      layouts: layouts?.types.map(({ name }) => name),
      omitted: layouts?.omitted,
      semanticChanges: explanation?.semanticChanges.map(({ what }) => what),
      knownChange: causes.map(({ knownChange }) => knownChange?.id),
      notReached: causes.map(({ notReached }) => notReached),
      lacks: causes.map(({ presence }) => presence?.lacks),
      paths: causes.flatMap(({ situations }) => situations.flatMap(({ alternatives }) => alternatives.map(({ paths }) => paths))),
    }).toMatchInlineSnapshot(`
      {
        "agent": "1.7.0",
        "chosen": [
          [
            "unlink_fentry",
            "oldest_helper",
            "old_events",
          ],
          [
            "unlink_fentry",
            "newest_helper",
            "events",
          ],
        ],
        "knownChange": [
          undefined,
          "task-state",
          "task-state",
        ],
        "lacks": [
          undefined,
          [
            "debian-5.10.0-46-cloud-amd64",
          ],
          [
            "debian-6.12.118+deb13-cloud-amd64",
          ],
        ],
        "layouts": [
          "enum bpf_map_type",
          "struct signal_struct",
          "struct task_struct",
        ],
        "notReached": [
          null,
          "the verifier stops at the first such instruction: what comes after it was not looked at",
          "the verifier stops at the first such instruction: what comes after it was not looked at",
        ],
        "omitted": [],
        "otherAgents": [
          "libbpf@1.1",
        ],
        "paths": [
          [
            [
              "state",
            ],
          ],
          [
            [
              "__state",
            ],
          ],
        ],
        "runsKnown": 2,
        "semanticChanges": [
          "it is one bit of a word here, 8 are read: its neighbours, too",
        ],
      }
    `);
  });

  it.each(FORMAT_NAMES)('results of schema version 1 render as %s like results of the current version', (format) => {
    const old = readResults(text, 'results.json');
    const now = readResults(renderJson(old), 'results.json');
    const rendered = FORMATS[format].render(old);
    // A badge counts kernels and names no object.
    expect(rendered).toMatch(/task_state|fails on 2 of 2/);
    expect(rendered).toBe(FORMATS[format].render(now));
  });

  it('a fault in results of schema version 1 is named by its new key', () => {
    const both = JSON.stringify({ ...recorded, layouts: recorded.types });
    expect(() => readResults(both, 'results.json')).toThrow('results.json: unknown key "types"');
    const wrong = JSON.stringify({ ...recorded, types: 7 });
    expect(() => readResults(wrong, 'results.json')).toThrow('results.json: layouts: expected an object, found 7');
  });
});

it('upgrading any JSON ends in a value of the same kind', () => {
  const part = constantFrom('run', 'cells', 'history', 'types', 'explanation');
  assert(
    property(anything(), part, (value, name) => {
      for (const given of [value, { [name]: value }, { explanation: { causes: [value] } }]) {
        const upgraded = upgradeResults(given, 1);
        expect([typeof upgraded, upgraded === null]).toEqual([typeof given, given === null]);
      }
    }),
  );
});
