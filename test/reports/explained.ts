// Makes results that have every part of an explanation.
import type { Results } from '../../harness/results/schema.ts';
import type { RootCause } from '../../harness/results/explanation.ts';

const FINGERPRINT = '0123456789ab';
const [OLD, NEW] = ['debian-5.10.262-amd64', 'debian-6.12.117-amd64'];
const RELOCATION = {
  index: 3,
  section: 'tp_btf/sched_process_exit',
  kind: 'signed',
  access: 'task_struct.field_3',
  spec: 'struct t',
} as const;
const SOURCE = { file: 'programs/task_state.bpf.c', line: 23, text: '\tseen = task->field_3;', exact: true };

const CAUSE: RootCause = {
  fingerprint: FINGERPRINT,
  class: 'core-field-missing',
  subject: 'task_struct.__state',
  certainty: 'seen',
  places: [
    {
      object: 'task_state',
      program: 'new_name',
      relocation: RELOCATION,
      source: SOURCE,
      at: { program: 'new_name', insn: 10, text: '(b7) r0 = 10', state: 'R1=scalar()' },
      fails: [OLD],
      behind: [],
      reached: 'yes',
    },
    {
      object: 'task_state',
      program: 'old_name',
      relocation: RELOCATION,
      source: { ...SOURCE, line: 24, exact: false },
      at: null,
      fails: [NEW],
      behind: [OLD],
      reached: 'unknown',
    },
  ],
  situations: [
    {
      kernels: [OLD],
      summary: 'struct task_struct has no member __state',
      alternatives: [{ relation: 'renamed', paths: [['state']], type: 'volatile long int', certainty: 'likely' }],
      hints: [],
      evidence: ['no matching targets found'],
      log: { kernel: OLD, object: 'task_state', program: 'new_name', kind: 'verifier', line: 13 },
    },
    {
      kernels: [NEW],
      summary: 'struct task_struct has no member __state here either',
      alternatives: [{ relation: 'behind-pointer', paths: [['mm'], ['count', 1, 'state']], type: 'int', certainty: 'possible' }],
      hints: ['similar names on this kernel: __state2'],
      evidence: [],
      log: null,
    },
  ],
  presence: { first: OLD, last: OLD, gaps: [], has: [OLD], lacks: [NEW], witnesses: [{ from: OLD, to: NEW, change: 'went' }] },
  knownChange: { id: 'task-state', text: 'task_struct.state became __state' },
  notReached: 'later instructions',
  snippet: 'static int read_it(void)\n{\n\treturn a < b && "c";\n}',
  advice: ['check that it means the same'],
};

/** The same results with an explanation, in which every failure has the same root cause. */
export function explained(results: Results): Results {
  const cells = results.cells.map((cell) => ({
    ...cell,
    programs: cell.programs.map((program) => (program.class === 'core-field-missing' ? { ...program, fingerprint: FINGERPRINT } : program)),
  }));
  return {
    ...results,
    cells,
    explanation: {
      kernels: results.kernels.map(({ id, version, btf }) => ({ id, name: version, btf: btf !== null })),
      causes: [CAUSE],
      semanticChanges: [
        {
          object: 'task_state',
          program: 'new_name',
          relocation: RELOCATION,
          source: SOURCE,
          what: 'reads 4 bytes of 8',
          kernels: [OLD, NEW],
        },
      ],
      guarded: [
        {
          object: 'task_state',
          program: 'old_name',
          relocation: RELOCATION,
          source: null,
          kernels: [NEW],
          guards: [{ relocation: { ...RELOCATION, kind: 'field_exists' }, source: SOURCE, value: '0' }],
        },
      ],
    },
  };
}
