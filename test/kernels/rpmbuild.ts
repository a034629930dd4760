// Builds rpm packages with rpmbuild, the tool of the distributions.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

export interface RpmSpec {
  name: string;
  version?: string;
  release?: string;
  /** Text or the path of a file to copy, by path in the package. */
  files: Readonly<Record<string, string | { copyOf: string }>>;
  ghosts?: readonly string[];
  /** Targets of symbolic links by path. */
  links?: Readonly<Record<string, string>>;
  /** The compression, as rpm writes it: `w3.zstdio`. */
  payload?: string;
}

/** Builds a package in a folder, and returns its path. */
export async function builtRpm(folder: string, spec: RpmSpec): Promise<string> {
  const { name, version = '6.9.1', release = '1.el9', files, ghosts = [], links = {}, payload = 'w3.zstdio' } = spec;
  const top = join(folder, `rpmbuild-${name}`);
  const sources = join(top, 'SOURCES');
  await mkdir(sources, { recursive: true });
  const install: string[] = [];
  for (const [index, [path, content]] of Object.entries(files).entries()) {
    const source = typeof content === 'string' ? join(sources, String(index)) : content.copyOf;
    if (typeof content === 'string') await writeFile(source, content);
    install.push(`install -D -m 644 '${source}' '%{buildroot}/${path}'`);
  }
  for (const [path, target] of Object.entries(links)) {
    install.push(`mkdir -p '%{buildroot}/${dirname(path)}'`, `ln -s '${target}' '%{buildroot}/${path}'`);
  }
  for (const path of ghosts) install.push(`install -D /dev/null '%{buildroot}/${path}'`);
  const list = [
    ...[...Object.keys(files), ...Object.keys(links)].map((path) => `"/${path}"`),
    ...ghosts.map((path) => `%ghost "/${path}"`),
  ];
  const text = [
    `Name: ${name}`,
    `Version: ${version}`,
    `Release: ${release}`,
    'Summary: a kernel',
    'License: GPL-2.0-only',
    'AutoReqProv: no',
    '%description',
    'A kernel.',
    '%install',
    ...install,
    '%files',
    ...list,
    '',
  ].join('\n');
  await writeFile(join(top, 'k.spec'), text);
  const defines = [
    `_topdir ${top}`,
    `_binary_payload ${payload}`,
    '__os_install_post %{nil}',
    '_build_id_links none',
    'debug_package %{nil}',
  ];
  const define = defines.flatMap((each) => ['--define', each]);
  await execa('rpmbuild', ['-bb', '--quiet', '--target', 'x86_64', ...define, join(top, 'k.spec')]);
  const built = join(top, 'RPMS/x86_64');
  const [file = ''] = await readdir(built);
  return join(built, file);
}
