// Recognises a kernel image by its first bytes and its banner, without unpacking it.
import { kernelVersionOf } from '../apt/debian-version.ts';
import { compressionOf } from '../archive/compression.ts';
import { tryParseKernelVersion, upstreamOf } from '../../harness/base/kernel-version.ts';
import { type BzImage, isBzImage, readBzImage } from './bzimage.ts';
import { isElf, readElfSection } from './elf-section.ts';
import type { ReadAt } from '../archive/read-at.ts';
import { findBanner } from './scan.ts';

export type Arch = 'x86_64' | 'arm64';

/** The three forms of images that a guest can boot. */
export type ImageForm = { form: 'bzimage'; image: BzImage } | { form: 'vmlinux' } | { form: 'image' };

export type Inspection =
  | (ImageForm & {
      kind: 'kernel';
      arch: Arch;
      /** The expected `uname -r`, from the banner. */
      release: string;
      /** Upstream version: 5.10.262 for the release 5.10.0-46. */
      version: string;
    })
  | { kind: 'bad'; reason: string };

/** The banner of Debian and its derivatives contains the package version: `#1 SMP Debian 5.10.262-1 (2026-07-31)`. */
function versionOf(banner: string): { release: string; version: string } | null {
  const release = banner.split(/\s/, 1)[0] ?? '';
  const own = tryParseKernelVersion(release);
  if (!own) return null;
  const packaged = kernelVersionOf(/#\d+ .*\bDebian (\d\S*)/.exec(banner)?.[1] ?? '');
  return { release, version: upstreamOf(packaged ?? own) };
}

/** Archives that are named by mistake, by their first bytes. */
const ARCHIVES = [
  ['\xed\xab\xee\xdb', 'it is an rpm package; name it as rpm:PATH'],
  ['!<arch>\ndebian-binary', 'it is a Debian package; name it as deb:PATH'],
  ['07070', 'it is a cpio archive, such as an initramfs; expected a bzImage, an ELF vmlinux or an arm64 Image'],
] as const;

async function formOf(
  read: ReadAt,
  size: number,
  head: Buffer,
): Promise<(ImageForm & { kind: 'form'; arch: Arch }) | { kind: 'bad'; reason: string }> {
  if (isElf(head)) {
    const elf = await readElfSection(read, size, '.BTF');
    return elf.kind === 'bad' ? elf : { kind: 'form', form: 'vmlinux', arch: elf.arch };
  }
  if (isBzImage(head)) {
    const reading = await readBzImage(read, size);
    return reading.kind === 'bad' ? reading : { kind: 'form', form: 'bzimage', image: reading.image, arch: 'x86_64' };
  }
  // arm64's Image header, Documentation/arch/arm64/booting.rst.
  if (head.toString('latin1', 0x38, 0x3c) === 'ARM\u0064') return { kind: 'form', form: 'image', arch: 'arm64' };
  const archive = ARCHIVES.find(([magic]) => head.toString('latin1').startsWith(magic));
  if (archive) return { kind: 'bad', reason: archive[1] };
  const compression = compressionOf(head);
  if (compression) return { kind: 'bad', reason: `it is ${compression} data; unpack it first` };
  if (head.toString('latin1', 4, 8) === 'zimg') return { kind: 'bad', reason: 'it is a self-extracting EFI image; give the Image inside' };
  return { kind: 'bad', reason: 'expected a bzImage, an ELF vmlinux or an arm64 Image' };
}

/** Recognises a kernel image of any of the three forms, or returns the reason why it is not one. */
export async function inspectImage(read: ReadAt, size: number): Promise<Inspection> {
  if (size === 0) return { kind: 'bad', reason: 'the file is empty' };
  const form = await formOf(read, size, await read(0, 0x300));
  if (form.kind === 'bad') return form;
  const banner = form.form === 'bzimage' ? form.image.banner : await findBanner(read, size);
  const found = banner === null ? null : versionOf(banner);
  if (!found) return { kind: 'bad', reason: 'it contains no Linux version' };
  return { ...form, ...found, kind: 'kernel' };
}
