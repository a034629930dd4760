// Known faults of QEMU versions, as data, and their effect on runs.
import type { Finding } from './finding.ts';

interface KnownFault {
  /** The first and the last `major.minor` that has it. */
  from: string;
  to: string;
  fault: string;
  /** How a run avoids it. */
  answer: string;
}

/** Measured on guests of the matrix under emulation (TCG). */
const KNOWN_FAULTS = [
  {
    from: '7.0',
    to: '7.2',
    fault: 'without KVM, much traffic through a serial port corrupts guests: they oops or give wrong answers',
    answer: 'runs carry objects and logs through shared memory, keep the console quiet, and accept no verdict from a guest that oopsed',
  },
] as const satisfies readonly KnownFault[];

const OLDEST = '7.0';

/** Orders versions by `major.minor`. */
function rank(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1000 + minor;
}

/** The known faults of a QEMU version, for example `7.2.22`. */
export function judgeQemu(version: string): Finding {
  if (rank(version) < rank(OLDEST))
    return { what: 'QEMU', state: 'warning', found: `${version}, which was never tested`, advice: 'QEMU 7.2 or newer is known to work' };
  const fault = KNOWN_FAULTS.find(({ from, to }) => rank(version) >= rank(from) && rank(version) <= rank(to));
  if (!fault) return { what: 'QEMU', state: 'ok', found: `${version}, no known faults`, advice: null };
  return { what: 'QEMU', state: 'ok', found: `${version}; known fault: ${fault.fault}`, advice: fault.answer };
}
