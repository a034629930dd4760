// What happened to each object, for a reader without scripts too: reasons and failing relocations, neighbouring kernels of which the same is true together.
import type { CellProgram, CellRelocation, CellResult, KernelResult, ObjectResult, Results } from '../../harness/results/schema.ts';
import type { Status } from '../../harness/base/vocabulary.ts';
import { logText } from '../../harness/results/logs.ts';
import { contradiction, shortKernelNames } from '../model/summary.ts';
import { grouped, plural } from '../../harness/base/text.ts';
import { cellAnchor } from './anchors.ts';
import { failureFacts } from './failure-facts.ts';
import { html, type Html, toText } from './html.ts';
import { classMeaning } from './legend.ts';
import { logTail } from './shared/log-tail.ts';
import { lookOf, STATUS_LOOKS } from './shared/looks.ts';

/** A status as a coloured word with its shape, and a number where there are several. */
export function statusMark(status: Status, count?: number): Html {
  const { tone, shape, word } = STATUS_LOOKS[status];
  return html`<span class="mark ${tone}"><span aria-hidden="true">${shape}</span> ${count !== undefined && `${count} `}${word}</span>`;
}

function tail(program: CellProgram, results: Results): Html {
  const text = program.status === 'fail' ? logText(results.logs, program.logs.verifier).trimEnd() : '';
  if (text === '') return html``;
  return html`<pre>${logTail(text.split('\n'))}</pre>`;
}

function programItem(program: CellProgram, results: Results): Html {
  const facts = failureFacts(program);
  return html`<li>
    ${statusMark(program.status)}
    <strong>${program.name}</strong>
    ${facts !== '' && html`<small${program.class && html` title="${classMeaning(program.class)}"`}>${facts}</small>`}
    ${program.reason !== null && html`<p class="reason">${program.reason}</p>`}${program.expected !== null && html`<p class="expected">expected: ${program.expected}</p>`}${contradiction(program) !== null && html`<p class="disagrees">${contradiction(program)}</p>`}${tail(program, results)}
  </li>`;
}

/** Programs that have nothing to say but that they pass, in one line. */
function programList(cell: CellResult, results: Results): Html {
  const plain = (program: CellProgram) => program.status === 'pass' && program.expected === null && contradiction(program) === null;
  const quiet = cell.programs.filter(plain).map(({ name }) => name);
  return html`<ul class="programs">
    ${cell.programs.filter((program) => !plain(program)).map((program) => programItem(program, results))}
    ${quiet.length > 0 && html`<li>${statusMark('pass')} ${quiet.join(', ')}</li>`}
  </ul>`;
}

function failingRelocation(relocation: CellRelocation, object: ObjectResult): Html | null {
  const known = object.relocations[relocation.ref];
  const look = lookOf(relocation);
  if (!known || (look.tone === 'good' && relocation.suspicious === null) || look.tone === 'quiet') return null;
  const { source, program, kind, access } = known;
  return html`<li>
    <span class="mark ${look.tone}"><span aria-hidden="true">${look.shape}</span> ${look.word}</span> <code>${access}</code>
    <small
      >${kind} in
      ${program}${source && html`, ${source.file}:${source.line}`}${relocation.reached !== null && html`, reached: ${relocation.reached}`}${relocation.suspicious !== null && html`, suspicious: ${relocation.suspicious}`}</small
    >
  </li>`;
}

function story(cell: CellResult, object: ObjectResult, results: Results): Html {
  const told = cell.reason === null || cell.programs.some(({ reason }) => reason === cell.reason);
  const relocations = cell.relocations.map((relocation) => failingRelocation(relocation, object)).filter((item) => item !== null);
  return html`${!told && html`<p class="reason">${cell.reason}</p>`}${programList(cell, results)}${
    relocations.length > 0 &&
    html`<ul class="failing" aria-label="Relocations that did not resolve">
      ${relocations}
    </ul>`
  }`;
}

/** Cells of neighbouring kernels that say the same are one block; each kernel in its head is what a link to that cell leads to. */
function storyBlocks(object: ObjectResult, cells: readonly CellResult[], results: Results, names: ReadonlyMap<string, string>): Html[] {
  const blocks: { text: string; cells: CellResult[] }[] = [];
  for (const cell of cells) {
    const text = toText(story(cell, object, results));
    const last = blocks.at(-1);
    if (last?.text === text) last.cells.push(cell);
    else blocks.push({ text, cells: [cell] });
  }
  return blocks.flatMap(({ cells: [first, ...same] }) => {
    if (!first) return [];
    const links = [first, ...same].map((cell) => {
      const anchor = cellAnchor(cell.kernel, cell.object);
      return html`<a id="${anchor}" href="#${anchor}">${names.get(cell.kernel)}</a>${cell.flaky && html` <small>flaky</small>`} `;
    });
    return html`<section class="story">
      <h3>${links}${same.length > 0 && html`<small>the same on ${plural(same.length + 1, 'kernel')}</small>`}</h3>
      ${story(first, object, results)}
    </section>`;
  });
}

/** A fold for each object, with what it came to in its head. */
export function objectsPart(results: Results): Html {
  const short = shortKernelNames(results);
  const names = new Map(results.kernels.map(({ id }: KernelResult, index) => [id, short[index] ?? id]));
  const byObject = grouped(results.cells, ({ object }) => object);
  return html`${results.objects.map((object) => {
    const own = new Map((byObject.get(object.id) ?? []).map((cell) => [cell.kernel, cell]));
    const cells = results.kernels.flatMap(({ id }) => own.get(id) ?? []);
    const counts = [...grouped(cells, ({ status }) => status).values()].map(
      ([first, ...more]) => first && html`${statusMark(first.status, more.length + 1)} `,
    );
    return html`<details class="block">
      <summary><strong>${object.id}</strong> ${counts}</summary>
      ${object.compiler !== undefined && html`<p class="expected">Compiled by ${object.compiler}.</p>`}${storyBlocks(object, cells, results, names)}
    </details>`;
  })}`;
}
