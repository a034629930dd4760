// Tests of whole runs on real kernels: the content of cells, the same results in both isolations, and no leftovers.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { execa } from 'execa';
import { logText } from '../../../harness/results/logs.ts';
import { type CellResult, type Results, resultsSchema } from '../../../harness/results/schema.ts';
import { realRun, sample } from './real-run.ts';

const SERIES = ['debian:5.10', 'debian:6.12'];
const OBJECTS = ['task_state', 'new_helpers', 'verifier_limits'].map(sample);

/** A cell without times, commands and logs. */
function verdict({ kernel, object, status, stage, class: failure, reason, programs, relocations }: CellResult) {
  return { kernel, object, status, stage, failure, reason, relocations, programs: programs.map((program) => ({ ...program, logs: null })) };
}

async function ownQemus(): Promise<string> {
  const { stdout } = await execa('ps', ['-eo', 'ppid,args']);
  return stdout
    .split('\n')
    .filter((line) => line.trim().startsWith(`${process.pid} `) && line.includes('qemu-system'))
    .join('\n');
}

describe('a run', () => {
  let temporary = '';
  let restored: Results;
  let booted: Results;
  beforeAll(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'run-'));
    vi.stubEnv('TMPDIR', temporary);
    restored = await realRun(OBJECTS, SERIES);
    booted = await realRun(OBJECTS, ['debian:6.12'], { isolation: 'boot' });
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(temporary, { recursive: true, force: true });
  });

  const cellOf = (results: Results, series: string, object: string): CellResult => {
    const kernel = results.kernels.find((one) => one.series === series);
    const cell = results.cells.find((one) => one.kernel === kernel?.id && one.object === object);
    if (!cell) throw new Error(`no cell of ${object} on ${series}`);
    return cell;
  };

  it('the results of a run fit their schema', () => {
    expect(resultsSchema.parse(structuredClone(restored))).toEqual(restored);
    expect({ complete: restored.run.complete, kernels: restored.kernels.length, cells: restored.cells.length }).toEqual({
      complete: true,
      kernels: 2,
      cells: 6,
    });
  });

  it('the results of a run have the release that each kernel reports in the guest', () => {
    for (const kernel of restored.kernels) {
      expect(kernel.release).toMatch(/^\d+\.\d+\.\d+.*-cloud-amd64$/);
      expect(kernel.release?.startsWith(`${kernel.series}.`)).toBe(true);
      expect(kernel.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(kernel.btf?.size).toBeGreaterThan(1_000_000);
    }
  });

  it('a run gives the same verdicts and relocations from a snapshot and from a boot', () => {
    const kernel = booted.kernels[0]?.id;
    expect(booted.cells.map(verdict)).toEqual(restored.cells.filter((cell) => cell.kernel === kernel).map(verdict));
    expect(booted.cells.flatMap((cell) => cell.attempts.map(({ isolation }) => isolation))).toEqual(['boot', 'boot', 'boot']);
  });

  it('a program that does not load has its own verdict, and all programs have their relocations', () => {
    const cell = cellOf(restored, '6.12', 'task_state');
    const [object] = restored.objects.filter(({ id }) => id === 'task_state');
    expect(cell.programs.map(({ name, status, stage, class: failure, errno, reason }) => ({ name, status, stage, failure, errno, reason })))
      .toMatchInlineSnapshot(`
        [
          {
            "errno": 22,
            "failure": "core-field-missing",
            "name": "old_name",
            "reason": "task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)",
            "stage": "verify",
            "status": "fail",
          },
          {
            "errno": null,
            "failure": null,
            "name": "new_name",
            "reason": null,
            "stage": null,
            "status": "pass",
          },
          {
            "errno": null,
            "failure": null,
            "name": "either_name",
            "reason": null,
            "stage": null,
            "status": "pass",
          },
        ]
      `);
    expect(
      cell.relocations.map(({ ref, outcome, local, target, reached }) => {
        const relocation = object?.relocations[ref];
        return `${relocation?.program} insn ${relocation?.insn} ${relocation?.kind} ${relocation?.spec}: ${outcome} ${local} -> ${target}${reached ? ` (reached: ${reached})` : ''}`;
      }),
    ).toMatchInlineSnapshot(`
      [
        "old_name insn 1 byte_off struct task_struct___before_5_14.state (0:0 @ offset 0): poisoned 0 -> null (reached: yes)",
        "new_name insn 1 byte_off struct task_struct.__state (0:0 @ offset 0): moved 0 -> 24",
        "either_name insn 1 field_exists struct task_struct.__state (0:0 @ offset 0): resolved 1 -> 1",
        "either_name insn 3 byte_off struct task_struct.__state (0:0 @ offset 0): moved 0 -> 24",
        "either_name insn 11 byte_off struct task_struct___before_5_14.state (0:0 @ offset 0): poisoned 0 -> null (reached: no)",
      ]
    `);
  });

  it('a run keeps the whole logs of libbpf and the verifier', () => {
    const cell = cellOf(restored, '6.12', 'verifier_limits');
    const [text = ''] = cell.programs.flatMap(({ logs }) => (logs.verifier === null ? [] : [logText(restored.logs, logs.verifier)]));
    expect(text).toContain('processed ');
    expect(logText(restored.logs, cell.logs.libbpf)).toContain('libbpf: loading ');
    expect(cell.command?.[0]).toContain('qemu-system-x86_64');
    expect(cell.command?.at(-1)).toContain('spawn=deny');
  });

  it('a run leaves no guest and no folder behind', async () => {
    expect(await ownQemus()).toBe('');
    expect(await readdir(temporary)).toEqual([]);
  });
});
