// The progress of downloads of kernels, on standard error.
import type { KernelEvent } from '../../kernels/sources/options.ts';
import { writeLine } from './lines.ts';
import { isLive } from './screen.ts';

const REDRAW_MS = 100;

/** A size for people. */
export function mebibytes(bytes: number): string {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}

/** Shows downloads: one live line on a terminal, only notes elsewhere. */
export function pullProgress(stream: NodeJS.WriteStream) {
  const going = new Map<string, { bytes: number; total: number }>();
  let drawn = 0;
  const clear = () => {
    if (isLive(stream)) stream.write('\r\u001b[K');
  };
  const draw = () => {
    const now = performance.now();
    if (!isLive(stream) || now - drawn < REDRAW_MS) return;
    drawn = now;
    const sum = (pick: 'bytes' | 'total') => [...going.values()].reduce((all, one) => all + one[pick], 0);
    clear();
    if (going.size > 0) stream.write(`downloading ${going.size}: ${mebibytes(sum('bytes'))} of ${mebibytes(sum('total'))}`);
  };
  return {
    clear,
    line: (text: string) => {
      clear();
      writeLine(stream, text);
    },
    onEvent: (event: KernelEvent) => {
      if (event.kind === 'note') {
        clear();
        writeLine(stream, event.text);
        return;
      }
      if (event.bytes < event.total) going.set(event.kernel, event);
      else going.delete(event.kernel);
      draw();
    },
  };
}
