// What a custom loader lacks in the guest: libraries, a terminal, files, hardware counters.
import type { Finding } from './context.ts';

/** Messages of the dynamic linker, the C library, curses and the usual tools. None of them is about BPF. */
const LACKS = [
  /error while loading shared libraries: /,
  /version `[^']*' not found \(required by /,
  /Error opening terminal|TERM environment variable|terminal is not|not a (?:tty|terminal)|Inappropriate ioctl for device/i,
  /\bperf (?:sampling|event).*: (?:No such file or directory|No such device|Operation not supported)$/i,
  /(?:open|read|access|stat|find|exec)\w*\b.*\/[\w.-]+.*: (?:No such file or directory|Not a directory)(?: \(os error 2\))?$/i,
] as const;

/** libbpf reads files below these paths itself, so that a message about one can concern BPF. */
const OF_BPF = /\/sys\/(?:kernel\/(?:btf|tracing|debug)|fs\/bpf|bus\/event_source)|^libbpf: /;

/**
 * The line that names what the guest lacks, if it is the last error that a failed loader printed.
 * @param lines the last lines of its output, standard error at the end
 */
export function environmentLacks(lines: readonly string[]): Finding | null {
  const line = lines.findLast((text) => LACKS.some((pattern) => pattern.test(text)));
  if (line === undefined || OF_BPF.test(line)) return null;
  return { stage: 'verify', class: 'loader-environment', reason: line };
}
