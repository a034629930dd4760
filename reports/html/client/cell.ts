// One object on one kernel in full: reason first, then programs, relocations, logs, and how to see it again.
import type { CellData, LogData, ObjectData, OutcomeData } from '../shared/page-data.ts';
import type { firstTrouble, logFold } from './log.ts';
import type { whyOf } from './why.ts';
import type { outcomesOf, turningPoints } from './relocation.ts';
import type { Place, Tools } from './tools.ts';

/** A relocation and what became of it in plain text, for a message or an issue. */
export function relocationText(tools: Tools, place: Place, known: ObjectData['relocations'][number], outcome: OutcomeData): string {
  const { kernels, objects } = tools.data;
  const value = tools.value(outcome);
  const { source } = known;
  return [
    `${objects[place.object]?.id} on ${kernels[place.kernel]?.name}: ${known.program}, insn ${known.insn}, relo #${known.index}`,
    `${known.kind} ${known.access} (${known.spec})`,
    source && `${tools.line(source)} ${source.text}`,
    `${tools.outcome(outcome)}${value === '' ? '' : `, ${value}`}`,
    outcome.suspicious !== null && `suspicious: ${outcome.suspicious}`,
    outcome.predicted,
    ...outcome.warnings,
    ...outcome.candidates.map(({ spec, matches }) => `candidate ${spec}: ${matches ? 'matches' : 'does not match'}`),
  ]
    .filter((line) => typeof line === 'string')
    .map((line) => `${line}\n`)
    .join('');
}

/** The ledger of a cell: what became of every relocation. */
export function ledger(tools: Tools, place: Place, data: ObjectData, cell: CellData, parts: RecordParts): HTMLElement {
  const { element } = tools;
  const { kernels, objects } = tools.data;
  /** Where what became of a relocation changed nearest to this kernel; where it never did, this kernel and its neighbour. */
  const nearest = (ref: number): string => {
    const far = ([left, right]: readonly [number, number]) => Math.min(Math.abs(left - place.kernel), Math.abs(right - place.kernel));
    const [point] = parts.turningPoints(parts.outcomesOf(data, ref)).toSorted((a, b) => far(a) - far(b));
    const last = Math.max(0, Math.min(place.kernel, kernels.length - 2));
    const [left, right] = point ?? [last, Math.min(last + 1, kernels.length - 1)];
    return `#relo/${objects[place.object]?.anchor}/${ref}/${kernels[left]?.anchor}/${kernels[right]?.anchor}`;
  };
  if (cell.relocations.length === 0) return element('p', {}, 'No relocations.');
  const rows = cell.relocations.map((at) => {
    const outcome = data.outcomes[at];
    const known = outcome && data.relocations[outcome.ref];
    if (!outcome || !known) return null;
    const { source } = known;
    const id = `${tools.anchor(place)}/r/${outcome.ref}`;
    const small = (...text: (string | Node | null)[]) => element('small', {}, ...text);
    const candidates = outcome.candidates.map(({ spec, matches }) => element('li', {}, matches ? '✓ ' : '✕ ', element('code', {}, spec)));
    return element(
      'tr',
      { id },
      element(
        'td',
        {},
        known.program,
        small(`insn ${known.insn}, `, element('a', { href: `#${id}` }, `relo #${known.index}`)),
        small(element('a', { href: nearest(outcome.ref) }, 'on other kernels')),
        tools.copyButton('Copy', () => parts.relocationText(tools, place, known, outcome)),
      ),
      element(
        'td',
        {},
        element('code', {}, known.access),
        small(element('code', {}, known.kind), ' ', element('code', {}, known.spec)),
        source && small(`${tools.line(source)} `, element('code', {}, source.text)),
      ),
      element(
        'td',
        {},
        tools.mark(outcome.look, tools.outcome(outcome)),
        outcome.suspicious !== null && element('strong', { class: 'suspicious' }, `suspicious: ${outcome.suspicious}`),
        outcome.predicted !== null && element('strong', { class: 'suspicious' }, outcome.predicted),
        outcome.warnings.map((warning) => small(warning)),
      ),
      element('td', { class: 'number' }, tools.value(outcome)),
      element(
        'td',
        {},
        candidates.length === 0
          ? 'none'
          : element('details', {}, element('summary', {}, `${candidates.length} tried`), element('ul', {}, candidates)),
      ),
    );
  });
  const heads = ['Program', 'Access', 'Outcome', 'Value', 'Candidates'].map((head) => element('th', { scope: 'col' }, head));
  return element(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Relocations' },
    element('table', { class: 'relocations' }, element('thead', {}, element('tr', {}, heads)), element('tbody', {}, rows)),
  );
}

interface RecordParts {
  relocationText: typeof relocationText;
  outcomesOf: typeof outcomesOf;
  turningPoints: typeof turningPoints;
}

interface Parts extends RecordParts {
  firstTrouble: typeof firstTrouble;
  whyOf: typeof whyOf;
  logFold: typeof logFold;
  ledger: typeof ledger;
}

/** Everything about a cell, below its heading. */
export function cellView(tools: Tools, place: Place, data: ObjectData, cell: CellData, parts: Parts): HTMLElement {
  const { element } = tools;
  const lasting = 8;
  const fold = (log: LogData) => parts.logFold(tools, place, data, log, parts.firstTrouble);
  const reasonOf = (text: string) =>
    element(
      'div',
      { class: 'copy' },
      element('p', { class: 'reason' }, text),
      tools.copyButton('Copy', () => text),
    );
  const command = (title: string, text: string) =>
    element(
      'div',
      {},
      element('p', {}, title),
      element(
        'div',
        { class: 'copy' },
        element('pre', { tabindex: '0' }, text),
        tools.copyButton('Copy', () => text),
      ),
    );

  const tail = (log: LogData | undefined) => {
    if (!log) return null;
    const lines = tools.logLines(data, log.text);
    const omitted = Math.max(0, lines.length - lasting);
    return element(
      'pre',
      { tabindex: '0' },
      omitted > 0 && `… ${omitted} line${omitted === 1 ? '' : 's'} omitted\n`,
      lines.slice(-lasting).join('\n'),
    );
  };

  const gravity = ['fail', 'xpass', 'infra', 'xfail'];
  const rank = (status: string) => (gravity.includes(status) ? gravity.indexOf(status) : gravity.length);
  const ordered = cell.programs.toSorted((a, b) => rank(a.status) - rank(b.status));
  const programs = ordered.map((program) =>
    element(
      'li',
      {},
      tools.mark(tools.data.looks[program.status]),
      ' ',
      element('strong', {}, program.name),
      ' ',
      program.facts !== '' && element('small', program.meaning === null ? {} : { title: program.meaning }, program.facts),
      program.reason !== null && reasonOf(program.reason),
      program.past !== null && element('p', { class: 'expected' }, program.past),
      parts.whyOf(tools, program.fingerprint, place.kernel),
      program.expected !== null && element('p', { class: 'expected' }, `expected: ${program.expected}`),
      program.contradiction !== null && element('p', { class: 'disagrees' }, program.contradiction),
      ['fail', 'xfail'].includes(program.status) && tail(program.logs.find(({ anchor }) => anchor.startsWith('verifier/'))),
      program.logs.map(fold),
    ),
  );
  const told = cell.reason === null || cell.programs.some(({ reason }) => reason === cell.reason);
  return element(
    'div',
    { class: 'cell-view' },
    !told && cell.reason !== null && reasonOf(cell.reason),
    cell.flaky && element('p', { class: 'expected' }, 'Flaky: an earlier attempt ended without a verdict.'),
    cell.predicted !== null && element('p', { class: 'expected' }, `Predicted from BTF: ${cell.predicted}.`),
    element('h3', {}, 'Programs'),
    element('ul', { class: 'programs' }, programs),
    element('h3', {}, 'Relocations'),
    parts.ledger(tools, place, data, cell, parts),
    element('h3', {}, 'Logs of the whole object'),
    cell.logs.length === 0 ? element('p', {}, 'None.') : cell.logs.map(fold),
    element('h3', {}, 'How to reproduce'),
    command('The same cell again:', cell.again),
    command('In a fresh boot, with everything kept (--gdb stops it for a debugger):', cell.rerun),
    cell.qemu !== null && command('The QEMU command that ran it:', cell.qemu),
    element('h3', {}, 'Time'),
    element(
      'ul',
      {},
      [...cell.attempts, ...cell.times].map((text) => element('li', {}, text)),
    ),
  );
}
