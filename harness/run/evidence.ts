// Makes the evidence for verdicts from the frames of a guest's response.
import { isDeepStrictEqual } from 'node:util';
import { MAX_PROGRAMS } from '../bpf/object/object.ts';
import type { CommandEnd, Frame } from '../guest/protocol/frames.ts';
import { textRecords } from '../logs/libbpf/lines.ts';
import { parseLibbpfLog } from '../logs/libbpf/parse.ts';
import { lineOfReport, withReported } from './loader-report.ts';
import { runCheckFacts } from './run-check-facts.ts';
import type { CellEvidence, LoaderReport, Printed } from '../verdict/evidence/evidence.ts';
import type { LogRecord } from '../logs/record.ts';

/** The output of commands as they wrote it. */
export interface PrintedBytes {
  stdout: Buffer;
  stderr: Buffer;
}

function bytesOf(frames: readonly Frame[]): PrintedBytes {
  const of = (stream: number) =>
    Buffer.concat(frames.flatMap((frame) => (frame.type === 'output' && frame.stream === stream ? [frame.bytes] : [])));
  return { stdout: of(1), stderr: of(2) };
}

/** The output of commands. A chunk may end within a character. */
function outputOf(frames: readonly Frame[]): Printed {
  const { stdout, stderr } = bytesOf(frames);
  return { stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8') };
}

function thrownAway(bytes: number): string {
  return bytes === 0 ? '' : `\n[corematrix: ${bytes} more bytes of output were dropped]\n`;
}

/** What an executable printed, byte by byte; standard error ends with a note if the guest dropped a part. */
export function printedBytes(frames: readonly Frame[]): PrintedBytes {
  const { stdout, stderr } = bytesOf(frames);
  const end = frames.find((frame) => frame.type === 'command-end');
  return { stdout, stderr: Buffer.concat([stderr, Buffer.from(thrownAway(end?.dropped ?? 0))]) };
}

/** The load attempt of a custom loader. The lines of libbpf in its output are the log. */
function takeCommand(evidence: CellEvidence, { end, value, ms, dropped }: CommandEnd, { stdout, stderr }: Printed): void {
  evidence.command = { end, value, stdout, stderr: `${stderr}${thrownAway(dropped)}` };
  const log = [...textRecords(stderr), ...textRecords(stdout)];
  const { programs, relocationFailed } = parseLibbpfLog(log);
  const errno = programs.findLast(({ error }) => error !== null)?.error?.errno ?? relocationFailed?.errno ?? 0;
  const reached = end === 'exited' && value === 0 ? 'done' : 'load';
  evidence.attempts.push({ program: null, reached, errno: reached === 'done' ? 0 : errno, openMs: 0, loadMs: ms, log });
}

/** Sorts frames into load attempts. If no healthy agent writes them in this order, it uses what makes sense of them. */
export function toEvidence(frames: readonly Frame[], console: string): CellEvidence {
  const evidence: CellEvidence = { programs: [], leftOut: [], chosen: [], attempts: [], kernelLog: '', console };
  let log: LogRecord[] = [];
  let program: string | null = null;
  let report: LoaderReport | null = null;
  for (const frame of frames) {
    if (frame.type === 'attempt-begin') {
      log = [];
      report = null;
      program = frame.program === '' ? null : frame.program;
    }
    if (frame.type === 'log') log.push({ level: frame.level, text: frame.text });
    const said = lineOfReport(frame);
    if (said) log.push(said);
    report = withReported(report, frame);
    if (frame.type === 'program' && evidence.programs.length < MAX_PROGRAMS) {
      const { name, section, programType: type, autoload, insns } = frame;
      evidence.programs.push({ name, section, type, autoload, insns });
    }
    if (frame.type === 'left-out' && evidence.leftOut.length < MAX_PROGRAMS) {
      const { program: name, lacks, what } = frame;
      evidence.leftOut.push({ program: name, lacks, what });
    }
    if (frame.type === 'target') {
      const { state, program: name, function: target, variant } = frame;
      evidence.targets ??= [];
      if (evidence.targets.length < MAX_PROGRAMS) evidence.targets.push({ state, program: name, function: target, variant });
    }
    if (frame.type === 'chosen' && evidence.chosen.length < MAX_PROGRAMS) evidence.chosen.push(frame.name);
    if (frame.type === 'attempt-end' && evidence.attempts.length <= MAX_PROGRAMS) {
      const { reached, errno, openMs, loadMs } = frame;
      evidence.attempts.push({ program, reached, errno, openMs, loadMs, log, ...(report && { reported: report }) });
      log = [];
      report = null;
    }
    const loaded = evidence.attempts.at(-1);
    if (frame.type === 'attached' && loaded) {
      const { kind, name, errno, detail } = frame;
      loaded.attachments ??= [];
      if (loaded.attachments.length < MAX_PROGRAMS) loaded.attachments.push({ kind, name, errno, detail, log });
      log = [];
    }
    if (frame.type === 'collected') evidence.collected = { errno: frame.errno, text: frame.bytes.toString('utf8') };
    if (frame.type === 'command-end') takeCommand(evidence, frame, outputOf(frames));
    if (frame.type === 'kernel-log') evidence.kernelLog += frame.text;
  }
  const triggers = frames.flatMap((frame) => (frame.type === 'trigger-end' ? [frame.dropped] : []));
  if (triggers.length > 0) {
    const { stdout, stderr } = outputOf(frames);
    evidence.triggersPrinted = { stdout, stderr: `${stderr}${thrownAway(triggers.reduce((sum, dropped) => sum + dropped))}` };
  }
  const runCheck = runCheckFacts(frames);
  return runCheck ? { ...evidence, runCheck } : evidence;
}

/**
 * Evidence whose programs are those of the object. A guest can write any names, and a verdict of another program would be none.
 * @param names the programs of the object
 */
export function withProgramsOf(evidence: CellEvidence, names: readonly string[]): CellEvidence {
  const found = evidence.programs.map(({ name }) => name).toSorted();
  const isSame = isDeepStrictEqual(found, names.toSorted());
  return isSame ? evidence : { ...evidence, programs: [] };
}

/** The time that all load attempts spent in libbpf's open and load, in milliseconds. */
export function timeInLibbpf(evidence: CellEvidence): number {
  return evidence.attempts.reduce((sum, attempt) => sum + attempt.openMs + attempt.loadMs, 0);
}
