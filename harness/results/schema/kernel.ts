// `kernels[]` in results.json.
import { z } from 'zod';
import { count, milliseconds, sha256 } from './values.ts';

const packageSchema = z.strictObject({
  name: z.string().describe('Name of the package.'),
  version: z.string().describe('Version of the package.'),
  path: z.string().describe('Path of the package in the archive of the distribution, or of the local file.'),
  sha256: sha256.describe('SHA-256 of the package file, in hexadecimal.'),
});

const boot = z.strictObject({
  method: z.enum(['pvh', 'bzimage', 'image']).describe('Kind of image that QEMU started.'),
  durationMs: milliseconds.describe('Time from the start of QEMU until the agent was ready, in milliseconds.'),
  command: z.array(z.string()).describe('QEMU command of the boot.'),
});

const mirror = z.string().describe('Address of the mirror.');

const trust = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('signed').describe('The index of a mirror has the digest of the package, and its signature was verified.'),
    mirror,
    key: z
      .string()
      .regex(/^[0-9A-F]{40,64}$/)
      .describe('Fingerprint of the key that signed the index, in hexadecimal.'),
    expired: z.iso
      .date()
      .optional()
      .describe('Day on which the index expired; it was used because apt on that machine does not check this. Absent if it was valid.'),
  }),
  z.strictObject({ kind: z.literal('pinned').describe('The lock file has the digest of the package.') }),
  z.strictObject({ kind: z.literal('own').describe('The kernel is a file of the user.') }),
  z.strictObject({
    kind: z.literal('accepted').describe('Nothing was verified: the user accepted the mirror (`--trust-mirror`).'),
    mirror,
    reason: z.string().describe('Why the index of the mirror could not be verified.'),
  }),
]);

export const kernelSchema = z.strictObject({
  id: z
    .string()
    .describe('Identifier of the kernel, unique in this file and safe in a path and a URL fragment: `debian-6.12.117+deb13-cloud-amd64`.'),
  selector: z.string().describe('Selector that the kernel was chosen by: `debian:6.12`.'),
  release: z.string().nullable().describe('Output of `uname -r` in the guest; null if no guest booted.'),
  version: z.string().describe('Upstream version, by which kernels are ordered: `6.12.117`, `7.4-rc3`.'),
  series: z.string().describe('First two numbers of the version: `5.10`, `6.12`.'),
  arch: z.enum(['x86_64', 'arm64']).describe('Architecture of the kernel.'),
  distribution: z.string().describe('Kernel source: `debian`, `file`, `deb`.'),
  package: packageSchema.nullable().describe('Package that contained the kernel; null for a kernel image from a file.'),
  sha256: sha256
    .nullable()
    .describe('SHA-256 of the kernel image as delivered (bzImage, Image or vmlinux), in hexadecimal; null if it could not be fetched.'),
  btf: z
    .strictObject({
      size: count.describe('Size of the BTF, in bytes.'),
      sha256: sha256.describe('SHA-256 of the BTF, in hexadecimal.'),
    })
    .nullable()
    .describe('BTF of the kernel image; null if it has none, or could not be fetched.'),
  trust: trust.optional().describe('Who vouches for the kernel; absent if it was not pulled, and in results of older versions.'),
  boot: boot.nullable().describe('The boot from which cells started; null if the kernel did not boot.'),
  optional: z.literal(true).optional().describe('True if a missing kernel or a failed boot is not an error; absent otherwise.'),
  notes: z.array(z.string()).describe('Notes for the reader, such as a package that was used in place of the indexed one.'),
});
