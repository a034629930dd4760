// Changes since a baseline; the page shows them first.
import type { Comparison } from '../../harness/results/compare.ts';
import type { Results } from '../../harness/results/schema.ts';
import { changeCounts, type ChangeGroup, changeGroups, changeWord } from '../model/change-groups.ts';
import { html, type Html } from './html.ts';
import { kernelNames } from './kernel-names.ts';
import { lookMark } from './mark.ts';
import type { Look } from './shared/looks.ts';

const LOOKS = {
  regression: ['▼', 'bad'],
  'new-failure': ['✕', 'bad'],
  'still-failing': ['✕', 'known'],
  'no-verdict': ['⚠', 'infra'],
  fixed: ['▲', 'good'],
  'new-pass': ['●', 'good'],
  appeared: ['+', 'quiet'],
  disappeared: ['−', 'quiet'],
  lost: ['✕', 'bad'],
  'guard-flipped': ['∅', 'odd'],
  'value-moved': ['→', 'quiet'],
  found: ['●', 'good'],
} as const satisfies Record<ChangeGroup['change'], readonly [string, Look['tone']]>;

/** The section with its heading; empty without a baseline. */
export function changesSection(comparison: Comparison | undefined, results: Results): Html {
  if (!comparison) return html``;
  const { listed } = kernelNames(results);
  const items = changeGroups(comparison).map(({ change, what, programs, kernels }) => {
    const [shape, tone] = LOOKS[change];
    return html`<li>
      ${lookMark({ shape, tone, word: changeWord(change) })} <span class="reason">${what}</span>
      <p>${programs.join(', ')} on ${listed(kernels) || kernels.join(', ')}</p>
    </li>`;
  });
  return html`<h2 id="changes">
      Since ${comparison.baseline.slice(0, 16).replace('T', ' ')} UTC <small>${changeCounts(comparison)}</small>
    </h2>
    ${
      items.length > 0 &&
      html`<ul class="causes">
        ${items}
      </ul>`
    }`;
}
