// A client of the QEMU Machine Protocol over one duplex stream: commands with answers, one at a time.
import type { Duplex } from 'node:stream';
import { awakeTimer } from '../base/awake.ts';
import { InfraError } from '../base/errors.ts';

export interface Qmp {
  /** Executes one command. Rejects with InfraError if QEMU refuses it, closes the stream, or does not answer in time. */
  execute: (command: string, args?: Record<string, unknown>) => Promise<unknown>;
}

const ANSWER_MS = 10_000;
const MAX_LINE = 1 << 20;

interface Pending {
  command: string;
  resolve: (value: unknown) => void;
  reject: (error: InfraError) => void;
}

function parseMessage(line: string): object | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function errorText(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'desc' in error) return String(error.desc);
  return JSON.stringify(error);
}

/**
 * Speaks QMP on a connected stream; the first command negotiates capabilities.
 * @see docs/interop/qmp-spec.rst in the QEMU tree
 */
export function openQmp(stream: Duplex): Qmp {
  const waiting: Pending[] = [];
  let rest = '';
  let closed: InfraError | null = null;

  const close = (reason: string) => {
    closed ??= new InfraError(reason);
    for (const pending of waiting.splice(0)) pending.reject(new InfraError(`QMP ${pending.command}: ${reason}`));
  };
  const take = (line: string) => {
    const message = parseMessage(line);
    if (!message || 'QMP' in message || 'event' in message) return;
    const pending = waiting.shift();
    if (!pending) return;
    if ('error' in message) pending.reject(new InfraError(`QMP ${pending.command}: ${errorText(message.error)}`));
    else pending.resolve('return' in message ? message.return : null);
  };

  stream.on('data', (chunk: Buffer) => {
    rest += chunk.toString('utf8');
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
    if (rest.length > MAX_LINE) close('a line that never ends');
  });
  stream.on('error', () => close('the connection broke'));
  stream.on('close', () => close('QEMU ended'));

  const execute = async (command: string, args?: Record<string, unknown>) =>
    new Promise<unknown>((resolve, reject) => {
      if (closed) {
        reject(new InfraError(`QMP ${command}: ${closed.message}`));
        return;
      }
      const silence = () => reject(new InfraError(`QMP ${command}: no answer in ${ANSWER_MS / 1000} s`));
      const cancel = awakeTimer(ANSWER_MS, silence);
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T) => {
          cancel();
          then(value);
        };
      waiting.push({ command, resolve: settle(resolve), reject: settle(reject) });
      stream.write(`${JSON.stringify(args ? { execute: command, arguments: args } : { execute: command })}\n`);
    });
  void execute('qmp_capabilities').catch(() => undefined);
  return { execute };
}
