// Failures by cause: each cause once, with its programs and kernels.
import type { Results } from '../../harness/results/schema.ts';
import type { Cause } from '../model/summary.ts';
import { grouped, plural } from '../../harness/base/text.ts';
import { cellAnchor } from './anchors.ts';
import type { Explain } from './explanation.ts';
import { html, type Html } from './html.ts';
import { type KernelNames, kernelNames } from './kernel-names.ts';
import { classLink } from './legend.ts';
import { statusMark } from './mark.ts';

/** The kernels of one program, each a link to its cell. */
function placesOf(where: Cause['where'], { nameOf }: KernelNames): Html {
  const [first] = where;
  return html`<p>
    ${first?.object} / ${first?.program} on
    ${where.map(({ kernel, object }) => html`<a href="#${cellAnchor(kernel, object)}">${nameOf(kernel)}</a> `)}
  </p>`;
}

function causeList(all: readonly Cause[], results: Results, explain: Explain): Html {
  const names = kernelNames(results);
  const items = all.map((cause) => {
    const programs = grouped(cause.where, ({ object, program }) => JSON.stringify([object, program]));
    return html`<li>
      ${statusMark(cause.status)} ${cause.class !== null && html`<strong>${classLink(cause.class)}</strong>`}
      <span class="reason">${cause.reason}</span>
      ${[...programs.values()].map((where) => placesOf(where, names))}${explain(cause.fingerprint)}
    </li>`;
  });
  return html`<ul class="causes">
    ${items}
  </ul>`;
}

/** The number of causes: `3 causes in 12 places`. */
function causesSize(all: readonly Cause[]): string {
  const places = all.reduce((sum, { where }) => sum + where.length, 0);
  return `${plural(all.length, 'cause')} in ${plural(places, 'place')}`;
}

interface Section {
  id: string;
  title: string;
  causes: readonly Cause[];
}

/** A section with its heading: the causes in their order, each with its explanation. Empty when there are no causes. */
export function causesSection({ id, title, causes }: Section, results: Results, explain: Explain): Html {
  if (causes.length === 0) return html``;
  return html`<h2 id="${id}">${title} <small>${causesSize(causes)}</small></h2>
    ${causeList(causes, results, explain)}`;
}
