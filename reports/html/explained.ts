// The explanation on the page: why a program fails, what the kernel has instead, what to write; and semantic changes.
import type { Results } from '../../harness/results/schema.ts';
import type {
  CausePlace,
  CauseSituation,
  GuardedPlace,
  LogLine,
  RootCause,
  SemanticChangePlace,
} from '../../harness/results/explanation.ts';
import { alternativeWords, certaintyText, guardsText, presenceText } from '../model/explanation-words.ts';
import { shortKernelNames } from '../model/summary.ts';
import { plural } from '../../harness/base/text.ts';
import { causeAnchor, cellAnchor, logAnchor, namePart } from './anchors.ts';
import { html, type Html } from './html.ts';

/** The most source lines shown for a cause; more are only counted. */
const MAX_PLACES = 4;
const MAX_EVIDENCE = 6;

/** Names of kernels, as in the matrix. */
export interface Naming {
  nameOf: (kernel: string) => string;
  /** Several of them; neighbours of one architecture as a range: `5.10.262, 6.12.118 to 7.3.4`. */
  listed: (kernels: readonly string[]) => string;
}

/** The short names of the kernels of a run. */
export function kernelNaming(results: Results): Naming {
  const short = shortKernelNames(results);
  const names = new Map(results.kernels.map(({ id }, index) => [id, short[index] ?? id]));
  const nameOf = (kernel: string) => names.get(kernel) ?? kernel;
  const listed = (kernels: readonly string[]) => {
    const wanted = new Set(kernels);
    const ranges: string[][] = [];
    let before: string | null = null;
    for (const { id, arch } of results.kernels) {
      const last = ranges.at(-1);
      if (wanted.has(id) && before === arch && last) last.push(nameOf(id));
      else if (wanted.has(id)) ranges.push([nameOf(id)]);
      before = wanted.has(id) ? arch : null;
    }
    return ranges.map((range) => (range.length > 2 ? `${range[0]} to ${range.at(-1)}` : range.join(', '))).join(', ');
  };
  return { nameOf, listed };
}

function sourceText(source: CausePlace['source']): Html {
  if (!source) return html``;
  return html`<small>${source.exact ? '' : 'near '}${source.file}:${source.line}</small> <code>${source.text.trim()}</code>`;
}

/** Each source line once, with the instruction at which the verifier stopped. */
function placesPart(places: readonly CausePlace[]): Html {
  const told = new Map<string, CausePlace>();
  for (const place of places) {
    const { source, at } = place;
    const key = source ? `${source.file}:${source.line}` : (at?.text ?? '');
    if (key !== '' && !told.has(key)) told.set(key, place);
  }
  const items = [...told.values()].slice(0, MAX_PLACES).map(({ source, at }) => {
    const insn = at?.text ?? null;
    return html`<li>
      ${sourceText(source)}
      ${at && insn !== null && html`<small>insn ${at.insn}: <code>${insn}</code>${at.state !== null && html`, where <code>${at.state}</code>`}</small>`}
    </li>`;
  });
  const more = told.size - items.length;
  return items.length === 0
    ? html``
    : html`<ul class="sources">
        ${items}${more > 0 && html`<li><small>and ${plural(more, 'more line')}</small></li>`}
      </ul>`;
}

function logLink({ kernel, object, program, kind, line }: LogLine): Html {
  return html`<a href="#${logAnchor({ kernel, object }, kind, program ?? undefined)}/L${line}">in the log</a>`;
}

function situationItem(situation: CauseSituation, { listed }: Naming): Html {
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

function causePart(cause: RootCause, naming: Naming, anchored: boolean): Html {
  const { fingerprint, places, situations, presence, knownChange: known, notReached: hides, snippet, advice } = cause;
  const said = [presence && presenceText(presence, naming.nameOf), known && `known: ${known.text}`, hides && `hides: ${hides}`, ...advice];
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

/** The explanation of a cause, by fingerprint; empty for an unknown one. The first use gets an id. */
export function explainer(results: Results): (fingerprint: string | null) => Html {
  const causes = new Map(results.explanation?.causes.map((cause) => [cause.fingerprint, cause]));
  const naming = kernelNaming(results);
  const told = new Set<string>();
  return (fingerprint) => {
    const cause = fingerprint === null ? undefined : causes.get(fingerprint);
    if (!cause) return html``;
    const anchored = !told.has(cause.fingerprint);
    told.add(cause.fingerprint);
    return causePart(cause, naming, anchored);
  };
}

function semanticChangeItem({ object, program, relocation, source, what, kernels }: SemanticChangePlace, { nameOf }: Naming): Html {
  return html`<li>
    <span class="mark odd"><span aria-hidden="true">!</span> suspicious</span> <code>${relocation.access}</code>
    <small>${relocation.kind} in ${object} / ${program}</small>
    <p class="reason">${what}</p>
    <p>${sourceText(source)}</p>
    <p>on ${kernels.map((kernel) => html`<a href="#${cellAnchor(kernel, object)}">${nameOf(kernel)}</a> `)}</p>
  </li>`;
}

/** Semantic changes, with a heading; empty without any. */
export function semanticChangeSection(results: Results): Html {
  const silent = results.explanation?.semanticChanges ?? [];
  if (silent.length === 0) return html``;
  const naming = kernelNaming(results);
  return html`<h2 id="suspicious">Loads, but may read something else <small>${plural(silent.length, 'place')}</small></h2>
    <ul class="causes">
      ${silent.map((place) => semanticChangeItem(place, naming))}
    </ul>`;
}

/** The guards that keep the verifier away from what kernels lack, for one object. */
export function guardedPart(object: string, places: readonly GuardedPlace[], { listed }: Naming): Html {
  const own = places.filter((place) => place.object === object);
  if (own.length === 0) return html``;
  return html`<ul class="guarded" aria-label="Missing, but guarded">
    ${own.map(
      (place) =>
        html`<li>
          <span class="mark known"><span aria-hidden="true">∅</span> guarded</span> <code>${place.relocation.access}</code>
          <small>${place.relocation.kind} in ${place.program}, missing on ${listed(place.kernels)}: ${guardsText(place)}</small>
        </li>`,
    )}
  </ul>`;
}
