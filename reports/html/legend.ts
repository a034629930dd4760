// What the words of a report mean: the statuses, relocation outcomes and failure classes that occur in it.
import { FAILURE_CLASSES, FAILURES, type FailureClass } from '../../harness/base/failures.ts';
import { OUTCOME_MEANINGS, OUTCOMES, STATUS_MEANINGS, STATUSES } from '../../harness/base/vocabulary.ts';
import type { Results } from '../../harness/results/schema.ts';
import { classAnchor } from './anchors.ts';
import { html, type Html } from './html.ts';
import { lookMark } from './mark.ts';
import { type Look, OUTCOME_LOOKS, STATUS_LOOKS } from './shared/looks.ts';

/** A failure class in one line, for a tooltip. */
export function classMeaning(failure: FailureClass): string {
  const { title, meaning } = FAILURES[failure];
  return `${title}: ${meaning}`;
}

/** The name of a failure class: its tooltip explains it in one line, its link leads to the legend. */
export function classLink(failure: FailureClass): Html {
  return html`<a href="#${classAnchor(failure)}" title="${classMeaning(failure)}">${failure}</a>`;
}

function lookItem(look: Look, meaning: string): Html {
  return html`<div>
    <dt>${lookMark(look)}</dt>
    <dd>${meaning}</dd>
  </div>`;
}

function classItem(failure: FailureClass): Html {
  const { title, meaning, help } = FAILURES[failure];
  return html`<div id="${classAnchor(failure)}">
    <dt>${failure}</dt>
    <dd>
      <strong>${title}.</strong> ${meaning}
      <p>What to do: ${help}</p>
    </dd>
  </div>`;
}

function group(title: string, items: readonly Html[]): Html {
  if (items.length === 0) return html``;
  return html`<h3>${title}</h3>
    <dl class="legend">${items}</dl>`;
}

/** The legend, heading and all. */
export function legendSection({ cells }: Results): Html {
  const statuses = new Set(cells.flatMap((cell) => [cell.status, ...cell.programs.map(({ status }) => status)]));
  const outcomes = new Set(cells.flatMap(({ relocations }) => relocations.map(({ outcome }) => outcome)));
  const classes = new Set(cells.flatMap((cell) => [cell.class, ...cell.programs.map((program) => program.class)]));
  return html`<h2 id="legend">Legend</h2>
    ${group(
      'Statuses',
      STATUSES.filter((status) => statuses.has(status)).map((status) => lookItem(STATUS_LOOKS[status], STATUS_MEANINGS[status])),
    )}
    ${group(
      'Relocation outcomes',
      OUTCOMES.filter((outcome) => outcomes.has(outcome)).map((outcome) => lookItem(OUTCOME_LOOKS[outcome], OUTCOME_MEANINGS[outcome])),
    )}
    ${group('Failure classes', FAILURE_CLASSES.filter((failure) => classes.has(failure)).map(classItem))}`;
}
