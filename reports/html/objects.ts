// The results of each object, readable without scripts: reasons and failing relocations. Neighbouring kernels with the same result share a part.
import type { CellProgram, CellRelocation, CellResult, ObjectResult, Results } from '../../harness/results/schema.ts';
import { logText } from '../../harness/results/logs.ts';
import { contradiction } from '../model/summary.ts';
import { grouped, plural } from '../../harness/base/text.ts';
import { cellAnchor } from './anchors.ts';
import { failureFacts } from './failure-facts.ts';
import { html, type Html, toText } from './html.ts';
import { classMeaning } from './legend.ts';
import { logTail } from './shared/log-tail.ts';
import { lookOf } from './shared/looks.ts';
import { type KernelNames, kernelNames } from './kernel-names.ts';
import { lookMark, statusMark } from './mark.ts';

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

/** The programs of a cell. Those that pass without a note share one line. */
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
    ${lookMark(look)} <code>${access}</code>
    <small
      >${kind} in
      ${program}${source && html`, ${source.file}:${source.line}`}${relocation.reached !== null && html`, reached: ${relocation.reached}`}${relocation.suspicious !== null && html`, suspicious: ${relocation.suspicious}`}</small
    >
  </li>`;
}

function story(cell: CellResult, object: ObjectResult, results: Results): Html {
  const isRepeated = cell.reason === null || cell.programs.some(({ reason }) => reason === cell.reason);
  const relocations = cell.relocations.map((relocation) => failingRelocation(relocation, object)).filter((item) => item !== null);
  return html`${!isRepeated && html`<p class="reason">${cell.reason}</p>`}${programList(cell, results)}${
    relocations.length > 0 &&
    html`<ul class="failing" aria-label="Relocations that did not resolve">
      ${relocations}
    </ul>`
  }`;
}

/** The story of neighbouring kernels on which the same happened. */
interface Story {
  text: string;
  story: Html;
  cells: CellResult[];
}

/** The stories of an object, in the order of its cells. */
function stories(object: ObjectResult, cells: readonly CellResult[], results: Results): Story[] {
  const found: Story[] = [];
  for (const cell of cells) {
    const own = story(cell, object, results);
    const text = toText(own);
    const last = found.at(-1);
    if (last?.text === text) last.cells.push(cell);
    else found.push({ text, story: own, cells: [cell] });
  }
  return found;
}

/** One story; a link to a cell leads to the name of its kernel in the head. */
function storyPart({ story: own, cells }: Story, { nameOf }: KernelNames): Html {
  const links = cells.map(({ kernel, object, flaky }) => {
    const anchor = cellAnchor(kernel, object);
    return html`<a id="${anchor}" href="#${anchor}">${nameOf(kernel)}</a>${flaky && html` <small>flaky</small>`} `;
  });
  return html`<section class="story">
    <h3>${links}${cells.length > 1 && html`<small>the same on ${plural(cells.length, 'kernel')}</small>`}</h3>
    ${own}
  </section>`;
}

function objectFold(object: ObjectResult, cells: readonly CellResult[], results: Results, names: KernelNames): Html {
  const counts = [...grouped(cells, ({ status }) => status).values()].map(
    ([first, ...more]) => first && html`${statusMark(first.status, more.length + 1)} `,
  );
  return html`<details class="block">
    <summary><strong>${object.id}</strong> ${counts}</summary>
    ${object.compiler !== undefined && html`<p class="expected">Compiled by ${object.compiler}.</p>`}${stories(object, cells, results).map((each) => storyPart(each, names))}
  </details>`;
}

/** A fold for each object: in its head the statuses of its cells, in it their stories. */
export function objectsPart(results: Results): Html {
  const names = kernelNames(results);
  const byObject = grouped(results.cells, ({ object }) => object);
  return html`${results.objects.map((object) => {
    const own = new Map((byObject.get(object.id) ?? []).map((cell) => [cell.kernel, cell]));
    const cells = results.kernels.flatMap(({ id }) => own.get(id) ?? []);
    return objectFold(object, cells, results, names);
  })}`;
}
