// Fuzzes the readers of logs of a guest: libbpf's log, the verifier's log in it, and the relocation records made from both.
import { textRecords } from '../../harness/logs/libbpf/lines.ts';
import { parseLibbpfLog, parseTextLog } from '../../harness/logs/libbpf/parse.ts';
import { accessOf, isIncompatible, parseSpec } from '../../harness/bpf/core-spec/printed.ts';
import { essentialName } from '../../harness/bpf/btf/essential-name.ts';
import { relocationRecords } from '../../harness/verdict/relocations/records.ts';
import type { ObjectRelocation } from '../../harness/bpf/object/places.ts';
import { readAttempt } from '../../harness/verdict/evidence/attempt.ts';
import type { LogRecord } from '../../harness/logs/record.ts';
import { parseVerifierLog } from '../../harness/logs/verifier/parse.ts';
import { fuzz } from './fuzz.ts';
import type { Random } from './mutate.ts';
import { seedFiles } from './seeds.ts';

const LOGS = seedFiles('libbpf.');
const PARSED = LOGS.map((log) => parseTextLog(log.toString('utf8')));

function seedsOf(texts: readonly string[]): readonly [Buffer, ...Buffer[]] {
  const [first = '', ...rest] = new Set(texts);
  return [Buffer.from(first), ...[...rest].map((text) => Buffer.from(text))];
}

/** Print callbacks as in libbpf <= 0.7, or worse: a line in several pieces, several lines in one piece, random levels. */
function pieces(text: string, random: Random): LogRecord[] {
  const records: LogRecord[] = [];
  for (let at = 0; at < text.length;) {
    const end = random.below(2) === 0 ? text.indexOf('\n', at) + 1 || text.length : at + random.below(400) + 1;
    records.push({ level: random.pick(['warn', 'info', 'debug']), text: text.slice(at, end) });
    at = end;
  }
  return records;
}

fuzz({
  name: 'libbpf log',
  corpus: LOGS,
  read: (input, random) => {
    const text = input.toString('utf8');
    return random.below(2) === 0 ? parseTextLog(text) : parseLibbpfLog(pieces(text, random));
  },
});

fuzz({
  name: 'verifier log',
  corpus: seedsOf(PARSED.flatMap(({ programs }) => programs.flatMap(({ verifierLog }) => verifierLog ?? []))),
  read: (input) => {
    const { reason } = parseVerifierLog(input.toString('utf8'));
    if (reason?.includes('\n') === true) throw new Error(`a reason of several lines: ${JSON.stringify(reason)}`);
  },
});

fuzz({
  name: 'relocation spec',
  corpus: seedsOf(PARSED.flatMap(({ relocations }) => relocations.flatMap(({ spec }) => spec ?? []))),
  read: (input) => {
    const spec = parseSpec(input.toString('utf8'));
    return spec && [accessOf(spec), essentialName(spec.typeName), isIncompatible(spec)];
  },
});

const RELOCATIONS = PARSED.flatMap(({ relocations }) =>
  relocations.flatMap(({ index, section, program, kind, spec }): ObjectRelocation[] => {
    const parsed = parseSpec(spec ?? '');
    if (!parsed || kind === null || spec === null) return [];
    return [{ index, section: section ?? '', program, insn: 0, kind, spec, access: accessOf(parsed), source: null }];
  }),
);
const PROGRAMS = [...new Set(RELOCATIONS.map(({ program }) => program))].map((name) => ({ name }));

fuzz({
  name: 'relocation records',
  corpus: LOGS,
  read: (input, random) => {
    const log = textRecords(input.toString('utf8'));
    const program = random.below(2) === 0 ? null : (PROGRAMS[random.below(PROGRAMS.length)]?.name ?? null);
    const reached = random.pick(['open', 'prepare', 'load', 'done']);
    const attempt = readAttempt(
      { program, reached, errno: random.below(600), openMs: 0, loadMs: 0, log },
      { programs: [], relocations: [] },
    );
    const entries = relocationRecords({ programs: PROGRAMS, relocations: RELOCATIONS }, [attempt, { ...attempt, program: null }]);
    if (entries.length !== RELOCATIONS.length) throw new Error(`${entries.length} entries for ${RELOCATIONS.length} relocations`);
  },
});
