// A table too wide for a terminal, cut into bands that stand one below the other.

/** As many columns side by side as there is room for; the others follow below. Widths and room in characters, a blank before each column. */
export function bands<Column extends { width: number }>(columns: readonly Column[], room: number): Column[][] {
  const found: Column[][] = [];
  let left = 0;
  for (const column of columns) {
    left -= column.width + 1;
    const last = found.at(-1);
    if (last && left >= 0) {
      last.push(column);
      continue;
    }
    found.push([column]);
    left = room - column.width - 1;
  }
  return found;
}
