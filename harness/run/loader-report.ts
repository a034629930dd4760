// Collects the frames in which a loader program reports one attempt.
import type { Frame } from '../guest/protocol/frames.ts';
import type { LogRecord } from '../logs/record.ts';
import type { LoaderReport } from '../verdict/evidence/evidence.ts';

/** Adds a frame to the report of its attempt. A loader program sends some of these frames in each attempt; libbpf sends none. */
export function withReported(report: LoaderReport | null, frame: Frame): LoaderReport | null {
  const reported = report ?? { failures: [], verifierLogs: [], relocations: [], subprograms: [] };
  if (frame.type === 'failure') reported.failures.push(frame);
  else if (frame.type === 'verifier-log') reported.verifierLogs.push(frame);
  else if (frame.type === 'core-relocation') reported.relocations.push(frame);
  else if (frame.type === 'subprogram') reported.subprograms.push(frame);
  else return report;
  return reported;
}

/** The lines of the log for a frame of a report; null for all other frames. */
export function lineOfReport(frame: Frame): LogRecord | null {
  if (frame.type === 'failure') return { level: 'warn', text: `${frame.text}\n` };
  if (frame.type === 'verifier-log') return { level: 'warn', text: `prog '${frame.program}': log of the verifier:\n${frame.text}` };
  if (frame.type !== 'core-relocation') return null;
  const { function: name, insn, outcome, text } = frame;
  return { level: 'debug', text: `prog '${name}': insn #${insn}: ${outcome}: ${text}\n` };
}
