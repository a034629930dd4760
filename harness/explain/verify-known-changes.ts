// `npm run known-changes` checks every known change in the BTF of every cached kernel with a verified signature.
import { cacheRoot } from '../base/files.ts';
import { compareKernelVersions, parseKernelVersion } from '../base/kernel-version.ts';
import { type OfflineKernel, readKernelTypes, signedKernels } from '../kernel-btf/kernels.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { factHolds } from './fact.ts';
import { KNOWN_CHANGES, type KnownChange } from './known-changes.ts';

/** The facts of one known change on one kernel; null if unknown. */
export interface KernelFinding {
  series: string;
  version: string;
  before: boolean | null;
  after: boolean | null;
}

export type Finding =
  | { verdict: 'witnessed'; last: string; first: string }
  /** No two kernels show both forms. */
  | { verdict: 'unwitnessed' }
  | { verdict: 'contradicted'; by: string };

function isAfter({ version }: KernelFinding, release: string): boolean {
  return compareKernelVersions(parseKernelVersion(version), parseKernelVersion(release)) >= 0;
}

/**
 * Checks a change on kernels in version order. A kernel older than the release may have the new form, because changes are backported. A
 * kernel from the release on must not have the old form.
 */
export function examine({ release, after }: KnownChange, kernels: readonly KernelFinding[]): Finding {
  const has = kernels.filter((kernel) => kernel.before === true);
  const late = has.find((kernel) => isAfter(kernel, release));
  if (late) return { verdict: 'contradicted', by: `${late.version} still has the old form` };
  const lacks = kernels.filter((kernel) => kernel.before === false && (after === null || kernel.after === true));
  const last = has.at(-1);
  const first = last && lacks.find((kernel) => kernels.indexOf(kernel) > kernels.indexOf(last));
  const odd = kernels.find((kernel) => isAfter(kernel, release) && kernel.after === false);
  if (odd && after !== null) return { verdict: 'contradicted', by: `${odd.version} lacks the new form` };
  return last && first ? { verdict: 'witnessed', last: last.series, first: first.series } : { verdict: 'unwitnessed' };
}

/** Describes how the witnesses of an entry differ from the finding; null if they agree. */
export function disagreement({ witness }: KnownChange, finding: Finding): string | null {
  if (finding.verdict === 'contradicted') return finding.by;
  if (finding.verdict === 'unwitnessed') return witness ? `no kernels show both forms, but the entry names ${witness.join(' and ')}` : null;
  if (!witness) return `seen between ${finding.last} and ${finding.first}, but the entry names no witness`;
  const same = witness[0] === finding.last && witness[1] === finding.first;
  return same ? null : `seen between ${finding.last} and ${finding.first}, but the entry names ${witness.join(' and ')}`;
}

/** Checks each change on each kernel with BTF. Returns the findings keyed by the id of the change. */
export async function kernelFindings(
  changes: readonly KnownChange[],
  kernels: readonly OfflineKernel[],
): Promise<Map<string, KernelFinding[]>> {
  const findings = new Map<string, KernelFinding[]>(changes.map(({ id }) => [id, []]));
  for (const kernel of kernels) {
    const types: KernelTypes | null = await readKernelTypes(kernel);
    const { series, version } = kernel;
    if (!types || series === null || version === null) continue;
    for (const { id, before, after } of changes) {
      findings.get(id)?.push({ series, version, before: factHolds(types, before), after: after === null ? null : factHolds(types, after) });
    }
  }
  return findings;
}

async function main(): Promise<void> {
  const findings = await kernelFindings(KNOWN_CHANGES, await signedKernels(cacheRoot()));
  for (const change of KNOWN_CHANGES) {
    const finding = examine(change, findings.get(change.id) ?? []);
    const wrong = disagreement(change, finding);
    const seen = finding.verdict === 'witnessed' ? `${finding.last} -> ${finding.first}` : finding.verdict;
    process.stdout.write(
      `${wrong === null ? 'ok   ' : 'WRONG'} ${change.id.padEnd(18)} ${change.release.padEnd(5)} ${seen}${wrong === null ? '' : `: ${wrong}`}\n`,
    );
    if (wrong !== null) process.exitCode = 1;
  }
}

if (process.argv[1]?.endsWith('verify-known-changes.js') === true) await main();
