// The public words as data: every status, stage, relocation kind and outcome that results can contain.

/** Status of a cell and of each program in it. `infra` and `not-run` are no verdict: they are never drawn as pass or fail. */
export const STATUSES = ['pass', 'fail', 'xfail', 'xpass', 'unsupported', 'skip', 'infra', 'not-run'] as const;
export type Status = (typeof STATUSES)[number];

/** For the reader of a report: one sentence for each status. */
export const STATUS_MEANINGS = {
  pass: 'It loads. With mode: attach or mode: run it also attaches, or runs as the configuration expects.',
  fail: 'It fails, and no expectation declares the failure.',
  xfail: 'It fails as an expectation declares.',
  xpass: 'It passes, although an expectation declares a failure.',
  unsupported: 'An expectation declares it out of scope on this kernel, whatever happens there.',
  skip: 'It was left out: it does not load by default, another alternative was chosen, or it is not meant for this kernel.',
  infra: 'It has no verdict, because the guest or the machine failed.',
  'not-run': 'It has no verdict, because the run ended before it, or because the results of its shard are missing.',
} as const satisfies Record<Status, string>;

/** A status as one letter, where there is one for every run of a history. */
export const HISTORY_LETTERS = {
  pass: 'p',
  fail: 'f',
  xfail: 'x',
  xpass: 'X',
  unsupported: 'u',
  skip: 's',
  infra: 'i',
  'not-run': 'n',
} as const satisfies Record<Status, string>;

/** In place of such a letter: a run that had no such program or kernel. */
export const NOT_THERE = ' ';

/** The meaning of a status when runs are compared: as expected, not as expected, or no verdict. */
export type Standing = 'good' | 'bad' | 'none';

export const STANDINGS = {
  pass: 'good',
  xfail: 'good',
  unsupported: 'good',
  fail: 'bad',
  xpass: 'bad',
  infra: 'none',
  'not-run': 'none',
  skip: 'none',
} as const satisfies Record<Status, Standing>;

/** What fails a run: every unexpected failure; only regressions against a baseline; or these and failures of programs that it lacks. */
export const GATES = ['failures', 'regressions', 'regressions+new'] as const;
export type Gate = (typeof GATES)[number];

/** Where a failure happened, in the order in which libbpf goes through an object. */
export const STAGES = ['open', 'relocate', 'map-create', 'verify', 'attach', 'run'] as const;
export type Stage = (typeof STAGES)[number];

/** What happens at a stage, one sentence each. */
export const STAGE_MEANINGS = {
  open: 'The loader reads the object file.',
  relocate: 'The loader reads the BTF of the kernel, resolves externs and struct_ops types, and applies CO-RE relocations.',
  'map-create': 'The kernel creates the maps.',
  verify: 'The kernel verifies the programs.',
  attach: 'The loaded programs are attached (mode: attach and mode: run).',
  run: 'Triggers run the attached programs, and checks compare the result (mode: run); or `corematrix exec` runs an executable.',
} as const satisfies Record<Stage, string>;

/**
 * CO-RE relocation kinds under libbpf's own names; the index is the number in `struct bpf_core_relo`.
 * @see enum bpf_core_relo_kind in include/uapi/linux/bpf.h, core_relo_kind_str() in libbpf's relo_core.c
 */
export const RELOCATION_KINDS = [
  'byte_off',
  'byte_sz',
  'field_exists',
  'signed',
  'lshift_u64',
  'rshift_u64',
  'local_type_id',
  'target_type_id',
  'type_exists',
  'type_size',
  'enumval_exists',
  'enumval_value',
  'type_matches',
] as const;
export type RelocationKind = (typeof RELOCATION_KINDS)[number];

/** What a relocation of a kind gives the program, one phrase each. */
export const RELOCATION_KIND_MEANINGS = {
  byte_off: 'offset of a field in bytes',
  byte_sz: 'size of a field in bytes',
  field_exists: '1 if the kernel has the field, else 0',
  signed: '1 if the field is signed, else 0',
  lshift_u64: 'left shift that extracts a bit field',
  rshift_u64: 'right shift that extracts a bit field',
  local_type_id: 'BTF id of a type in the object',
  target_type_id: 'BTF id of a type in the kernel, 0 if it has none',
  type_exists: '1 if the kernel has the type, else 0',
  type_size: 'size of a type in bytes, 0 if the kernel does not have it',
  enumval_exists: '1 if the kernel has the enumerator, else 0',
  enumval_value: 'value of an enumerator',
  type_matches: '1 if the kernel has a type that matches member for member, else 0',
} as const satisfies Record<RelocationKind, string>;

/**
 * What became of a relocation on a kernel: `resolved` to the value it was compiled with, `moved` to another value, `absent-guarded`
 * (target missing, and the instruction gets the value 0, which the code can test), `poisoned` (missing, replaced by an invalid instruction),
 * `incompatible` (a target of that name exists but may not be accessed as compiled; poisoned too), `ambiguous` (candidates disagree).
 * `not-reached`: the load ended before libbpf processed this relocation.
 */
export const OUTCOMES = ['resolved', 'moved', 'absent-guarded', 'poisoned', 'incompatible', 'ambiguous', 'not-reached'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** For the reader of a report: one sentence for each outcome. */
export const OUTCOME_MEANINGS = {
  resolved: 'The target exists, and the value is the same as compiled.',
  moved: 'The target exists, and the relocation put another value in place of the compiled one, such as a new offset.',
  'absent-guarded': 'The target is missing, and the program gets 0 as the answer to its check.',
  poisoned: 'The target is missing, so the loader replaced the instruction by an invalid one. It fails only if the verifier reaches it.',
  incompatible:
    'The kernel has a target of this name, but the compiled access does not fit it. The loader replaced the instruction as for a missing target.',
  ambiguous: 'Several types of the kernel match and give different values, so the loader refused the object.',
  'not-reached': 'The load ended before the loader applied this relocation.',
} as const satisfies Record<Outcome, string>;

/** Whether the verifier reached a poisoned instruction. */
export const REACHED = ['yes', 'no', 'unknown'] as const;
export type Reached = (typeof REACHED)[number];

/**
 * The prediction for a program, from BTF and the kernel's symbols. `fail`: it certainly fails. `may-fail`: it fails if the verifier reaches a certain
 * instruction, or if no module has what the kernel lacks. `unknown`: no failure is predicted, but it can still fail.
 */
export const PREDICTED_STATUSES = ['fail', 'may-fail', 'unknown'] as const;
export type PredictedStatus = (typeof PREDICTED_STATUSES)[number];

/** One sentence for each predicted status. */
export const PREDICTED_STATUS_MEANINGS = {
  fail: 'BTF or the configuration of the kernel shows that it fails.',
  'may-fail': 'It fails if the verifier reaches a certain instruction, or if no module has what the kernel lacks.',
  unknown: 'No failure is predicted. It can still fail when it is loaded.',
} as const satisfies Record<PredictedStatus, string>;

/** The kinds of kernel types, as far as they matter for layouts. */
export const LAYOUT_KINDS = ['struct', 'union', 'enum', 'function', 'other'] as const;
export type LayoutKind = (typeof LAYOUT_KINDS)[number];

/** How the kernel's alternative relates to the missing field or type. */
export const RELATIONS = ['other-kind', 'renamed', 'moved-in', 'moved-out', 'behind-pointer', 'split', 'joined'] as const;
export type Relation = (typeof RELATIONS)[number];
