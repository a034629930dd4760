// The address of the page says what is shown: the matrix as it is filtered, a cell, a part of it, a comparison.
import type { ObjectData } from '../shared/page-data.ts';
import type { TypeData } from '../shared/page-data.ts';
import type { cellView, ledger, relocationText } from './cell.ts';
import type { firstTrouble, logFold } from './log.ts';
import type { Comparison, compareView, logDiff, relocationDiff, typeDiffs } from './compare.ts';
import type { layoutTable } from './layout.ts';
import type { outcomesOf, relocationHead, RelocationPlace, relocationView, turningPoints } from './relocation.ts';
import type { Place, Tools } from './tools.ts';
import type { cellHead, comparisonHead } from './views.ts';
import type { whyOf } from './why.ts';

export interface Views {
  cellHead: typeof cellHead;
  cellView: typeof cellView;
  ledger: typeof ledger;
  relocationText: typeof relocationText;
  logFold: typeof logFold;
  firstTrouble: typeof firstTrouble;
  whyOf: typeof whyOf;
  comparisonHead: typeof comparisonHead;
  compareView: typeof compareView;
  logDiff: typeof logDiff;
  relocationDiff: typeof relocationDiff;
  typeDiffs: typeof typeDiffs;
  layoutTable: typeof layoutTable;
  outcomesOf: typeof outcomesOf;
  turningPoints: typeof turningPoints;
  relocationHead: typeof relocationHead;
  relocationView: typeof relocationView;
}

interface Surroundings {
  /** Made when first needed: what the page holds is large. */
  tools: () => Tools;
  objectData: (object: number) => Promise<ObjectData>;
  typeData: (type: number) => Promise<TypeData>;
  bar: { restore: (parameters: URLSearchParams) => void; address: () => string };
}

/** Follows the address of the page, now and whenever it changes. */
export function followAddress(views: Views, { tools, objectData, typeData, bar }: Surroundings): void {
  const view = document.querySelector<HTMLElement>('#view');
  let place: Place | null = null;
  let left: { scroll: number; focus: Element | null } | null = null;
  /** Which step of the reader this is: what is unpacked for an earlier one is not shown any more. */
  let step = 0;

  const say = (text: string) => {
    const notice = document.getElementById('notice');
    if (notice) notice.textContent = text;
  };
  const nothing = () => say(`There is nothing in this report at “${location.hash}”.`);
  const unmark = () => {
    for (const marked of document.querySelectorAll('.marked')) marked.classList.remove('marked');
  };

  const showMatrix = () => {
    place = null;
    if (!document.body.classList.contains('viewing')) return;
    document.body.classList.remove('viewing');
    view?.replaceChildren();
    scrollTo(0, left?.scroll ?? 0);
    if (left?.focus instanceof HTMLElement) left.focus.focus({ preventScroll: true });
    left = null;
  };

  const showView = (...parts: HTMLElement[]) => {
    left ??= { scroll: scrollY, focus: document.activeElement };
    document.body.classList.add('viewing');
    view?.replaceChildren(...parts);
    scrollTo(0, 0);
    view?.querySelector<HTMLElement>('h2')?.focus({ preventScroll: true });
  };

  /** Opens and marks what has this id; says so where there is no such thing. */
  const showTarget = (id: string) => {
    document.getElementById(id.replace(/\/L\d+$/, ''))?.dispatchEvent(new Event('fill'));
    const target = document.getElementById(id);
    if (!target) {
      nothing();
      return;
    }
    target.classList.add('marked');
    for (let box = target.closest('details'); box; box = box.parentElement?.closest('details') ?? null) box.open = true;
    target.scrollIntoView({ block: target.classList.contains('line') ? 'center' : 'start' });
  };

  const showCell = async (where: Place, fragment: string) => {
    const asked = step;
    const data = await objectData(where.object);
    const cell = data.cells[where.kernel];
    if (asked !== step) return;
    if (!cell) {
      showMatrix();
      nothing();
      return;
    }
    // A link within the cell that is shown leaves it as it is.
    const shown = place?.kernel === where.kernel && place.object === where.object;
    if (!shown) showView(views.cellHead(tools(), where, data, bar.address()), views.cellView(tools(), where, data, cell, views));
    place = where;
    if (fragment !== tools().anchor(where)) showTarget(fragment);
    else if (shown) scrollTo(0, 0);
  };

  const typesOf = async (relocations: readonly { touches: readonly { type: number }[] }[]) => {
    const positions = [...new Set(relocations.flatMap(({ touches }) => touches.map(({ type }) => type)))];
    return new Map(await Promise.all(positions.map(async (at) => [at, await typeData(at)] as const)));
  };

  const showComparison = async (where: Comparison) => {
    const asked = step;
    const data = await objectData(where.object);
    const types = await typesOf(data.relocations);
    if (asked !== step) return;
    place = null;
    showView(views.comparisonHead(tools(), where, bar.address()), views.compareView(tools(), where, data, types, views));
  };

  const showRelocation = async (where: RelocationPlace) => {
    const asked = step;
    const data = await objectData(where.object);
    const known = data.relocations[where.ref];
    const types = await typesOf(known ? [known] : []);
    if (asked !== step) return;
    if (!known) {
      showMatrix();
      nothing();
      return;
    }
    place = null;
    showView(
      views.relocationHead(tools(), where, data, bar.address(), views.turningPoints, views.outcomesOf),
      views.relocationView(tools(), where, data, types, views),
    );
  };

  const follow = async (fragment: string): Promise<void> => {
    const { kernels, objects } = tools().data;
    const find = (list: readonly { anchor: string }[], anchor: string | undefined) => list.findIndex((item) => item.anchor === anchor);
    const [, kernel, object] = /^c\/([^/]*)\/([^/]*)(?:\/|$)/.exec(fragment) ?? [];
    const where = { kernel: find(kernels, kernel), object: find(objects, object) };
    if (where.kernel >= 0 && where.object >= 0) return showCell(where, fragment);
    const [, one, two, both, program] = /^compare\/([^/]*)\/([^/]*)\/([^/]*)(?:\/([^/]*))?$/.exec(fragment) ?? [];
    const compared = { left: find(kernels, one), right: find(kernels, two), object: find(objects, both) };
    const chosen = program === undefined ? null : find(objects[compared.object]?.programs ?? [], program);
    if (Object.values(compared).every((at) => at >= 0) && chosen !== -1) return showComparison({ ...compared, program: chosen });
    const [, of, ref, from, to] = /^relo\/([^/]*)\/(\d+)\/([^/]*)\/([^/]*)$/.exec(fragment) ?? [];
    const relocated = { object: find(objects, of), ref: Number(ref ?? -1), left: find(kernels, from), right: find(kernels, to) };
    if (Object.values(relocated).every((at) => at >= 0)) return showRelocation(relocated);
    showMatrix();
    showTarget(fragment);
  };

  const decoded = (fragment: string) => {
    try {
      return decodeURIComponent(fragment);
    } catch {
      return fragment;
    }
  };

  const route = () => {
    step += 1;
    say('');
    unmark();
    const fragment = location.hash.slice(1);
    if (fragment === '' || fragment.startsWith('?')) {
      bar.restore(new URLSearchParams(fragment.slice(1)));
      showMatrix();
      return;
    }
    follow(decoded(fragment)).catch((error: unknown) => {
      say(`This browser cannot unpack what is known of it (${String(error)}); logs/ and results.json beside this file have it.`);
    });
  };

  // Without scripts a link to a cell leads to where it is told; with this one it leads to a view, and nothing is to scroll there first.
  for (const link of document.querySelectorAll('.story h3 a')) link.removeAttribute('id');
  addEventListener('hashchange', route);
  route();
}
