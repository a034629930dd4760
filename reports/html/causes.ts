// Failures by cause: each cause once, with its programs and kernels.
import type { Results } from '../../harness/results/schema.ts';
import { type Cause, shortKernelNames } from '../model/summary.ts';
import { grouped, plural } from '../../harness/base/text.ts';
import { cellAnchor } from './anchors.ts';
import { html, type Html } from './html.ts';
import { classLink } from './legend.ts';
import { STATUS_LOOKS } from './shared/looks.ts';

/** The kernels of one program, each a link to its cell. */
function placesOf(where: Cause['where'], names: ReadonlyMap<string, string>): Html {
  const [first] = where;
  return html`<p>
    ${first?.object} / ${first?.program} on
    ${where.map(({ kernel, object }) => html`<a href="#${cellAnchor(kernel, object)}">${names.get(kernel) ?? kernel}</a> `)}
  </p>`;
}

/** A list of causes, in the given order. */
export function causesPart(all: readonly Cause[], results: Results, explain: (fingerprint: string | null) => Html): Html {
  const short = shortKernelNames(results);
  const names = new Map(results.kernels.map(({ id }, index) => [id, short[index] ?? id]));
  const items = all.map((cause) => {
    const look = STATUS_LOOKS[cause.status];
    const programs = grouped(cause.where, ({ object, program }) => JSON.stringify([object, program]));
    return html`<li>
      <span class="mark ${look.tone}"><span aria-hidden="true">${look.shape}</span> ${look.word}</span>
      ${cause.class !== null && html`<strong>${classLink(cause.class)}</strong>`} <span class="reason">${cause.reason}</span>
      ${[...programs.values()].map((where) => placesOf(where, names))}${explain(cause.fingerprint)}
    </li>`;
  });
  return html`<ul class="causes">
    ${items}
  </ul>`;
}

/** The number of causes: `3 causes in 12 places`. */
export function causesSize(all: readonly Cause[]): string {
  const places = all.reduce((sum, { where }) => sum + where.length, 0);
  return `${plural(all.length, 'cause')} in ${plural(places, 'place')}`;
}
