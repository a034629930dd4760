// Tests of the predictions that results keep beside observations.
import { beforeAll, describe, expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { type BpfObject, readBpfObject } from '../../../harness/bpf/object/object.ts';
import {
  type RecordedPrediction,
  recordedPrediction,
  predictedFields,
  knownEnumerators,
  withPrediction,
} from '../../../harness/predict/recorded-prediction.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import { uniformCell } from '../../../harness/results/uniform-cell.ts';
import { type CellProgram, type CellRelocation, cellSchema } from '../../../harness/results/schema/cell.ts';
import { buildBtf, type WrittenType } from '../bpf/btf/build-btf.ts';
import { mustReadBtf, sampleObjects } from '../bpf/object/samples.ts';

const TYPES: WrittenType[] = [
  { name: 'int', kind: 1, size: 4, words: [0x01000020] },
  { name: 'task_struct', kind: 4, vlen: 1, size: 8, words: ['state', 1, 32] },
];
const KERNEL = { vmlinux: indexNames(mustReadBtf(buildBtf(TYPES))), modules: [] };

let object: BpfObject;
beforeAll(async () => {
  const sample = (await sampleObjects()).find(({ name }) => name === 'task_state.bpf.o');
  if (!sample) throw new Error('the sample is missing');
  object = readBpfObject(sample.bytes, sample.name);
});

describe('a prediction', () => {
  it('a prediction has the failure of each program that BTF shows', () => {
    const prediction = recordedPrediction(predictCell(object, KERNEL));
    expect({
      programs: prediction.programs,
      cell: predictedFields(prediction),
      outcomes: prediction.relocations.map(({ outcome }) => outcome),
    }).toMatchInlineSnapshot(`
      {
        "cell": {
          "class": "core-field-incompatible",
          "status": "fail",
        },
        "outcomes": [
          "incompatible",
          "poisoned",
          "absent-guarded",
          "poisoned",
          "moved",
        ],
        "programs": [
          {
            "class": "core-field-incompatible",
            "name": "old_name",
            "others": [],
            "status": "fail",
          },
          {
            "class": "core-field-missing",
            "name": "new_name",
            "others": [],
            "status": "fail",
          },
          {
            "class": null,
            "name": "either_name",
            "others": [],
            "status": "unknown",
          },
        ],
      }
    `);
  });

  it('on a kernel without BTF, an object with relocations is predicted to fail', () => {
    expect(recordedPrediction(predictCell(object, null))).toEqual({
      programs: object.programs.map(({ name }) => ({ name, status: 'fail', class: 'btf-missing', others: [] })),
      relocations: [],
    });
    expect(recordedPrediction(predictCell({ ...object, relocations: [] }, null)).programs[0]).toEqual({
      name: 'old_name',
      status: 'unknown',
      class: null,
      others: [],
    });
  });

  it('the enumerators of a kernel are unknown if its BTF was cut down', () => {
    expect(knownEnumerators(KERNEL)).toBeNull();
  });
});

const relocation = (ref: number, outcome: CellRelocation['outcome'], target: string | null): CellRelocation => {
  return { ref, outcome, local: '8', target, reached: null, candidates: [], suspicious: null, warnings: [] };
};

function observed(status: CellProgram['status'], more: Partial<CellProgram> = {}): CellProgram {
  const logs = { libbpf: null, verifier: null };
  return { name: 'one', status, stage: null, class: null, errno: null, reason: null, expected: null, logs, ...more };
}

const FAIL = { name: 'one', status: 'fail', class: 'core-field-missing', others: [] } as const;
const MAY_FAIL = { name: 'one', status: 'may-fail', class: 'helper-unknown', others: [] } as const;
const UNKNOWN = { name: 'one', status: 'unknown', class: null, others: [] } as const;
const REJECTED = observed('fail', { stage: 'verify', class: 'verifier-rejected' });
const NO_HELPER = observed('fail', { stage: 'verify', class: 'helper-unknown' });
const NO_HOOK = { class: 'attach-target-missing' } as const;
const refused = (reason: string) => observed('fail', { stage: 'verify', ...NO_HOOK, reason: `verifier: ${reason}` });

describe('a cell', () => {
  const base = uniformCell('debian-6.12', { id: 'object', programs: [] }, 'pass', null);
  const agreement = (program: CellProgram, prediction: RecordedPrediction['programs'][number]) =>
    withPrediction({ ...base, programs: [program] }, { programs: [prediction], relocations: [] }).programs[0]?.predicted?.agrees;

  it('an observation agrees with its prediction, or contradicts it if BTF can show the failure', () => {
    expect({
      'fail, loads': agreement(observed('pass'), FAIL),
      'fail, fails as predicted': agreement(observed('fail', { class: 'core-field-missing' }), FAIL),
      'fail, fails otherwise': agreement(NO_HELPER, FAIL),
      'fail, rejected before': agreement(REJECTED, FAIL),
      'fail, ends at another failure that BTF shows': agreement(NO_HELPER, { ...FAIL, others: ['helper-unknown'] }),
      'may-fail, loads': agreement(observed('pass'), MAY_FAIL),
      'may-fail, fails as predicted': agreement(NO_HELPER, MAY_FAIL),
      'unknown, loads': agreement(observed('pass'), UNKNOWN),
      'unknown, rejected': agreement(REJECTED, UNKNOWN),
      'unknown, fails because of BTF': agreement(NO_HELPER, UNKNOWN),
      'unknown, cannot be loaded for its hook': agreement(observed('fail', { stage: 'verify', ...NO_HOOK }), UNKNOWN),
      'unknown, may not change its function': agreement(refused('vfs_read() is not modifiable'), UNKNOWN),
      'unknown, the hook is disabled': agreement(refused('attach_btf_id 9 points to disabled hook bpf_lsm_sb_kern_mount'), UNKNOWN),
      'unknown, cannot be attached': agreement(observed('fail', { stage: 'attach', ...NO_HOOK }), UNKNOWN),
      'unknown, calls a missing weak kfunc': agreement(observed('fail', { stage: 'verify', class: 'kfunc-missing' }), UNKNOWN),
      'fail, no verdict': agreement(observed('infra'), FAIL),
      'fail, not loaded by default': agreement(observed('skip'), FAIL),
    }).toMatchInlineSnapshot(`
      {
        "fail, ends at another failure that BTF shows": true,
        "fail, fails as predicted": true,
        "fail, fails otherwise": false,
        "fail, loads": false,
        "fail, no verdict": null,
        "fail, not loaded by default": null,
        "fail, rejected before": true,
        "may-fail, fails as predicted": true,
        "may-fail, loads": true,
        "unknown, calls a missing weak kfunc": true,
        "unknown, cannot be attached": true,
        "unknown, cannot be loaded for its hook": false,
        "unknown, fails because of BTF": false,
        "unknown, loads": true,
        "unknown, may not change its function": true,
        "unknown, rejected": true,
        "unknown, the hook is disabled": true,
      }
    `);
  });

  it('a cell has the prediction for every program, and for each relocation where it differs', () => {
    const relocations = [relocation(0, 'moved', '16'), relocation(1, 'moved', '16'), relocation(2, 'not-reached', null)];
    const prediction: RecordedPrediction = {
      programs: [FAIL],
      relocations: [
        { ref: 0, outcome: 'moved', target: '16' },
        { ref: 1, outcome: 'moved', target: '24' },
        { ref: 2, outcome: 'poisoned', target: null },
      ],
    };
    const cell = withPrediction({ ...base, programs: [observed('pass'), { ...observed('pass'), name: 'other' }], relocations }, prediction);
    expect(cellSchema.parse(structuredClone(cell))).toEqual(cell);
    expect({
      cell: cell.predicted,
      programs: cell.programs.map(({ name, predicted }) => ({ name, predicted })),
      relocations: cell.relocations.map(({ ref, predicted }) => ({ ref, predicted })),
    }).toMatchInlineSnapshot(`
      {
        "cell": {
          "class": "core-field-missing",
          "status": "fail",
        },
        "programs": [
          {
            "name": "one",
            "predicted": {
              "agrees": false,
              "class": "core-field-missing",
              "status": "fail",
            },
          },
          {
            "name": "other",
            "predicted": undefined,
          },
        ],
        "relocations": [
          {
            "predicted": undefined,
            "ref": 0,
          },
          {
            "predicted": {
              "outcome": "moved",
              "target": "24",
            },
            "ref": 1,
          },
          {
            "predicted": {
              "outcome": "poisoned",
              "target": null,
            },
            "ref": 2,
          },
        ],
      }
    `);
  });
});
