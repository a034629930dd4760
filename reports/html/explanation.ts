// The explanation on the page: why a program fails, what the kernel has instead, what to write; and semantic changes.
import type { Results } from '../../harness/results/schema.ts';
import type {
  CausePlace,
  CauseSituation,
  GuardedPlace,
  LogLine,
  RootCause,
  MovedArgument,
  SemanticChangePlace,
} from '../../harness/results/explanation.ts';
import { alternativeWords, certaintyText, guardsText, presenceText } from '../model/explanation-words.ts';
import { plural } from '../../harness/base/text.ts';
import { causeAnchor, cellAnchor, logAnchor, namePart } from './anchors.ts';
import { html, type Html } from './html.ts';
import { type KernelNames, kernelNames } from './kernel-names.ts';
import { lookMark } from './mark.ts';

/** The most source lines shown for a cause; more are only counted. */
const MAX_PLACES = 4;
const MAX_EVIDENCE = 6;

/** Returns the explanation of a root cause by its fingerprint; empty if it has none. */
export type Explain = (fingerprint: string | null) => Html;

function sourceText(source: CausePlace['source']): Html {
  if (!source) return html``;
  return html`<small>${source.exact ? '' : 'near '}${source.file}:${source.line}</small> <code>${source.text.trim()}</code>`;
}

/** Each source line once, with the instruction at which the verifier stopped. */
function placesPart(places: readonly CausePlace[]): Html {
  const shown = new Map<string, CausePlace>();
  for (const place of places) {
    const { source, at } = place;
    const key = source ? `${source.file}:${source.line}` : (at?.text ?? '');
    if (key !== '' && !shown.has(key)) shown.set(key, place);
  }
  const items = [...shown.values()].slice(0, MAX_PLACES).map(({ source, at }) => {
    const insn = at?.text ?? null;
    return html`<li>
      ${sourceText(source)}
      ${at && insn !== null && html`<small>insn ${at.insn}: <code>${insn}</code>${at.state !== null && html`, where <code>${at.state}</code>`}</small>`}
    </li>`;
  });
  const more = shown.size - items.length;
  return items.length === 0
    ? html``
    : html`<ul class="sources">
        ${items}${more > 0 && html`<li><small>and ${plural(more, 'more line')}</small></li>`}
      </ul>`;
}

function logLink({ kernel, object, program, kind, line }: LogLine): Html {
  return html`<a href="#${logAnchor({ kernel, object }, kind, program ?? undefined)}/L${line}">in the log</a>`;
}

function situationItem(situation: CauseSituation, { listed }: KernelNames): Html {
  const { kernels, summary, alternatives, hints, evidence, log } = situation;
  const instead = alternatives.map((alternative) => {
    const { path, type, how } = alternativeWords(alternative);
    return html`<p>instead: <code>${path}</code>, <code>${type}</code> <small>${how}</small></p>`;
  });
  const lines = evidence.slice(0, MAX_EVIDENCE).filter((line) => line !== summary);
  return html`<li data-on="${kernels.map(namePart).join(' ')}">
    <p><small>${listed(kernels)}</small> ${summary}</p>
    ${instead}${hints.map((hint) => html`<p>${hint}</p>`)}
    ${(lines.length > 0 || log) && html`<p class="evidence">${lines.map((line) => html`<code>${line}</code> `)}${log && logLink(log)}</p>`}
  </li>`;
}

function causePart(cause: RootCause, naming: KernelNames, anchored: boolean): Html {
  const { fingerprint, places, situations, presence, knownChange: known, notReached, snippet, advice } = cause;
  const said = [
    presence && presenceText(presence, naming.nameOf),
    known && `known: ${known.text}`,
    notReached && `not checked: ${notReached}`,
    ...advice,
  ];
  const id = anchored && html` id="${causeAnchor(fingerprint)}"`;
  return html`<details class="why" data-cause="${fingerprint}" ${id}>
    <summary>${snippet === null ? 'Why' : 'Why, and what to write instead'} <small>${certaintyText(cause)}</small></summary>
    ${placesPart(places)}
    <ul class="situations">
      ${situations.map((situation) => situationItem(situation, naming))}
    </ul>
    ${said.filter((line) => line !== null && line !== '').map((line) => html`<p>${line}</p>`)}
    ${snippet !== null && html`<div class="copy"><pre tabindex="0">${snippet}</pre></div>`}
  </details>`;
}

/** The explanations of root causes. The first one of each fingerprint gets an id. */
export function explainer(results: Results): Explain {
  const causes = new Map(results.explanation?.causes.map((cause) => [cause.fingerprint, cause]));
  const naming = kernelNames(results);
  const anchors = new Set<string>();
  return (fingerprint) => {
    const cause = fingerprint === null ? undefined : causes.get(fingerprint);
    if (!cause) return html``;
    const anchored = !anchors.has(cause.fingerprint);
    anchors.add(cause.fingerprint);
    return causePart(cause, naming, anchored);
  };
}

function semanticChangeItem({ object, program, relocation, source, what, kernels }: SemanticChangePlace, { nameOf }: KernelNames): Html {
  return html`<li>
    ${lookMark({ shape: '!', word: 'suspicious', tone: 'odd' })} <code>${relocation.access}</code>
    <small>${relocation.kind} in ${object} / ${program}</small>
    <p class="reason">${what}</p>
    <p>${sourceText(source)}</p>
    <p>on ${kernels.map((kernel) => html`<a href="#${cellAnchor(kernel, object)}">${nameOf(kernel)}</a> `)}</p>
  </li>`;
}

function movedArgumentItem({ object, program, subject, parameters }: MovedArgument, { nameOf }: KernelNames): Html {
  return html`<li>
    ${lookMark({ shape: '!', word: 'suspicious', tone: 'odd' })} ${subject}
    <small>in ${object} / ${program}: another parameter on other kernels</small>
    ${parameters.map(
      ({ text, kernels }) =>
        html`<p>
          <code>${text}</code> on ${kernels.map((kernel) => html`<a href="#${cellAnchor(kernel, object)}">${nameOf(kernel)}</a> `)}
        </p>`,
    )}
  </li>`;
}

/** Semantic changes and moved arguments, with a heading; empty without any. */
export function semanticChangeSection(results: Results): Html {
  const { semanticChanges: silent = [], movedArguments: moved = [] } = results.explanation ?? {};
  const count = silent.length + moved.length;
  if (count === 0) return html``;
  const naming = kernelNames(results);
  return html`<h2 id="suspicious">Loads, but may read something else <small>${plural(count, 'place')}</small></h2>
    <ul class="causes">
      ${silent.map((place) => semanticChangeItem(place, naming))} ${moved.map((argument) => movedArgumentItem(argument, naming))}
    </ul>`;
}

/** The guards that keep the verifier away from what kernels lack, for one object. */
export function guardedPart(object: string, places: readonly GuardedPlace[], { listed }: KernelNames): Html {
  const own = places.filter((place) => place.object === object);
  if (own.length === 0) return html``;
  return html`<ul class="guarded" aria-label="Missing, but guarded">
    ${own.map(
      (place) =>
        html`<li>
          ${lookMark({ shape: '∅', word: 'guarded', tone: 'known' })} <code>${place.relocation.access}</code>
          <small>${place.relocation.kind} in ${place.program}, missing on ${listed(place.kernels)}: ${guardsText(place)}</small>
        </li>`,
    )}
  </ul>`;
}
