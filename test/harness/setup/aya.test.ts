// Tests of how the loader program with aya is built: its lock files, and the errors without a compiler.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ayaBuild, withSources } from '../../../harness/setup/aya.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corematrix-aya-'));
  vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function install(program: string, version: string): Promise<void> {
  await writeFile(join(folder, program), `#!/bin/sh\necho '${version}'\n`, { mode: 0o755 });
}

it('the registry of this machine is put before each checksum of a lock file of aya', () => {
  const own = '[[package]]\nname = "libc"\nversion = "0.2.0"\nsource = "registry+https://registry.example/index"\nchecksum = "00"\n';
  const pinned = '[[package]]\nname = "libc"\nversion = "0.2.1"\nchecksum = "01"\n\n[[package]]\nname = "loader"\nversion = "1.0.0"\n';
  expect(withSources(pinned, own)).toBe(
    '[[package]]\nname = "libc"\nversion = "0.2.1"\nsource = "registry+https://registry.example/index"\nchecksum = "01"\n\n' +
      '[[package]]\nname = "loader"\nversion = "1.0.0"\n',
  );
});

it('without a Rust compiler the error of aya says which Rust is needed', async () => {
  await expect(ayaBuild('0.14')).rejects.toThrow(/^aya@0\.14 needs Rust 1\.87 or newer to be built; this machine has none$/);
});

it('with a Rust that is too old the error of aya names it', async () => {
  await install('cargo', 'cargo 1.86.0 (adf9b6ad1 2025-02-28)');
  await install('rustc', 'rustc 1.86.0 (05f9846f8 2025-03-31)');
  await expect(ayaBuild('0.13')).rejects.toThrow(/^aya@0\.13 needs Rust 1\.87 or newer to be built; this machine has Rust 1\.86\.0$/);
});

it('the build of aya depends on its sources, its lock file and the compiler, and tells the exact release', async () => {
  await install('cargo', 'cargo 2.0.0 (000000000 2030-01-01)');
  await install('rustc', 'rustc 2.0.0 (000000000 2030-01-01)');
  const { files, inputs, release } = await ayaBuild('0.13');
  expect(release).toBe('0.13.1');
  expect(inputs).toContain('rustc 2.0.0 (000000000 2030-01-01)');
  expect(files.map((file) => file.replace(/^.*\/aya\//, ''))).toEqual(
    expect.arrayContaining(['src/main.rs', 'src/frames.rs', '0.13/Cargo.toml', '0.13/Cargo.lock']),
  );
});
