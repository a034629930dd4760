// A table too wide for a terminal, cut into groups of columns that follow one below the other.

/** What a line has room for, in characters, and the blanks between two columns. */
interface Room {
  room: number;
  gap: number;
}

/** The columns in groups: each has as many as fit side by side, and at least one. */
export function columnsThatFit<Column extends { width: number }>(columns: readonly Column[], { room, gap }: Room): Column[][] {
  const groups: Column[][] = [];
  let left = 0;
  for (const column of columns) {
    left -= gap + column.width;
    const last = groups.at(-1);
    if (last && left >= 0) last.push(column);
    else {
      groups.push([column]);
      left = room - column.width;
    }
  }
  return groups;
}
