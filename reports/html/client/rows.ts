// The rows of the matrix as they come and go. To lay out and draw thousands of cells takes longer than a key may, so that those in sight
// come at once (`near`: but for what is beyond the right edge) and those beyond (`later`) once the reader pauses. What goes is out of sight
// at once (`gone`) and taken apart then (`hidden`), as the next key may ask for it again.

interface Body {
  body: HTMLElement;
  rows: HTMLTableRowElement[];
}

export interface RowControl {
  /** Shows the rows that are wanted and no others, where columns changed each anew; returns how many. */
  show: (wanted: (row: HTMLTableRowElement) => boolean, anew: boolean) => number;
  /** Nothing waits any longer: every row that is shown can be come to. */
  settle: () => void;
}

/** Takes hold of the rows of the matrix. */
export function rowControl(bodies: readonly Body[]): RowControl {
  const pause = 150;
  const batch = 4;
  const heights = { row: 31, object: 43 };
  const shown = new Set<HTMLElement>(bodies.flatMap(({ body, rows }) => [body, ...rows]));
  let waiting: HTMLElement[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Where in the matrix the reader is, and how much of the window there is for rows. Asked after scrolling only: it has the page laid out,
   * which a key is not to wait for.
   */
  const look = () => {
    const box = bodies[0]?.body.closest('.scroll')?.getBoundingClientRect().top ?? 0;
    const head = bodies[0]?.body.parentElement?.querySelector('thead')?.getBoundingClientRect().bottom ?? 0;
    const first = bodies.findIndex(({ body }) => body.getBoundingClientRect().bottom > Math.max(0, box));
    return { first, room: innerHeight - Math.max(0, head) };
  };
  let sight = look();
  let stale = false;
  for (const event of ['scroll', 'resize']) addEventListener(event, () => (stale = true), { capture: true, passive: true });

  /** Rows that fill the window, from where the reader is on; where too little is left below, what was above comes into sight. */
  const inRoom = (below: readonly HTMLTableRowElement[], above: readonly HTMLTableRowElement[]) => {
    const found = new Set<HTMLTableRowElement>();
    let { room } = sight;
    let object: ParentNode | null = null;
    for (const row of [...below, ...above.toReversed()]) {
      if (room <= 0) break;
      found.add(row);
      room -= heights.row + (row.parentNode === object ? 0 : heights.object);
      object = row.parentNode;
    }
    return found;
  };

  const draw = (count: number) => {
    clearTimeout(timer);
    for (const element of waiting.splice(0, count)) {
      element.classList.remove('later', 'near');
      if (element.classList.contains('gone')) element.classList.replace('gone', 'hidden');
    }
    if (waiting.length > 0) timer = setTimeout(draw, 0, batch);
  };

  const show: RowControl['show'] = (wanted, anew) => {
    if (stale) sight = look();
    stale = false;
    const above: HTMLTableRowElement[] = [];
    const below: HTMLTableRowElement[] = [];
    const came = new Set<HTMLElement>();
    const went: HTMLElement[] = [];
    const change = (element: HTMLElement, isWanted: boolean) => {
      if (isWanted === shown.has(element)) return;
      if (isWanted) {
        element.classList.remove('gone', 'hidden');
        shown.add(element);
        came.add(element);
      } else {
        element.classList.remove('later', 'near');
        element.classList.add('gone');
        shown.delete(element);
        went.push(element);
      }
    };
    for (const [at, { body, rows }] of bodies.entries()) {
      const kept = rows.filter((row) => {
        const isWanted = wanted(row);
        change(row, isWanted);
        return isWanted;
      });
      change(body, kept.length > 0);
      (at < sight.first ? above : below).push(...kept);
    }
    const count = above.length + below.length;
    if (anew || came.size > 0 || went.length > 0) {
      const now = inRoom(below, above);
      // What is below the lowest row in sight waits object by object: nothing in one that waits costs anything.
      const begun = new Set([...now].map((row) => row.parentElement));
      const rest = [...below, ...above.toReversed()].filter((row) => !now.has(row));
      for (const row of now) {
        row.classList.remove('later');
        if (anew || came.has(row)) row.classList.add('near');
      }
      for (const row of rest) row.classList.toggle('later', begun.has(row.parentElement));
      const objects = bodies.map(({ body }) => body).filter((body) => shown.has(body));
      for (const body of objects) body.classList.toggle('later', !begun.has(body));
      waiting = [...new Set([...now, ...rest, ...objects, ...waiting, ...went])].filter((element) =>
        element.matches('.near, .later, .gone'),
      );
    }
    clearTimeout(timer);
    if (waiting.length > 0) timer = setTimeout(draw, pause, batch);
    return count;
  };
  return { show, settle: () => draw(waiting.length) };
}
