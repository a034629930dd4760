// The public words as data: every status, stage, relocation kind and outcome that results can contain.

/** Status of a cell and of each program in it. `infra` and `not-run` are no verdict: they are never drawn as pass or fail. */
export const STATUSES = ['pass', 'fail', 'xfail', 'xpass', 'unsupported', 'skip', 'infra', 'not-run'] as const;
export type Status = (typeof STATUSES)[number];

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

/** What fails a run: every unexpected failure, or only regressions against a baseline. */
export const GATES = ['failures', 'regressions'] as const;
export type Gate = (typeof GATES)[number];

/** Where a failure happened, in the order in which libbpf goes through an object. */
export const STAGES = ['open', 'relocate', 'map-create', 'verify', 'attach', 'run'] as const;
export type Stage = (typeof STAGES)[number];

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

/**
 * What became of a relocation on a kernel: `resolved` to the value it was compiled with, `moved` to another value, `absent-guarded`
 * (target missing, and the instruction gets the value 0, which the code can test), `poisoned` (missing, replaced by an invalid instruction),
 * `incompatible` (a target of that name exists but may not be accessed as compiled; poisoned too), `ambiguous` (candidates disagree).
 * `not-reached`: the load ended before libbpf processed this relocation.
 */
export const OUTCOMES = ['resolved', 'moved', 'absent-guarded', 'poisoned', 'incompatible', 'ambiguous', 'not-reached'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Whether the verifier reached a poisoned instruction. */
export const REACHED = ['yes', 'no', 'unknown'] as const;
export type Reached = (typeof REACHED)[number];

/**
 * What BTF alone says of a program: `fail` for certain, `may-fail` if the verifier comes to what it rejects or no module has what the
 * kernel lacks, `unknown` where it has nothing against it, which is not yet a pass.
 */
export const PREDICTED_STATUSES = ['fail', 'may-fail', 'unknown'] as const;
export type PredictedStatus = (typeof PREDICTED_STATUSES)[number];

/** What a type of a kernel is, as far as its layout goes. */
export const LAYOUT_KINDS = ['struct', 'union', 'enum', 'function', 'other'] as const;
export type LayoutKind = (typeof LAYOUT_KINDS)[number];

/** How the kernel's alternative relates to the missing field or type. */
export const RELATIONS = ['other-kind', 'renamed', 'moved-in', 'moved-out', 'behind-pointer', 'split', 'joined'] as const;
export type Relation = (typeof RELATIONS)[number];
