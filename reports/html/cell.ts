// One cell in full: reason first, then programs, relocations, logs, and how to see it again.
import { logText } from '../../harness/results/logs.ts';
import type { CellProgram, CellResult, KernelResult, ObjectResult, Results } from '../../harness/results/schema.ts';
import { plural } from '../summary.ts';
import { cellAnchor, logAnchor } from './anchors.ts';
import { html, type Html } from './html.ts';
import { relocationTable } from './relocations.ts';
import { STATUS_LOOKS } from './status.ts';

/** Lines of a verifier log that stand in the page itself, for readers without scripts. */
const TELLING_LINES = 8;

const LOGS = [
  ['libbpf', 'libbpf'],
  ['warnings', 'libbpf warnings'],
  ['verifier', 'verifier'],
  ['kernel', 'kernel messages'],
  ['console', 'console'],
] as const satisfies readonly (readonly [keyof CellResult['logs'], string])[];

/** A string as a word of a POSIX shell. */
function shellWord(text: string): string {
  return /^[\w./:=@,+-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

function mark(status: CellProgram['status']): Html {
  const look = STATUS_LOOKS[status];
  return html`<span class="mark ${look.tone}"><span aria-hidden="true">${look.shape}</span> ${look.word}</span>`;
}

function log(title: string, id: string | null, anchor: string, results: Results): Html {
  if (id === null) return html``;
  const lines = results.logs.texts[id]?.length ?? 0;
  return html`<details class="log" id="${anchor}" data-log="${id}">
    <summary>${title} <small>${plural(lines, 'line')}</small></summary>
  </details>`;
}

function tail(program: CellProgram, results: Results): Html {
  const text = logText(results.logs, program.logs.verifier);
  if (text === '') return html``;
  const lines = text.trimEnd().split('\n');
  const omitted = Math.max(0, lines.length - TELLING_LINES);
  return html`<pre>${omitted > 0 && `… ${plural(omitted, 'line')} omitted\n`}${lines.slice(-TELLING_LINES).join('\n')}</pre>`;
}

function programPart(program: CellProgram, cell: CellResult, results: Results): Html {
  const facts = [program.stage, program.class, program.errno === null ? null : `errno ${program.errno}`].filter((fact) => fact !== null);
  return html`<li>
    ${mark(program.status)} <strong>${program.name}</strong> ${facts.length > 0 && html`<small>${facts.join(' · ')}</small>`}
    ${program.reason !== null && html`<p class="reason">${program.reason}</p>`}${program.expected !== null && html`<p class="expected">expected: ${program.expected}</p>`}
    ${(program.status === 'fail' || program.status === 'xfail') && tail(program, results)}
    ${log(`verifier log of ${program.name}`, program.logs.verifier, logAnchor(cell, 'verifier', program.name), results)}
    ${log(`libbpf log of ${program.name} alone`, program.logs.libbpf, logAnchor(cell, 'libbpf', program.name), results)}
  </li>`;
}

function copyable(title: string, words: readonly string[]): Html {
  return html`<p>${title}</p>
    <div class="copy">
      <pre>${shellLine(words)}</pre>
      <button type="button" data-copy>Copy</button>
    </div>`;
}

/** Selects one kernel again: of a Debian selector the version is set, architecture and flavour stay. */
function selectorOf({ selector, version }: KernelResult): string {
  return selector.startsWith('debian:') ? `debian:${version}${/\/.*/.exec(selector)?.[0] ?? ''}` : selector;
}

function timings(cell: CellResult): Html {
  const attempts = cell.attempts.map(
    (attempt, index) =>
      html`<li>
        attempt ${index + 1} (${attempt.isolation}): ${attempt.durationMs.toFixed(0)}
        ms${attempt.infra !== null && html`, <strong>${attempt.infra}</strong>: ${attempt.reason}`}
      </li>`,
  );
  return html`<ul>
    ${attempts}${cell.loadMs !== null && html`<li>in libbpf, inside the guest: ${cell.loadMs.toFixed(1)} ms</li>`}
  </ul>`;
}

/** Everything about one object on one kernel, folded; its id lies inside, so that a link to it opens it. */
export function cellPart(cell: CellResult, object: ObjectResult, kernel: KernelResult, results: Results): Html {
  const { path } = object;
  const told = cell.reason === null || cell.programs.some(({ reason }) => reason === cell.reason);
  return html`<details class="cell">
    <summary>
      ${mark(cell.status)} <span>${object.id} on <strong>${kernel.release ?? kernel.id}</strong>${cell.flaky && ' (flaky)'}</span>
    </summary>
    <div id="${cellAnchor(kernel.id, object.id)}">
      ${!told && html`<p class="reason">${cell.reason}</p>`}
      ${cell.predicted && html`<p>Predicted offline: ${cell.predicted.status}${cell.predicted.class !== null && ` (${cell.predicted.class})`}.</p>`}
      <h4>Programs</h4>
      <ul class="programs">
        ${cell.programs.map((program) => programPart(program, cell, results))}
      </ul>
      <h4>Relocations</h4>
      ${relocationTable(cell, object)}
      <h4>Logs</h4>
      ${LOGS.map(([kind, title]) => log(title, cell.logs[kind], logAnchor(cell, kind), results))}
      ${LOGS.every(([kind]) => cell.logs[kind] === null) && html`<p>None.</p>`}
      <h4>Time</h4>
      ${timings(cell)}
      <h4>Again</h4>
      ${copyable('The same cell:', ['corematrix', 'run', path, '-k', selectorOf(kernel)])}
      ${cell.command !== null && copyable('The QEMU command that ran it:', cell.command)}
    </div>
  </details>`;
}
