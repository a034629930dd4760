// The controls of the page: the bar that filters the matrix, and the sheet that lists the keys.
import { html } from './html.ts';

/** The bar above the matrix. */
export const FILTER_BAR = html`<div class="tools" role="search">
  <input
    type="search"
    id="search"
    aria-label="Filter programs"
    autocomplete="off"
    spellcheck="false"
    placeholder='filter: text, o:object p:program k:5.10 s:fail class:core is:flaky !not "quoted"'
  />
  <button type="button" data-only="all" aria-pressed="true">All</button
  ><button type="button" data-only="failures" aria-pressed="false">Unexpected</button
  ><button type="button" data-only="differs" aria-pressed="false">Only rows that differ</button
  ><button type="button" id="clear" class="quiet-button hidden">Clear</button><span id="found" aria-live="polite"></span>
</div>`;

/** The sheet of keys and of the filter language. */
export const KEY_SHEET = html`<dialog id="keys" aria-labelledby="keys-title">
  <h2 id="keys-title">Keys</h2>
  <dl>
    <div>
      <dt><kbd>/</kbd></dt>
      <dd>filter</dd>
    </div>
    <div>
      <dt><kbd>a</kbd> <kbd>f</kbd> <kbd>d</kbd></dt>
      <dd>all rows, unexpected ones, ones that differ</dd>
    </div>
    <div>
      <dt><kbd>n</kbd> <kbd>p</kbd></dt>
      <dd>next, previous unexpected cell</dd>
    </div>
    <div>
      <dt><kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd></dt>
      <dd>from cell to cell</dd>
    </div>
    <div>
      <dt><kbd>[</kbd> <kbd>]</kbd> <kbd>c</kbd></dt>
      <dd>in a cell: previous kernel, next kernel, compare</dd>
    </div>
    <div>
      <dt><kbd>Esc</kbd></dt>
      <dd>back to the matrix</dd>
    </div>
    <div>
      <dt><kbd>t</kbd> <kbd>?</kbd></dt>
      <dd>theme; this</dd>
    </div>
  </dl>
  <h2>Filter</h2>
  <dl>
    <div>
      <dt>text, "more text"</dt>
      <dd>in names, statuses and reasons</dd>
    </div>
    <div>
      <dt>o: p: type: loader:</dt>
      <dd>object, program, type of program, loader</dd>
    </div>
    <div>
      <dt>k: arch:</dt>
      <dd>kernels to show</dd>
    </div>
    <div>
      <dt>s: class:</dt>
      <dd>status, class of failure</dd>
    </div>
    <div>
      <dt>is:</dt>
      <dd>different, flaky, mispredicted</dd>
    </div>
    <div>
      <dt>!</dt>
      <dd>before a word: not</dd>
    </div>
  </dl>
  <form method="dialog"><button>Close</button></form>
</dialog>`;
