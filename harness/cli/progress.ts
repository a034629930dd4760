// The progress of a run: a few live lines on a terminal, plain lines elsewhere. All of it goes to standard error.
import { stripVTControlCharacters } from 'node:util';
import { paint, type Style } from '../../reports/terminal/paint.ts';
import { visible } from '../base/visible.ts';
import type { Running } from '../library/running.ts';
import type { RunEvent } from '../run/events.ts';
import type { Status } from '../base/vocabulary.ts';
import { writeLine } from './lines.ts';
import { paceText } from './pace.ts';
import { isColoured, isLive, sizeOf } from './screen.ts';

/** Told once when a run with a report is interrupted. */
export const INTERRUPTED = 'interrupted: ending guests and writing the report of finished cells (Ctrl-C again exits at once)';

const REDRAW_MS = 100;
const ALIVE_MS = 10_000;

const STYLE = {
  pass: 'green',
  fail: 'red',
  xfail: 'dim',
  xpass: 'yellow',
  unsupported: 'dim',
  skip: 'dim',
  infra: 'magenta',
  'not-run': 'dim',
} as const satisfies Record<Status, Style>;

interface Progress {
  onEvent: (event: RunEvent) => void;
  /** Clears the live lines; nothing is drawn afterwards. */
  end: () => void;
}

interface State {
  done: number;
  total: number;
  counts: Map<Status, number>;
  downloads: Map<string, { bytes: number; total: number }>;
  running: Set<string>;
  names: ReadonlyMap<string, string>;
  /** When the cells were planned; null before. */
  startedAt: number | null;
  /** Number of cells that ran in a guest. */
  ran: number;
}

function mebibytes(bytes: number): string {
  return (bytes / (1 << 20)).toFixed(0);
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

export interface LineOptions {
  /** Whether every cell gets a line. Otherwise only the end of the run shows them, each failure once. */
  verbose: boolean;
  /** Names of kernels by their ids. */
  names?: ReadonlyMap<string, string>;
  /** The name of the executable that runs in place of a load. */
  executable?: string | undefined;
}

/** How the guests of a kernel begin. */
function beginning({ fromCache, bootMs }: Extract<RunEvent, { kind: 'kernel-ready' }>): string {
  if (fromCache) return 'snapshot from the cache';
  return bootMs === null ? 'each guest is booted' : `booted in ${(bootMs / 1000).toFixed(1)} s`;
}

/** The permanent line of an event; null if it only changes the live lines. */
export function lineOf(event: RunEvent, { verbose, names, executable }: LineOptions): string | null {
  const nameOf = (kernel: string) => names?.get(kernel) ?? kernel;
  switch (event.kind) {
    case 'note':
      return event.text;
    case 'planned':
      if (executable !== undefined) return `${executable} on ${counted(event.kernels, 'kernel')}, ${event.jobs} at a time`;
      return `${counted(event.kernels, 'kernel')} × ${counted(event.objects, 'object')}: ${counted(event.cells, 'cell')}, ${event.jobs} at a time`;
    case 'accel':
      return `accelerator: ${event.choice.accel} (${event.choice.reason})`;
    case 'kernel-ready':
      return event.fromCache && !verbose ? null : `${nameOf(event.kernel)}${verbose ? ` (${event.release})` : ''}: ${beginning(event)}`;
    case 'kernel-failed':
      return `${nameOf(event.kernel)}: ${event.reason}`;
    case 'cell-finished': {
      const { cell } = event;
      if (!verbose) return null;
      const reused = cell.reused ? ` (as on ${cell.reused.at.slice(0, 10)})` : '';
      return `${cell.status} ${cell.object} on ${nameOf(cell.kernel)}${reused}${cell.reason ? `: ${cell.reason}` : ''}`;
    }
    case 'interrupted':
      return INTERRUPTED;
    case 'download':
    case 'cell-started':
    case 'printed':
      return null;
  }
}

function statusLine(state: State, coloured: (status: Status, text: string) => string): string {
  const counts = [...state.counts].map(([status, count]) => coloured(status, `${count} ${status}`)).join('  ');
  const elapsedMs = state.startedAt === null ? 0 : performance.now() - state.startedAt;
  const pace = paceText({ elapsedMs, ran: state.ran, left: state.total - state.done });
  const cells = state.total > 0 ? `cells ${state.done}/${state.total}  ${counts}${counts === '' ? '' : '  '}${pace}` : 'preparing';
  const loading = [...state.downloads.values()];
  const bytes = loading.reduce((sum, download) => sum + download.bytes, 0);
  const total = loading.reduce((sum, download) => sum + download.total, 0);
  return loading.length === 0 ? cells : `${cells}  downloading ${mebibytes(bytes)}/${mebibytes(total)} MiB`;
}

function apply(state: State, event: RunEvent): void {
  if (event.kind === 'planned') {
    state.total = event.cells;
    state.names = event.names;
    state.startedAt = performance.now();
  }
  if (event.kind === 'download') {
    if (event.bytes >= event.total) state.downloads.delete(event.kernel);
    else state.downloads.set(event.kernel, { bytes: event.bytes, total: event.total });
  }
  if (event.kind === 'cell-started') state.running.add(`${event.object} on ${state.names.get(event.kernel) ?? event.kernel}`);
  if (event.kind === 'cell-finished') {
    state.running.delete(`${event.cell.object} on ${state.names.get(event.cell.kernel) ?? event.cell.kernel}`);
    if (event.cell.reused === undefined) state.ran += 1;
    state.done = event.done;
    state.counts.set(event.cell.status, (state.counts.get(event.cell.status) ?? 0) + 1);
  }
}

/** Shows the events of work, and waits for its result. */
export async function withProgress<Result>(work: Running<Result>, progress: Progress): Promise<Result> {
  for await (const event of work) progress.onEvent(event);
  return work.finished;
}

/** How to show progress. */
type ShowOptions = Pick<LineOptions, 'verbose' | 'executable'>;

/** Shows run events on a stream. On a terminal the last line is live; elsewhere a sign of life comes every ten seconds. */
export function showProgress(stream: NodeJS.WriteStream, options: ShowOptions): Progress {
  const live = isLive(stream);
  const state: State = {
    done: 0,
    total: 0,
    counts: new Map(),
    downloads: new Map(),
    running: new Set(),
    names: new Map(),
    startedAt: null,
    ran: 0,
  };
  const coloured = (status: Status, text: string) => paint(text, STYLE[status], { colour: isColoured(stream) });
  let last = performance.now();
  const clear = () => {
    if (live) stream.write('\r\u001b[K');
  };
  const draw = () => {
    const text = statusLine(state, coloured);
    const running = [...state.running].join(', ');
    const room = sizeOf(stream).width - stripVTControlCharacters(text).length - 3;
    const tail = running !== '' && room > 20 ? `  ${visible(running).slice(0, room - 2)}` : '';
    stream.write(`\r\u001b[K${text}${tail}`);
  };
  const beat = () => {
    if (live) draw();
    else if (performance.now() - last >= ALIVE_MS) {
      last = performance.now();
      stream.write(`${stripVTControlCharacters(statusLine(state, coloured))}\n`);
    }
  };
  const timer = setInterval(beat, live ? REDRAW_MS : ALIVE_MS);
  timer.unref();
  let ended = false;
  return {
    onEvent: (event) => {
      apply(state, event);
      const line = lineOf(event, { ...options, names: state.names });
      if (line === null) return;
      clear();
      writeLine(stream, line);
      last = performance.now();
    },
    end: () => {
      if (ended) return;
      ended = true;
      clearInterval(timer);
      clear();
    },
  };
}
