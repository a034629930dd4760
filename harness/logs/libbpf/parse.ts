// Reads a libbpf log into facts: one of three tables reads each message; the facts are grouped by relocation, program and map.
import type { LogRecord } from '../record.ts';
import { type LoaderLog, newLog, type ProgramFacts, type RelocationFacts, type Subprogram } from '../loader-log.ts';
import { readLines, textRecords } from './lines.ts';
import { type ObjectMessage, readObjectMessage } from './object-messages.ts';
import { type ProgramMessage, readProgramMessage } from './program-messages.ts';
import { type NumberedMessage, readRelocationMessage } from './relocation-messages.ts';

/** The state of reading: the log so far, its indexes, and the targets of messages without a name. */
interface Reading {
  log: LoaderLog;
  relocations: Map<string, RelocationFacts>;
  programs: Map<string, ProgramFacts>;
  targets: Map<number, LoaderLog['targets'][number]>;
  section: string | null;
  relocation: RelocationFacts | null;
  /** The program subprograms were last appended to. */
  caller: Map<string, Subprogram> | null;
  /** The facts of a program that libbpf <= 0.6 names later. */
  unnamed: ProgramFacts | null;
}

function newProgramFacts(program: string | null): ProgramFacts {
  return { program, error: null, verifierLog: null, missingTarget: null, warnings: [] };
}

/** The facts of a program, created on first mention. Without a name: of the program that libbpf names later. */
function programFacts(reading: Reading, name: string | null): ProgramFacts {
  const known = name === null ? reading.unnamed : reading.programs.get(name);
  if (known) return known;
  const facts = newProgramFacts(name);
  if (name === null) reading.unnamed = facts;
  else reading.programs.set(name, facts);
  reading.log.programs.push(facts);
  return facts;
}

function relocationFacts(reading: Reading, { program, index, message }: NumberedMessage): RelocationFacts | null {
  if (index === null) return reading.relocation?.program === program ? reading.relocation : null;
  const key = `${index} ${program}`;
  const known = reading.relocations.get(key);
  if (known && message.type !== 'spec') return known;
  const fresh: RelocationFacts = {
    section: reading.section,
    program,
    index,
    kind: null,
    spec: null,
    candidates: [],
    noTarget: false,
    patch: null,
    memSize: null,
    poisoned: [],
    wrongAccess: false,
    ambiguity: null,
    warnings: [],
    error: null,
  };
  // A second spec for the same relocation begins it again: the log has two loads.
  if (known) return Object.assign(known, fresh);
  reading.relocations.set(key, fresh);
  reading.log.relocations.push(fresh);
  return fresh;
}

function takeRelocation(reading: Reading, numbered: NumberedMessage): void {
  const facts = relocationFacts(reading, numbered);
  if (!facts) return;
  reading.relocation = facts;
  const { message } = numbered;
  switch (message.type) {
    case 'spec':
      facts.kind = message.kind;
      facts.spec = message.spec;
      return;
    case 'candidate':
      facts.candidates.push({ spec: message.spec, matches: message.matches });
      return;
    case 'no-target':
      facts.noTarget = true;
      return;
    case 'patched':
      facts.patch = { insn: message.insn, form: message.form, from: message.from, to: message.to };
      return;
    case 'mem-size':
      facts.memSize = { from: message.from, to: message.to };
      return;
    case 'poisoned':
      facts.poisoned.push(message.insn);
      return;
    case 'wrong-access':
      facts.wrongAccess = true;
      facts.warnings.push(message.text);
      return;
    case 'ambiguity':
      facts.ambiguity = message.text;
      facts.warnings.push(message.text);
      return;
    case 'warning':
      facts.warnings.push(message.text);
      return;
    case 'failed':
      facts.error = facts.warnings.at(-1) ?? message.text;
      reading.log.ended = 'relocation';
      facts.warnings.push(message.text);
  }
}

function takeObject(reading: Reading, message: ObjectMessage): void {
  const { log } = reading;
  switch (message.type) {
    case 'section':
      reading.section = message.section;
      return;
    case 'eliminated':
      log.eliminated.push({ section: message.section, index: message.index });
      return;
    case 'target': {
      let found = reading.targets.get(message.localId);
      if (!found) {
        found = { localId: message.localId, localType: message.localType, targets: [] };
        reading.targets.set(message.localId, found);
        log.targets.push(found);
      }
      found.targets.push({ id: message.id, type: message.target, btf: message.btf });
      return;
    }
    case 'relocation-failed':
      log.relocationFailed = message.error;
      // The line follows the one that names the cause.
      log.ended ??= 'relocation';
      return;
    case 'btf':
      log.btf.push(message.failure);
      log.ended = 'btf';
      return;
    case 'extern':
      log.externs.push(message.failure);
      log.ended = 'extern';
      return;
    case 'map':
      log.maps.push(message.failure);
      log.ended = 'map';
      return;
    case 'failure':
      log.failures.push(message.failure);
      // libbpf prints the hint about RLIMIT_MEMLOCK beside the failure itself.
      if (message.failure.topic !== 'memlock') log.ended = message.failure.topic;
  }
}

/** Names the program that had no name yet. */
function nameUnnamed(reading: Reading, name: string): void {
  if (!reading.unnamed || reading.programs.has(name)) return;
  reading.unnamed.program = name;
  reading.programs.set(name, reading.unnamed);
  reading.unnamed = null;
}

function takeProgram(reading: Reading, message: ProgramMessage): void {
  const { log } = reading;
  switch (message.type) {
    case 'skipped':
      log.skipped.push(message.program);
      return;
    case 'appended': {
      const layout = log.layouts.get(message.program) ?? new Map<string, Subprogram>();
      layout.set(message.subprogram, { insns: message.insns, offset: null });
      log.layouts.set(message.program, layout);
      reading.caller = layout;
      return;
    }
    case 'call': {
      const subprogram = reading.caller?.get(message.subprogram);
      if (subprogram) subprogram.offset ??= message.offset;
      return;
    }
    case 'poisoned-reference':
      log.poisonedReferences.push(message.reference);
      return;
    case 'load-failed':
      programFacts(reading, message.program).error = message.error;
      log.ended = 'program';
      return;
    case 'failed': {
      nameUnnamed(reading, message.program);
      const facts = programFacts(reading, message.program);
      facts.error ??= message.error;
      log.ended = 'program';
      return;
    }
    case 'missing-target':
      programFacts(reading, message.program).missingTarget = message.target;
      log.ended = 'program';
      return;
    case 'warning':
      programFacts(reading, message.program).warnings.push(message.text);
      return;
    case 'attach-failed':
      log.failures.push({ topic: 'attach', text: message.text });
      log.ended = 'attach';
  }
}

/** Warnings after which libbpf continues: it does without a BPF token, and most programs do without their BTF in the kernel. */
const NOISE =
  /^(?:object '[^']*': failed \(-?\w+\) to create BPF token from |Error loading \.BTF into kernel: .* BTF is optional, ignoring\.|BTF loading error: )/;

/**
 * Reads the output of libbpf (0.3 to 1.7) from opening and loading an object. Accepts any text. A warning that no table knows
 * stays in `warnings`. Relocations and programs are in the order in which libbpf processed them.
 */
export function parseLibbpfLog(records: readonly LogRecord[]): LoaderLog {
  const log = newLog();
  const reading: Reading = {
    log,
    relocations: new Map(),
    programs: new Map(),
    targets: new Map(),
    section: null,
    relocation: null,
    caller: null,
    unnamed: null,
  };
  for (const line of readLines(records)) {
    if (line.type === 'verifier-log') {
      programFacts(reading, line.program).verifierLog = line.text;
      continue;
    }
    if (line.type === 'btf-log') {
      log.btfLog = line.text;
      continue;
    }
    if (line.level === 'warn' && !NOISE.test(line.text)) log.warnings.push(line.text);
    const relocation = readRelocationMessage(line.text, line.level);
    if (relocation) {
      takeRelocation(reading, relocation);
      continue;
    }
    const object = readObjectMessage(line.text, line.level);
    if (object) {
      takeObject(reading, object);
      continue;
    }
    const program = readProgramMessage(line.text, line.level);
    if (program) takeProgram(reading, program);
  }
  return log;
}

/** Reads a plain log file: lines as libbpf prints them, each optionally marked with its level (`<0>`, `<1>`, `<2>`). */
export function parseTextLog(text: string): LoaderLog {
  return parseLibbpfLog(textRecords(text));
}
