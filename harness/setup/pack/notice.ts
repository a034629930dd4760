// The licences of what is linked into the programs of the package, and how to link these programs again with changed libraries.
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readAnySize } from '../../base/cached-file.ts';
import { digestOf } from '../../base/digest.ts';
import { InfraError } from '../../base/errors.ts';
import type { Component } from './components.ts';

/** The components of some programs. */
export interface NoticePart {
  /** The programs in words. */
  programs: string;
  components: readonly Component[];
}

const HEAD = `# Programs in this folder

The archives contain static programs for the kernel of a guest. \`manifest.json\` names each with its release, size and sha256. corematrix
never executes them on your machine. Their sources are in this package: \`harness/guest/agent\` (C), \`harness/loaders/cilium\` (Go) and
\`harness/loaders/aya\` (Rust), under the licence of the package.

## Your rights to the linked libraries

libelf (elfutils) is under the GNU LGPL version 3 or later or the GNU GPL version 2 or later; libbpf is under the BSD-2-Clause licence or
the GNU LGPL version 2.1; the GNU C library is under the GNU LGPL version 2.1 or later. You may change these libraries and link the
programs again; reverse engineering for debugging such changes is allowed.

- To link again: \`gcc -O3 -static\` (for arm64: \`aarch64-linux-gnu-gcc\`) with the C files in \`harness/guest/agent\` except
  \`machine_*.c\` of other architectures, your \`libbpf.a\`, \`libelf.a\`, \`libz.a\` and \`libzstd.a\`, and
  the flags \`-Wl,--wrap=\` for \`btf__load_vmlinux_btf\`, \`btf__free\` and \`bpf_prog_load\`. In a checkout of the repository, \`npm run setup\` and
  \`npm pack\` do this. Programs with aya: \`cargo build --release\` with the flag \`-Ctarget-feature=+crt-static\`.
- Sources: the exact versions are below. Debian source packages are in Debian's archive and its archive of old packages. For three years after
  the release of this package, its maintainers send anyone who asks the complete source of these libraries, at the cost of sending it.
`;

/**
 * Writes NOTICE.md, and copies the texts of the licences into `licences/`, each text once.
 * @throws InfraError if the text of a licence is missing
 */
export async function writeNotice(folder: string, parts: readonly NoticePart[]): Promise<void> {
  const licences = join(folder, 'licences');
  await mkdir(licences);
  const copied = new Map<string, string>();
  const copy = async ({ name }: Component, text: string): Promise<string> => {
    const digest = await digestOf([text], basename(text));
    const before = copied.get(digest);
    if (before !== undefined) return before;
    const file = `${name.split(' (')[0]?.replaceAll(/[^\w.+-]+/g, '-')}-${basename(text)}`;
    await writeFile(join(licences, file), await readAnySize(text));
    copied.set(digest, file);
    return file;
  };
  const sections: string[] = [];
  for (const { programs, components } of parts) {
    const lines: string[] = [];
    for (const component of components) {
      if (component.texts.length === 0) throw new InfraError(`${component.name}: this machine has no text of its licence`);
      const files: string[] = [];
      for (const text of component.texts) files.push(await copy(component, text));
      lines.push(`- ${component.name}: ${files.map((file) => `[${file}](licences/${file})`).join(', ')}`);
    }
    sections.push(`## Linked into the ${programs}\n\n${lines.join('\n')}\n`);
  }
  await writeFile(join(folder, 'NOTICE.md'), [HEAD, ...sections].join('\n'));
}
