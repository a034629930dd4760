// One cell from start to verdict: a guest, a second one when the first gave none, and what that makes a result.
import { join } from 'node:path';
import type { Expectation } from '../config/schema.ts';
import { findTrouble } from '../guest/health.ts';
import type { CellRequest, GuestResult } from '../guest/cell.ts';
import { applyExpectations } from '../plan/expectations.ts';
import { addLog } from '../results/logs.ts';
import type { Attempt, CellProgram, CellResult, LogStore } from '../results/schema.ts';
import type { FailureClass } from '../results/words.ts';
import type { CellEvidence, LoadAttempt } from '../verdict/evidence.ts';
import { judgeCell } from '../verdict/judge.ts';
import type { CellJudgement, ProgramJudgement } from '../verdict/judgement.ts';
import { timeInLibbpf, toEvidence } from './evidence.ts';
import type { RunObject } from './inputs.ts';
import type { ReadyKernel } from './kernel.ts';

export interface CellSetup {
  kernel: ReadyKernel;
  object: RunObject;
  expectations: readonly Expectation[];
  logs: LogStore;
  work: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/** A guest's answer after it was asked whether it was well. */
interface Examined {
  attempt: Attempt;
  guest: GuestResult;
  evidence: CellEvidence | null;
}

const rounded = (milliseconds: number) => Math.round(milliseconds * 10) / 10;

function infraClass(message: string): FailureClass {
  if (message.startsWith('no answer from the guest')) return 'infra-timeout';
  if (message.startsWith('the guest did not come up')) return 'infra-boot';
  if (message.startsWith('QEMU ended')) return 'infra-crash';
  return 'infra-transport';
}

/** A helper that died of a signal or reported none of its attempts gave no verdict either. */
function helperTrouble(guest: Extract<GuestResult, { ok: true }>): string | null {
  const crash = guest.frames.find((frame) => frame.type === 'crash');
  if (!crash) return null;
  const signal = crash.waitStatus & 0x7f;
  return signal === 0
    ? `the loading process in the guest failed (status ${crash.waitStatus >> 8})`
    : `the loading process in the guest died of signal ${signal}`;
}

function examine(guest: GuestResult, isolation: Attempt['isolation']): Examined {
  const durationMs = rounded(guest.durationMs);
  const infra = (failure: FailureClass, reason: string): Examined => ({
    attempt: { isolation, infra: failure, reason, durationMs },
    guest,
    evidence: null,
  });
  const evidence = guest.ok ? toEvidence(guest.frames, guest.console) : null;
  const trouble = findTrouble(guest.console, evidence?.kernelLog ?? '');
  if (trouble) return infra(trouble.class, trouble.reason);
  if (!guest.ok) return infra(infraClass(guest.error.message), guest.error.message);
  const broken = helperTrouble(guest);
  if (broken !== null) return infra('infra-crash', broken);
  return { attempt: { isolation, infra: null, reason: null, durationMs }, guest, evidence };
}

/** First a private copy of the snapshot, then, when that gave no verdict, a guest booted for this cell alone. */
async function tryGuests(setup: CellSetup): Promise<Examined[]> {
  const { kernel, object } = setup;
  const request = (name: string): CellRequest => ({
    object: { name: object.file.split('/').at(-1) ?? object.result.id, bytes: object.bytes },
    directory: join(setup.work, `${kernel.result.id}.${object.result.id}.${name}`),
    timeoutMs: setup.timeoutMs,
    signal: setup.signal,
  });
  const first = kernel.restore
    ? examine(await kernel.restore(request('restore')), 'snapshot')
    : examine(await kernel.boot(request('boot')), 'boot');
  if (first.attempt.infra === null) return [first];
  return [first, examine(await kernel.boot(request('again')), 'boot')];
}

function attemptOf(evidence: CellEvidence, program: string): LoadAttempt | null {
  return evidence.attempts.find((attempt) => attempt.program === program) ?? null;
}

function warningsOf(attempt: LoadAttempt | undefined): string {
  return (attempt?.log ?? [])
    .filter((record) => record.level === 'warn')
    .map((record) => record.text)
    .join('');
}

function programResult(judged: ProgramJudgement, evidence: CellEvidence, logs: LogStore): CellProgram {
  const { name, status, stage, class: failureClass, errno, reason } = judged;
  const own = attemptOf(evidence, name) === null ? null : judged.logs;
  const refs = { libbpf: addLog(logs, own?.libbpf ?? ''), verifier: addLog(logs, judged.logs.verifier ?? '') };
  return { name, status, stage, class: failureClass, errno, reason, expected: null, logs: refs };
}

function verdictOf(judgement: CellJudgement, evidence: CellEvidence, logs: LogStore) {
  const { status, stage, class: failureClass, reason, relocations } = judgement;
  const programs = judgement.programs.map((program) => programResult(program, evidence, logs));
  const refs = {
    libbpf: addLog(logs, judgement.logs.libbpf ?? ''),
    warnings: addLog(logs, warningsOf(evidence.attempts[0])),
    verifier: addLog(logs, judgement.logs.verifier ?? ''),
    kernel: addLog(logs, evidence.kernelLog),
    console: addLog(logs, evidence.console),
  };
  return { status, stage, class: failureClass, reason, relocations, programs, logs: refs };
}

/** A cell without a verdict: every program shares its status. */
export function verdictless(
  kernel: string,
  object: RunObject,
  status: 'infra' | 'not-run',
  failure: { class: FailureClass; reason: string } | null,
): CellResult {
  const because = { status, stage: null, class: failure?.class ?? null, reason: failure?.reason ?? null };
  const programs = object.result.programs.map(({ name }) => {
    const logs = { libbpf: null, verifier: null };
    return { ...because, name, errno: null, expected: null, logs };
  });
  return {
    ...because,
    kernel,
    object: object.result.id,
    flaky: false,
    attempts: [],
    durationMs: 0,
    loadMs: null,
    predicted: null,
    programs,
    relocations: [],
    command: null,
    logs: { libbpf: null, warnings: null, verifier: null, kernel: null, console: null },
  };
}

/** Runs one cell. Only an interrupt rejects. */
export async function runCell(setup: CellSetup): Promise<CellResult> {
  const { kernel, object, logs } = setup;
  const tries = await tryGuests(setup);
  const last = tries.at(-1);
  const attempts = tries.map(({ attempt }) => attempt);
  const shared = {
    attempts,
    flaky: attempts.length > 1 && last?.attempt.infra === null,
    durationMs: rounded(attempts.reduce((sum, attempt) => sum + attempt.durationMs, 0)),
    command: last ? last.guest.command : null,
  };
  if (!last || !last.evidence || !last.guest.ok) {
    const failure = { class: last?.attempt.infra ?? 'infra-transport', reason: last?.attempt.reason ?? 'no guest was started' };
    const cell = verdictless(kernel.result.id, object, 'infra', failure);
    return { ...cell, ...shared, logs: { ...cell.logs, console: addLog(logs, last?.guest.console ?? '') } };
  }
  const judgement = judgeCell({ object: object.result, evidence: last.evidence });
  const cell: CellResult = {
    ...shared,
    kernel: kernel.result.id,
    object: object.result.id,
    loadMs: rounded(timeInLibbpf(last.evidence)),
    predicted: null,
    ...verdictOf(judgement, last.evidence, logs),
  };
  return applyExpectations(cell, setup.expectations, object.result, kernel.result);
}
