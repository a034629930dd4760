// The body of the page: the overview in full, for which no script is needed.
import type { Comparison } from '../../harness/results/compare.ts';
import type { Results } from '../../harness/results/schema.ts';
import { causes } from '../model/summary.ts';
import { causesSection } from './causes.ts';
import { changesSection } from './changes.ts';
import { FILTER_BAR, KEY_SHEET } from './controls.ts';
import { explainer, semanticChangeSection } from './explanation.ts';
import { header } from './header.ts';
import { historyPart } from './history.ts';
import { html, type Html } from './html.ts';
import { kernelTable, runFacts } from './kernels.ts';
import { legendSection } from './legend.ts';
import { matrixTable } from './matrix.ts';
import { objectsPart } from './objects.ts';
import { relocationMaps } from './relocations.ts';
import { timeSection } from './time.ts';

/** Everything the reader sees: header, overview and key sheet; views take the place of the overview. */
export function bodyPart(results: Results, comparison: Comparison | undefined, linkedLogs: number): Html {
  const unexpected = causes(results, ['fail', 'xpass']);
  const infrastructure = causes(results, ['infra', 'not-run']);
  const explain = explainer(results);
  const maps = results.objects.some(({ relocations }) => relocations.length > 0);
  return html`${header(results, { unexpected: unexpected.length + infrastructure.length, linkedLogs })}
    <main>
      <p id="notice" role="status"></p>
      <section id="view" aria-label="Details"></section>
      <div id="overview">
        <h2 id="programs" class="spoken">Matrix</h2>
        ${changesSection(comparison, results)}${FILTER_BAR}${matrixTable(results)}
        ${causesSection({ id: 'unexpected', title: 'Unexpected', causes: unexpected }, results, explain)}
        ${causesSection({ id: 'infrastructure', title: 'Without a verdict', causes: infrastructure }, results, explain)}
        ${historyPart(results)}
        ${
          maps &&
          html`<h2 id="relocations">Relocations across kernels</h2>
            ${relocationMaps(results)}`
        }
        ${semanticChangeSection(results)}
        ${causesSection({ id: 'known', title: 'Known failures', causes: causes(results, ['xfail']) }, results, explain)}
        <h2 id="cells">Every object on every kernel</h2>
        <noscript
          ><p>
            Here is why, for every object on every kernel. All relocations, logs and commands need a browser that runs the script of this
            page; without it, logs/ and results.json beside this file have them.
          </p></noscript
        >
        ${objectsPart(results)} ${timeSection(results)}
        <h2 id="kernels">Kernels</h2>
        ${kernelTable(results)} ${legendSection(results)}
        <h2 id="run">Run</h2>
        ${runFacts(results)}
      </div>
    </main>
    ${KEY_SHEET}`;
}
