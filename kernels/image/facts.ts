// The facts that the cache keeps beside the files of an unpacked kernel. The check is by hand: a schema library takes longer to load
// than a prediction.

/** Names of the files in a kernel's folder. */
export const KERNEL_FILES = {
  vmlinux: 'vmlinux',
  image: 'image',
  btf: 'btf',
  names: 'btf-names',
  functions: 'functions',
  config: 'config',
  facts: 'kernel.json',
  trust: 'trust.json',
} as const;

export interface KernelFacts {
  format: 1;
  /** Digest of the image as delivered. */
  sha256: string;
  arch: 'x86_64' | 'arm64';
  release: string;
  version: string;
  /** Whether these files exist: a flat Image has no vmlinux, a delivered vmlinux has no image. */
  vmlinux: boolean;
  image: boolean;
  btf: { size: number; sha256: string } | null;
  /** The configuration it was built with, as text. Null if none was found, absent before the first search. */
  config?: { size: number; sha256: string } | null;
}

function fields(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null ? { ...value } : null;
}

function keptFile(value: unknown): KernelFacts['btf'] | undefined {
  if (value === null) return null;
  const { size, sha256 } = fields(value) ?? {};
  return typeof size === 'number' && typeof sha256 === 'string' ? { size, sha256 } : undefined;
}

/** Reads facts as this version writes them; null for anything else. */
export function readFacts(value: unknown): KernelFacts | null {
  const { format, sha256, arch, release, version, vmlinux, image, btf: writtenBtf, config: writtenConfig } = fields(value) ?? {};
  const btf = keptFile(writtenBtf);
  const config = keptFile(writtenConfig);
  const texts = typeof sha256 === 'string' && typeof release === 'string' && typeof version === 'string';
  const flags = typeof vmlinux === 'boolean' && typeof image === 'boolean';
  if (format !== 1 || (arch !== 'x86_64' && arch !== 'arm64') || !texts || !flags || btf === undefined) return null;
  return { format, sha256, arch, release, version, vmlinux, image, btf, ...(config !== undefined && { config }) };
}
