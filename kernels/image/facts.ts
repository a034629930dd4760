// What is kept of an unpacked kernel beside its files. Checked by hand: predictions are made faster than a schema library loads.

/** Names of the files in a kernel's folder. */
export const KERNEL_FILES = {
  vmlinux: 'vmlinux',
  image: 'image',
  btf: 'btf',
  names: 'btf-names',
  config: 'config',
  facts: 'kernel.json',
} as const;

export interface KernelFacts {
  format: 1;
  /** Of the image as it was delivered. */
  sha256: string;
  arch: 'x86_64' | 'arm64';
  release: string;
  version: string;
  /** Which files there are; a flat Image has no vmlinux, a delivered vmlinux no image. */
  vmlinux: boolean;
  image: boolean;
  btf: { size: number; sha256: string } | null;
  /** The configuration it was built with, as text; null when there is none to be had, absent while nobody has looked for it. */
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

/** Facts as this version writes them, null for anything else. */
export function readFacts(value: unknown): KernelFacts | null {
  const { format, sha256, arch, release, version, vmlinux, image, btf: writtenBtf, config: writtenConfig } = fields(value) ?? {};
  const btf = keptFile(writtenBtf);
  const config = keptFile(writtenConfig);
  const texts = typeof sha256 === 'string' && typeof release === 'string' && typeof version === 'string';
  const flags = typeof vmlinux === 'boolean' && typeof image === 'boolean';
  if (format !== 1 || (arch !== 'x86_64' && arch !== 'arm64') || !texts || !flags || btf === undefined) return null;
  return { format, sha256, arch, release, version, vmlinux, image, btf, ...(config !== undefined && { config }) };
}
