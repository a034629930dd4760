// `npm run known-changes`: every entry of the list against the BTF of every kernel in the cache.
import { cacheRoot } from '../base/files.ts';
import { compareKernelVersions, parseKernelVersion } from '../base/kernel-version.ts';
import { findKernels, type OfflineKernel, readKernelTypes } from '../kernel-btf/kernels.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { factHolds } from './fact.ts';
import { KNOWN_CHANGES, type KnownChange } from './known-changes.ts';

/** What a kernel says of an entry. */
export interface KernelFinding {
  series: string;
  version: string;
  before: boolean | null;
  after: boolean | null;
}

export type Finding =
  | { verdict: 'witnessed'; last: string; first: string }
  /** No kernel looked at shows both sides. */
  | { verdict: 'unwitnessed' }
  | { verdict: 'contradicted'; by: string };

function isAfter({ version }: KernelFinding, release: string): boolean {
  return compareKernelVersions(parseKernelVersion(version), parseKernelVersion(release)) >= 0;
}

/**
 * What kernels say of a change, in version order. A kernel before the release may have what comes after, as changes are backported; one
 * from the release on may not have what was before.
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

/** Null when the entry says of its witnesses what was found. */
export function disagreement({ witness }: KnownChange, finding: Finding): string | null {
  if (finding.verdict === 'contradicted') return finding.by;
  if (finding.verdict === 'unwitnessed') return witness ? `no kernels show both forms, but the entry names ${witness.join(' and ')}` : null;
  if (!witness) return `seen between ${finding.last} and ${finding.first}, but the entry names no witness`;
  const same = witness[0] === finding.last && witness[1] === finding.first;
  return same ? null : `seen between ${finding.last} and ${finding.first}, but the entry names ${witness.join(' and ')}`;
}

/** What each kernel says of each entry, by the id of the entry. A kernel without BTF says nothing. */
export async function kernelFindings(
  changes: readonly KnownChange[],
  kernels: readonly OfflineKernel[],
): Promise<Map<string, KernelFinding[]>> {
  const said = new Map<string, KernelFinding[]>(changes.map(({ id }) => [id, []]));
  for (const kernel of kernels) {
    const types: KernelTypes | null = await readKernelTypes(kernel);
    const { series, version } = kernel;
    if (!types || series === null || version === null) continue;
    for (const { id, before, after } of changes) {
      said.get(id)?.push({ series, version, before: factHolds(types, before), after: after === null ? null : factHolds(types, after) });
    }
  }
  return said;
}

async function main(): Promise<void> {
  const { kernels } = await findKernels([], cacheRoot());
  const said = await kernelFindings(KNOWN_CHANGES, kernels);
  for (const change of KNOWN_CHANGES) {
    const finding = examine(change, said.get(change.id) ?? []);
    const wrong = disagreement(change, finding);
    const seen = finding.verdict === 'witnessed' ? `${finding.last} -> ${finding.first}` : finding.verdict;
    process.stdout.write(
      `${wrong === null ? 'ok   ' : 'WRONG'} ${change.id.padEnd(18)} ${change.release.padEnd(5)} ${seen}${wrong === null ? '' : `: ${wrong}`}\n`,
    );
    if (wrong !== null) process.exitCode = 1;
  }
}

if (process.argv[1]?.endsWith('verify-known-changes.js') === true) await main();
