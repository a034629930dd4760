// Shows what the address of the page names: the filtered matrix, a cell or a part of it, a comparison, a relocation.
import type { RelocationData } from '../shared/page-data.ts';
import type { Bar } from './bar.ts';
import { cellHead, cellView } from './cell.ts';
import { comparisonHead, comparisonView, type TypesByPosition } from './comparison.ts';
import { objectData, pageData, typeData } from './page.ts';
import { cellId, type CellPlace, type ComparisonPlace, parseAddress, type RelocationPlace } from './places.ts';
import { relocationHead, relocationView } from './relocation.ts';
import { removeMarks, say, sayNothingThere, showOverview, showTarget, showView } from './screen.ts';

/** Unpacks the types that relocations go through. */
async function typesOf(relocations: readonly RelocationData[]): Promise<TypesByPosition> {
  const positions = [...new Set(relocations.flatMap(({ touches }) => touches.map(({ type }) => type)))];
  return new Map(await Promise.all(positions.map(async (at) => [at, await typeData(at)] as const)));
}

/** Shows addresses one after the other. */
class Router {
  /** The cell that is shown. */
  private cell: CellPlace | null = null;
  /** The number of addresses so far. Data that was unpacked for an earlier one is no longer shown. */
  private step = 0;
  private readonly bar: Bar;

  constructor(bar: Bar) {
    this.bar = bar;
  }

  /** Shows what the address of the page names. */
  readonly route = (): void => {
    this.step += 1;
    say('');
    removeMarks();
    const fragment = location.hash.slice(1);
    if (fragment === '' || fragment.startsWith('?')) {
      this.bar.restore(new URLSearchParams(fragment.slice(1)));
      this.leaveView();
      return;
    }
    this.follow(decoded(fragment)).catch((error: unknown) => {
      say(`This browser cannot unpack this part of the report (${String(error)}); logs/ and results.json beside this file have it.`);
    });
  };

  private async follow(address: string): Promise<void> {
    const destination = parseAddress(address, pageData());
    switch (destination?.view) {
      case 'cell':
        return this.showCell(destination.place, address);
      case 'comparison':
        return this.showComparison(destination.place);
      case 'relocation':
        return this.showRelocation(destination.place);
      case undefined:
        this.leaveView();
        showTarget(address);
    }
  }

  private leaveView(): void {
    this.cell = null;
    showOverview();
  }

  private showNothing(): void {
    this.leaveView();
    sayNothingThere();
  }

  private async showCell(place: CellPlace, address: string): Promise<void> {
    const { step } = this;
    const data = await objectData(place.object);
    if (step !== this.step) return;
    const cell = data.cells[place.kernel];
    if (!cell) {
      this.showNothing();
      return;
    }
    // A link within the current cell does not build the view again.
    const isShown = this.cell?.kernel === place.kernel && this.cell.object === place.object;
    if (!isShown) showView(cellHead(place, data, this.bar.address()), cellView(place, data, cell));
    this.cell = place;
    if (address !== cellId(place)) showTarget(address);
    else if (isShown) scrollTo(0, 0);
  }

  private async showComparison(place: ComparisonPlace): Promise<void> {
    const { step } = this;
    const [left, right] = await Promise.all([objectData(place.object), objectData(place.rightObject)]);
    const types = await typesOf(left.relocations);
    if (step !== this.step) return;
    this.cell = null;
    showView(comparisonHead(place, this.bar.address()), comparisonView(place, { left, right }, types));
  }

  private async showRelocation(place: RelocationPlace): Promise<void> {
    const { step } = this;
    const data = await objectData(place.object);
    const relocation = data.relocations[place.ref];
    const types = await typesOf(relocation ? [relocation] : []);
    if (step !== this.step) return;
    if (!relocation) {
      this.showNothing();
      return;
    }
    this.cell = null;
    showView(relocationHead(place, data, this.bar.address()), relocationView(place, data, types));
  }
}

/** Undoes the encoding of an address by the browser. */
function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

/** Shows what the address of the page names, now and after each change. */
export function followAddress(bar: Bar): void {
  // Without this script, a link to a cell leads to its place in the overview. With it, the link leads to a view, so nothing may scroll.
  for (const link of document.querySelectorAll('.story h3 a')) link.removeAttribute('id');
  const router = new Router(bar);
  addEventListener('hashchange', router.route);
  router.route();
}
