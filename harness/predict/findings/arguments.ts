// Failures by the arguments of a hook: positions that the kernel lacks, and numbers through which a program reads memory.
import { type Argument, type Prototype } from '../../kernel-btf/prototype.ts';
import type { PredictedFailure } from './finding.ts';

/** What an argument that the verifier rejects is on this kernel, and how the program uses it. */
export interface WrongArgument {
  position: number;
  found: Argument | 'missing';
}

function countText({ arguments: own, result }: Prototype): string {
  const count = own.length === 1 ? '1 argument' : `${own.length} arguments`;
  return result === null ? count : `${count} and a result`;
}

/**
 * The failure of a program at an instruction that reads an argument. The kernel loads raw tracepoint programs that read too many, and
 * refuses to attach them.
 * @see btf_ctx_access() in kernel/bpf/btf.c: "func '%s' doesn't have %d-th argument"
 */
export function argumentFailure(prototype: Prototype, { position, found }: WrongArgument): PredictedFailure {
  const failure = (what: string): PredictedFailure => {
    return { stage: 'verify', class: 'verifier-rejected', reason: `argument ${position} of ${prototype.target}: ${what}` };
  };
  if (found === 'missing' && prototype.refusedAt === 'attach') {
    const reason = `argument ${position} of ${prototype.target}: this kernel has only ${countText(prototype)} there, so it does not attach the program`;
    return { stage: 'attach', class: 'attach-failed', reason };
  }
  if (found === 'missing') return failure(`this kernel has only ${countText(prototype)} there`);
  const what = position > prototype.arguments.length ? `the result (${found.text})` : found.text;
  if (found.kind === 'closed') return failure(`${what} on this kernel, a pointer that the verifier lets no program read`);
  return failure(
    `${what} on this kernel, ${found.kind === 'number' ? 'a number' : 'which the verifier does not follow'}, but the program reads memory through it`,
  );
}
