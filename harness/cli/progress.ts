// The progress of a run: a few live lines on a terminal, plain lines elsewhere. All of it goes to standard error.
import { stripVTControlCharacters, styleText } from 'node:util';
import { visible } from '../base/visible.ts';
import type { Running } from '../library/running.ts';
import type { RunEvent } from '../run/events.ts';
import type { Status } from '../base/vocabulary.ts';
import { writeLine } from './lines.ts';

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
} as const satisfies Record<Status, Parameters<typeof styleText>[0]>;

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
}

function mebibytes(bytes: number): string {
  return (bytes / (1 << 20)).toFixed(0);
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

/** The permanent line of an event; null if it only changes the live lines. `verbose` keeps a line for every cell. */
export function lineOf(event: RunEvent, verbose: boolean): string | null {
  switch (event.kind) {
    case 'note':
      return event.text;
    case 'planned':
      return `${counted(event.kernels, 'kernel')} × ${counted(event.objects, 'object')}: ${counted(event.cells, 'cell')}, ${event.jobs} at a time`;
    case 'accel':
      return `accelerator: ${event.choice.accel} (${event.choice.reason})`;
    case 'kernel-ready':
      return event.fromCache && !verbose
        ? null
        : `${event.kernel}: ${event.fromCache ? 'snapshot from the cache' : `booted in ${(event.bootMs / 1000).toFixed(1)} s`}`;
    case 'kernel-failed':
      return `${event.kernel}: ${event.reason}`;
    case 'cell-finished': {
      const { cell } = event;
      const quiet = cell.status === 'pass' || cell.status === 'xfail' || cell.status === 'skip' || cell.status === 'unsupported';
      if (quiet && !verbose) return null;
      const reused = cell.reused ? ` (as on ${cell.reused.at.slice(0, 10)})` : '';
      return `${cell.status} ${cell.object} on ${cell.kernel}${reused}${cell.reason ? `: ${cell.reason}` : ''}`;
    }
    case 'interrupted':
      return 'interrupted: ending guests and writing the report of finished cells (Ctrl-C again exits at once)';
    case 'download':
    case 'cell-started':
      return null;
  }
}

function statusLine(state: State, coloured: (status: Status, text: string) => string): string {
  const counts = [...state.counts].map(([status, count]) => coloured(status, `${count} ${status}`)).join('  ');
  const cells = state.total > 0 ? `cells ${state.done}/${state.total}  ${counts}` : 'reading kernel indexes';
  const loading = [...state.downloads.values()];
  const bytes = loading.reduce((sum, download) => sum + download.bytes, 0);
  const total = loading.reduce((sum, download) => sum + download.total, 0);
  return loading.length === 0 ? cells : `${cells}  downloading ${mebibytes(bytes)}/${mebibytes(total)} MiB`;
}

function apply(state: State, event: RunEvent): void {
  if (event.kind === 'planned') state.total = event.cells;
  if (event.kind === 'download') {
    if (event.bytes >= event.total) state.downloads.delete(event.kernel);
    else state.downloads.set(event.kernel, { bytes: event.bytes, total: event.total });
  }
  if (event.kind === 'cell-started') state.running.add(`${event.object} on ${event.kernel}`);
  if (event.kind === 'cell-finished') {
    state.running.delete(`${event.cell.object} on ${event.cell.kernel}`);
    state.done = event.done;
    state.counts.set(event.cell.status, (state.counts.get(event.cell.status) ?? 0) + 1);
  }
}

/** Shows the events of work, and waits for its result. */
export async function withProgress<Result>(work: Running<Result>, progress: Progress): Promise<Result> {
  for await (const event of work) progress.onEvent(event);
  return work.finished;
}

/** Shows run events on a stream. On a terminal the last line is live; elsewhere a sign of life comes every ten seconds. */
export function showProgress(stream: NodeJS.WriteStream, verbose: boolean): Progress {
  const live = stream.isTTY;
  const state: State = { done: 0, total: 0, counts: new Map(), downloads: new Map(), running: new Set() };
  const coloured = (status: Status, text: string) => styleText(STYLE[status], text, { stream, validateStream: true });
  let last = performance.now();
  const clear = () => {
    if (live) stream.write('\r\u001b[K');
  };
  const draw = () => {
    const text = statusLine(state, coloured);
    const running = [...state.running].join(', ');
    const room = (stream.columns ?? 80) - stripVTControlCharacters(text).length - 3;
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
      const line = lineOf(event, verbose);
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
