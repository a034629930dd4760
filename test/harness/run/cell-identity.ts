// An identity of a cell for tests, and identities that differ from it in one part each.
import type { CellIdentity } from '../../../harness/run/stored-cell.ts';

export const IDENTITY: CellIdentity = {
  kernelSha256: 'k',
  configSha256: 'c',
  packageModules: 'm',
  objectSha256: 'o',
  agentSha256: 'a',
  isolation: 'snapshot',
  plan: ['a.bpf.o', {}],
  machine: ['QEMU 9', 'tcg', null],
  tool: 't',
};

export const OTHER_IDENTITIES: readonly CellIdentity[] = [
  { ...IDENTITY, kernelSha256: 'K' },
  { ...IDENTITY, configSha256: null },
  { ...IDENTITY, packageModules: null },
  { ...IDENTITY, objectSha256: 'O' },
  { ...IDENTITY, agentSha256: 'A' },
  { ...IDENTITY, isolation: 'boot' },
  { ...IDENTITY, plan: ['b.bpf.o', {}] },
  { ...IDENTITY, plan: ['a.bpf.o', { programs: { a: { autoload: false } } }] },
  { ...IDENTITY, machine: ['QEMU 10', 'tcg', null] },
  { ...IDENTITY, tool: 'T' },
];
