// What stands above a cell or a comparison: where one is, and where one can go from there.
import type { ObjectData } from '../shared/page-data.ts';
import type { Comparison } from './compare.ts';
import type { Place, Tools } from './tools.ts';

/** The head of a cell; the kernel it is best compared with is the nearest one where the object came to something else. */
export function cellHead(tools: Tools, place: Place, data: ObjectData, up: string): HTMLElement {
  const { element } = tools;
  const { kernels, objects, looks } = tools.data;
  const object = objects[place.object];
  const cell = data.cells[place.kernel];
  const story = (at: number) => data.cells[at]?.programs.map(({ status, reason }) => `${status} ${reason}`).join();
  const others = [...kernels.keys()].filter((at) => at !== place.kernel && data.cells[at]);
  const near = others.toSorted((a, b) => Math.abs(a - place.kernel) - Math.abs(b - place.kernel));
  const other = near.find((at) => story(at) !== story(place.kernel)) ?? near[0];
  const step = (name: 'previous' | 'next', at: number | undefined) =>
    at === undefined
      ? null
      : element(
          'a',
          { href: `#${tools.anchor({ ...place, kernel: at })}`, 'data-go': name },
          name === 'next' ? `${kernels[at]?.name} →` : `← ${kernels[at]?.name}`,
        );
  const pair = [place.kernel, other ?? 0].toSorted((a, b) => a - b).map((at) => kernels[at]?.anchor);
  const comparison =
    other === undefined
      ? null
      : element(
          'a',
          { href: `#compare/${pair.join('/')}/${object?.anchor}`, 'data-go': 'compare' },
          `Compare with ${kernels[other]?.name}`,
        );
  const nav = element(
    'nav',
    { 'aria-label': 'Report' },
    element('a', { href: up, 'data-go': 'up' }, 'Matrix'),
    step(
      'previous',
      others.findLast((at) => at < place.kernel),
    ),
    step(
      'next',
      others.find((at) => at > place.kernel),
    ),
    comparison,
    tools.copyButton('Copy link', () => location.href),
  );
  return element(
    'div',
    { class: 'view-head' },
    nav,
    element(
      'h2',
      { tabindex: '-1' },
      cell ? tools.mark(looks[cell.status]) : null,
      ` ${object?.id} on ${kernels[place.kernel]?.name}`,
      cell?.flaky && element('small', {}, ' flaky'),
      element('small', { class: 'facts' }, kernels[place.kernel]?.facts),
    ),
  );
}

/** The head of a comparison. */
export function comparisonHead(tools: Tools, { object, left, right }: Comparison, up: string): HTMLElement {
  const { element } = tools;
  const { kernels, objects } = tools.data;
  const links = [left, right].map((kernel) => element('a', { href: `#${tools.anchor({ kernel, object })}` }, kernels[kernel]?.name));
  const nav = element(
    'nav',
    { 'aria-label': 'Report' },
    element('a', { href: up, 'data-go': 'up' }, 'Matrix'),
    links,
    tools.copyButton('Copy link', () => location.href),
  );
  return element(
    'div',
    { class: 'view-head' },
    nav,
    element(
      'h2',
      { tabindex: '-1' },
      objects[object]?.id,
      element('small', { class: 'facts' }, `${kernels[left]?.name} and ${kernels[right]?.name} compared`),
    ),
  );
}
