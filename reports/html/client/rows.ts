// The rows of the matrix as they come and go. To lay out and draw thousands of cells takes longer than a key may. So rows in sight come at
// once (`near`: without the columns beyond the right edge), and those beyond (`later`) when the reader pauses. Rows that go are out of sight
// at once (`gone`) and taken apart later (`hidden`), as the next key may ask for them again.

/** The rows of one object, and the element they are in. */
export interface ObjectRows {
  body: HTMLElement;
  rows: readonly HTMLTableRowElement[];
}

export interface Rows {
  /** Shows the rows that are wanted and no others. Returns how many. When columns changed, every row is drawn anew. */
  show: (wanted: (row: HTMLTableRowElement) => boolean, columnsChanged: boolean) => number;
  /** Draws everything that waits, so that the focus can go to every row that is shown. */
  settle: () => void;
}

/** The reader's pause after which waiting rows are drawn, in ms, and how many are drawn at a time. */
const PAUSE_MS = 150;
const BATCH = 4;
/** Heights of a row and of the head of an object, in pixels: near enough to count how many fill the window. */
const ROW_HEIGHT = 31;
const OBJECT_HEIGHT = 43;

/** Where the reader is in the matrix: the first object in sight, and the height of the window that is left for rows. */
interface Sight {
  first: number;
  room: number;
}

/** Measures the sight. This has the page laid out, for which no key is to wait: it is asked after scrolling only. */
function measureSight(objects: readonly ObjectRows[]): Sight {
  const body = objects[0]?.body;
  const top = body?.closest('.scroll')?.getBoundingClientRect().top ?? 0;
  const head = body?.parentElement?.querySelector('thead')?.getBoundingClientRect().bottom ?? 0;
  const first = objects.findIndex((object) => object.body.getBoundingClientRect().bottom > Math.max(0, top));
  return { first, room: innerHeight - Math.max(0, head) };
}

/** The sight of the reader, measured again after each scroll and each change of the window. */
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

/** Rows that are shown: those of the objects before the first one in sight, and the others. */
interface Shown {
  above: HTMLTableRowElement[];
  below: HTMLTableRowElement[];
}

/** All rows in the order in which the reader needs them: from the sight down, then from there up. */
const inOrderOfNeed = ({ above, below }: Shown) => [...below, ...above.toReversed()];

/** Rows that fill the window from where the reader is on. When too few are below, those above come into sight. */
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

/** Rows and objects that are shown, and how they come and go. */
class Presence {
  private readonly present: Set<HTMLElement>;
  /** Those that came and went since `begin`. */
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

/** Elements that wait to be drawn or taken apart, some at a time once the reader pauses. */
class Waiting {
  private elements: HTMLElement[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** Waits with these before all that wait already; those without anything to do are left out. */
  add(first: readonly HTMLElement[], last: readonly HTMLElement[]): void {
    this.elements = [...new Set([...first, ...this.elements, ...last])].filter((element) => element.matches('.near, .later, .gone'));
  }

  /** The reader did something: the pause begins anew. */
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

/** Takes hold of the rows of the matrix. */
export function takeRows(objects: readonly ObjectRows[]): Rows {
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

  /** Rows below the lowest one in sight wait object by object: rows in an object that waits cost nothing. */
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
