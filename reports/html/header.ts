// The top of the page: what was run, and the results in numbers.
import { PAGE_LOG_LIMIT, sizeText } from '../../harness/base/log-limits.ts';
import { loadersText } from '../../harness/results/loaders-used.ts';
import type { Results } from '../../harness/results/schema.ts';
import { notesOf } from '../model/notes.ts';
import { contradiction, countStatuses, incompleteness, objectsText, reuseText } from '../model/summary.ts';
import { plural } from '../../harness/base/text.ts';
import { html, type Html } from './html.ts';
import { statusMark } from './mark.ts';

/** How many programs on kernels did not do what was predicted, and how many cells needed more than one attempt. */
function marks(results: Results): [query: string, text: string][] {
  const wrong = results.cells.reduce((sum, cell) => sum + cell.programs.filter((program) => contradiction(program) !== null).length, 0);
  const flaky = results.cells.filter((cell) => cell.flaky).length;
  return [
    ...(wrong > 0 ? [['is:mispredicted', `≠ ${wrong} not as predicted`] as [string, string]] : []),
    ...(flaky > 0 ? [['is:flaky', `↻ ${plural(flaky, 'flaky cell')}`] as [string, string]] : []),
  ];
}

/** The title of a report: `5 kernels, 3 objects`. */
export function reportSize(results: Results): string {
  return `${plural(results.kernels.length, 'kernel')}, ${objectsText(results.objects)}`;
}

/** What the head of the page counts. */
interface Counts {
  /** Causes of unexpected results. */
  unexpected: number;
  /** Logs that are not in the page. */
  linkedLogs: number;
}

function linksText(count: number): string {
  const others = count === 1 ? '1 more log is in logs/ beside it, with a link' : `${count} more logs are in logs/ beside it, with links`;
  return `This page has room for ${sizeText(PAGE_LOG_LIMIT)} of logs; ${others} where they would be.`;
}

/** The head of the page. */
export function header(results: Results, { unexpected, linkedLogs }: Counts): Html {
  const { run } = results;
  const incomplete = incompleteness(results);
  const reused = reuseText(results);
  const loaders = loadersText(results);
  const counts = [...countStatuses(results)].map(
    ([status, count]) => html`<li><a href="#?q=s%3A${status}">${statusMark(status, count)}</a></li>`,
  );
  const others = marks(results).map(
    ([query, text]) =>
      html`<li>
        <a href="#?q=${encodeURIComponent(query)}"><span class="mark odd">${text}</span></a>
      </li>`,
  );
  return html`<header>
    <div class="title">
      <h1>corematrix</h1>
      <button type="button" id="theme" class="quiet-button">Theme: system</button
      ><button type="button" id="show-keys" class="quiet-button">Keys</button>
    </div>
    <p>
      ${reportSize(results)} · <time datetime="${run.startedAt}">${run.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time> ·
      ${loaders !== '' && `${loaders} · `}QEMU ${run.host.qemu} with ${run.host.accel} · corematrix
      ${run.tool.version}${
        run.commit &&
        html` · commit
          <code title="${run.commit.hash}">${run.commit.hash.slice(0, 12)}</code>${run.commit.modified === true && ' with changes'}`
      }
    </p>
    ${reused !== null && html`<p>${reused}: nothing their verdicts depend on has changed since.</p>`}
    ${incomplete !== null && html`<p class="interrupted">Not the whole run: ${incomplete}.</p>`}
    ${notesOf(results).map((note) => html`<p>${note}.</p>`)} ${linkedLogs > 0 && html`<p>${linksText(linkedLogs)}</p>`}
    <ul class="counts">
      ${counts}${others}${unexpected === 0 && html`<li class="calm">Nothing unexpected.</li>`}
    </ul>
  </header>`;
}
