// Shows and hides the rows of the matrix. Drawing thousands of cells takes too long while the reader types. So rows in the window are
// drawn at once (`near`: without the columns beyond the right edge), and all others (`later`) when the reader pauses. Rows to hide become
// invisible at once (`gone`), but leave the layout later (`hidden`), because the next key may need them again.

/** The rows of one object, and the element that contains them. */
export interface ObjectRows {
  body: HTMLElement;
  rows: readonly HTMLTableRowElement[];
}

export interface Rows {
  /** Shows exactly the rows for which `wanted` is true and returns their number. If columns changed, every row is drawn again. */
  show: (wanted: (row: HTMLTableRowElement) => boolean, columnsChanged: boolean) => number;
  /** Draws all waiting rows, so that every shown row can take the focus. */
  settle: () => void;
}

/** The pause after which waiting rows are drawn, in ms, and the number of elements that are drawn at a time. */
const PAUSE_MS = 150;
const BATCH = 4;
/** Approximate heights of a row and of the head of an object, in pixels, to estimate how many fill the window. */
const ROW_HEIGHT = 31;
const OBJECT_HEIGHT = 43;

/** The visible part of the matrix: the first visible object, and the height of the window that is left for rows. */
interface Sight {
  first: number;
  room: number;
}

/** Measures the visible part. The browser must lay out the page for this, so it is done only after scrolling. */
function measureSight(objects: readonly ObjectRows[]): Sight {
  const body = objects[0]?.body;
  const top = body?.closest('.scroll')?.getBoundingClientRect().top ?? 0;
  const head = body?.parentElement?.querySelector('thead')?.getBoundingClientRect().bottom ?? 0;
  const first = objects.findIndex((object) => object.body.getBoundingClientRect().bottom > Math.max(0, top));
  return { first, room: innerHeight - Math.max(0, head) };
}

/** Returns the visible part, and measures it again only after scrolling or a change of the window. */
function watchSight(objects: readonly ObjectRows[]): () => Sight {
  let sight = measureSight(objects);
  let isStale = false;
  for (const event of ['scroll', 'resize']) addEventListener(event, () => (isStale = true), { capture: true, passive: true });
  return () => {
    if (isStale) sight = measureSight(objects);
    isStale = false;
    return sight;
  };
}

/** The rows to show: those of the objects above the first visible one, and the others. */
interface Shown {
  above: HTMLTableRowElement[];
  below: HTMLTableRowElement[];
}

/** All rows in the order in which the reader needs them: from the visible part down, then from there up. */
const inOrderOfNeed = ({ above, below }: Shown) => [...below, ...above.toReversed()];

/** The rows that fill the window from the visible part down. If too few are below, rows above follow. */
function rowsInSight(shown: Shown, { room }: Sight): Set<HTMLTableRowElement> {
  const found = new Set<HTMLTableRowElement>();
  let left = room;
  let object: ParentNode | null = null;
  for (const row of inOrderOfNeed(shown)) {
    if (left <= 0) break;
    found.add(row);
    left -= ROW_HEIGHT + (row.parentNode === object ? 0 : OBJECT_HEIGHT);
    object = row.parentNode;
  }
  return found;
}

/** Which rows and objects are shown, and which of them changed. */
class Presence {
  private readonly present: Set<HTMLElement>;
  /** The elements that were shown and hidden since `begin`. */
  came = new Set<HTMLElement>();
  went: HTMLElement[] = [];

  constructor(elements: readonly HTMLElement[]) {
    this.present = new Set(elements);
  }

  begin(): void {
    this.came = new Set();
    this.went = [];
  }

  has(element: HTMLElement): boolean {
    return this.present.has(element);
  }

  set(element: HTMLElement, isWanted: boolean): void {
    if (isWanted === this.present.has(element)) return;
    if (isWanted) {
      element.classList.remove('gone', 'hidden');
      this.present.add(element);
      this.came.add(element);
    } else {
      element.classList.remove('later', 'near');
      element.classList.add('gone');
      this.present.delete(element);
      this.went.push(element);
    }
  }
}

/** Elements that wait to be drawn or hidden, a few at a time when the reader pauses. */
class Waiting {
  private elements: HTMLElement[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Adds elements before and after those that wait already. Elements without anything to do are ignored. */
  add(first: readonly HTMLElement[], last: readonly HTMLElement[]): void {
    this.elements = [...new Set([...first, ...this.elements, ...last])].filter((element) => element.matches('.near, .later, .gone'));
  }

  /** Starts the pause again after the reader did something. */
  restart(): void {
    clearTimeout(this.timer);
    if (this.elements.length > 0) this.timer = setTimeout(() => this.draw(BATCH), PAUSE_MS);
  }

  drawAll(): void {
    this.draw(this.elements.length);
  }

  private draw(count: number): void {
    clearTimeout(this.timer);
    for (const element of this.elements.splice(0, count)) {
      element.classList.remove('later', 'near');
      if (element.classList.contains('gone')) element.classList.replace('gone', 'hidden');
    }
    if (this.elements.length > 0) this.timer = setTimeout(() => this.draw(BATCH), 0);
  }
}

/** Controls the rows of the matrix. */
export function controlRows(objects: readonly ObjectRows[]): Rows {
  const sightNow = watchSight(objects);
  const presence = new Presence(objects.flatMap(({ body, rows }) => [body, ...rows]));
  const waiting = new Waiting();

  const choose = (wanted: (row: HTMLTableRowElement) => boolean, { first }: Sight): Shown => {
    const shown: Shown = { above: [], below: [] };
    for (const [at, { body, rows }] of objects.entries()) {
      const kept = rows.filter((row) => {
        const isWanted = wanted(row);
        presence.set(row, isWanted);
        return isWanted;
      });
      presence.set(body, kept.length > 0);
      (at < first ? shown.above : shown.below).push(...kept);
    }
    return shown;
  };

  /** Draws the visible rows. Objects below them wait as a whole, because rows in a waiting object cost nothing. */
  const draw = (shown: Shown, sight: Sight, isAnew: boolean) => {
    const now = rowsInSight(shown, sight);
    const begun = new Set([...now].map((row) => row.parentElement));
    const rest = inOrderOfNeed(shown).filter((row) => !now.has(row));
    for (const row of now) {
      row.classList.remove('later');
      if (isAnew || presence.came.has(row)) row.classList.add('near');
    }
    for (const row of rest) row.classList.toggle('later', begun.has(row.parentElement));
    const bodies = objects.map(({ body }) => body).filter((body) => presence.has(body));
    for (const body of bodies) body.classList.toggle('later', !begun.has(body));
    waiting.add([...now, ...rest, ...bodies], presence.went);
  };

  const show: Rows['show'] = (wanted, columnsChanged) => {
    const sight = sightNow();
    presence.begin();
    const shown = choose(wanted, sight);
    if (columnsChanged || presence.came.size > 0 || presence.went.length > 0) draw(shown, sight, columnsChanged);
    waiting.restart();
    return shown.above.length + shown.below.length;
  };
  return { show, settle: () => waiting.drawAll() };
}
