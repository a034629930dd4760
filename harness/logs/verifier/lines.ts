// Classifies one line of a verifier log.

export type VerifierLine =
  | {
      type: 'instruction';
      insn: number;
      text: string;
      /** Text behind the instruction that is not register state. */
      rest: string;
      /** Register state behind the instruction, which is the state after it; '' without one. */
      state: string;
    }
  /** Register state before the next instruction. */
  | { type: 'state'; text: string }
  | { type: 'source'; text: string; file: string | null; line: number | null }
  | { type: 'stats'; text: string }
  /** Notes on the path of the verifier, and messages that are not a reason to reject. */
  | { type: 'noise' }
  | { type: 'message'; text: string };

const INSTRUCTION = /^\s*(\d{1,8}): \(([0-9a-f]{2})\) (.*)$/;
/** Written by libbpf over the raw text: `6: <invalid CO-RE relocation>`. */
const REWRITTEN = /^(\d{1,8}): (<invalid [^>]*>)$/;
const STATS = /^(?:processed \d+ insns|verification time \d+ usec|stack depth (?:max )?[\d+]+$|mark_read \d+|max_states_per_insn )/;

const REGISTER_STATE = /^\s*(?:\d+: )?(?:frame\d+: ?)?(?:R\d+(?:_\w+)?=|fp-\d+(?:_\w+)?=)/;
const NOISE = [
  /^\s*$/,
  /^\d+: ?$/,
  /^\d+: frame\d+:/,
  /^(?:from \d+ to \d+.*|returning from callee|to caller at \d+|caller|callee|cur state|old state):/,
  /^(?:mark_precise|force_precise|last_idx|parent |regs=|stack=|propagating|frame ?\d+: propagating|reg ?mask)/,
  /^\d+: safe$/,
  /^(?:SCC (?:enter|exit|backedge) |topo_order\[\d+\] = |subprog \d+ \(.*\) .*insns_self )/,
  /^(?:frame\d+ bpf_loop iteration limit reached|marking pointer arg\d+ as scalar as it may encode error|signature verification passed)$/,
  /^Cannot find btf of tracepoint template, fall back to /,
  /^CO-RE relocating .*: found target candidate /,
  /^prog '[^']*': relo #\d+: (?:<(?!.*doesn't support)|(?:matching|non-matching) candidate #|no matching targets found$|patched insn #|substituting insn #)/,
  /^func '[^']*' arg\d+ has btf_id \d+ type \w+ '[^']*'$/,
  /^(?:Validating \S+\(\) func#\d+|Func#\d+.* is (?:safe|global and (?:assumed )?valid))/,
  /^(?:Live regs before insn|live_?regs|number of insns|safe$|verifier log |func#\d+ @\d+$)/i,
  /^\s*\d+: [.\d]{10,} \(/,
] as const;

/** The start of register state behind an instruction since 5.18 (`; R1=ctx()`), and in the middle of a jump. */
const STATE_BEHIND = /;(?:\s|$)|\s\d+: (?:frame\d+: )?R\d+/;

/** Messages the kernel prints on the same line as the jump they are about. */
const MESSAGE_BEHIND = /(?:infinite loop detected|back-edge from) .*$/;

/** Registers and stack slots, without the instruction's number before them. */
function plainState(text: string): string {
  return text.replace(/^\s*(?:\d+: ?)?(?:frame\d+: ?)?/, '').trim();
}

function readInstruction(match: RegExpExecArray): VerifierLine {
  const whole = match[3] ?? '';
  const message = MESSAGE_BEHIND.exec(whole);
  const code = message ? whole.slice(0, message.index) : whole;
  const state = code.search(STATE_BEHIND);
  const text = `(${match[2]}) ${(state < 0 ? code : code.slice(0, state)).trimEnd()}`;
  const behind = state < 0 ? '' : plainState(code.slice(state).replace(/^;/, ''));
  return { type: 'instruction', insn: Number(match[1]), text, rest: message?.[0] ?? '', state: behind };
}

/** `; text @ file.c:12` since 6.9, `; text` before. */
function readSource(line: string): VerifierLine {
  const text = line.slice(2);
  const at = text.lastIndexOf(' @ ');
  const place = at < 0 ? null : /^(.+):(\d{1,9})$/.exec(text.slice(at + 3));
  if (!place) return { type: 'source', text: text.trim(), file: null, line: null };
  return { type: 'source', text: text.slice(0, at).trim(), file: place[1] ?? null, line: Number(place[2]) };
}

/**
 * Classifies a line of the log of BPF_PROG_LOAD, log level 1 or 2, kernels 5.10 to 7.x. Accepts any text.
 * @see print_bpf_insn(), print_verifier_state(), verbose_linfo() and print_verification_stats() in kernel/bpf
 */
export function readVerifierLine(line: string): VerifierLine {
  const instruction = INSTRUCTION.exec(line);
  if (instruction) return readInstruction(instruction);
  const rewritten = REWRITTEN.exec(line);
  if (rewritten) return { type: 'instruction', insn: Number(rewritten[1]), text: rewritten[2] ?? '', rest: '', state: '' };
  if (line.startsWith('; ')) return readSource(line);
  if (REGISTER_STATE.test(line)) return { type: 'state', text: plainState(line) };
  if (STATS.test(line)) return { type: 'stats', text: line };
  return NOISE.some((pattern) => pattern.test(line)) ? { type: 'noise' } : { type: 'message', text: line.trim() };
}
