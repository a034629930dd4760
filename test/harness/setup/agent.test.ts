// Tests that the guest agent is rebuilt only if its sources changed.
import { access, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Arch } from '../../../kernels/image/inspect.ts';
import { arm64IsMissing } from '../loaders/toolchains.ts';
import { run } from '../../../harness/setup/command.ts';
import { ensureAgent } from '../../../harness/setup/agent.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

const MAIN = `#include "words.h"
#include <bpf/libbpf.h>
#include <stdio.h>
int main(void) { printf("%s %s\\n", WORD, libbpf_version_string()); return 0; }
`;

let sources = '';
const built = new Set<string>();
beforeEach(async () => {
  sources = await mkdtemp(join(tmpdir(), 'corematrix-helper-'));
  await writeFile(join(sources, 'main.c'), MAIN);
  await writeFile(join(sources, 'words.h'), '#define WORD "first"\n');
  // Functions that the linker puts in place of functions of libbpf.
  for (const name of ['vmlinux_btf.c', 'vmlinux_btf.h', 'verifier_log.c'])
    await copyFile(join(PACKAGE_ROOT, 'harness/guest/agent', name), join(sources, name));
});
afterEach(async () => {
  await rm(sources, { recursive: true });
  for (const path of built) await rm(dirname(path), { recursive: true });
  built.clear();
});

async function build(arch: Arch = 'x86_64') {
  const notes: string[] = [];
  const agent = await ensureAgent({ sources, arch, onNote: (text) => notes.push(text.replace(/: [\d.]+ s$/, '')) });
  built.add(agent.path);
  return { agent, notes: notes.filter((text) => text.startsWith('guest agent')) };
}

it('the agent is rebuilt if a header changed, and not without a change', async () => {
  const first = await build();
  const { libbpf } = first.agent;
  expect(first.notes).toEqual([`guest agent with libbpf ${libbpf}`]);
  expect((await run([first.agent.path])).stdout).toBe(`first v${libbpf.split('.').slice(0, 2).join('.')}`);
  expect(await build()).toEqual({ agent: first.agent, notes: [] });
  await writeFile(join(sources, 'words.h'), '#define WORD "second"\n');
  const second = await build();
  expect((await run([second.agent.path])).stdout).toMatch(/^second /);
  expect(second.agent.sha256).not.toBe(first.agent.sha256);
});

it('an error says why the agent in the cache is not used without gcc', async () => {
  await build();
  vi.stubEnv('PATH', sources);
  try {
    await expect(build()).rejects.toThrow(
      /^gcc is not installed; it builds the guest agent, and an agent in the cache is used only with the version of gcc that built it; "corematrix setup" /,
    );
  } finally {
    vi.unstubAllEnvs();
  }
});

it('the agent is a static executable', async () => {
  const { agent } = await build();
  const { stdout } = await run(['readelf', '--program-headers', agent.path]);
  expect(stdout).not.toContain('INTERP');
});

it('an agent has only the sources of its architecture', async () => {
  const before = await build();
  await writeFile(join(sources, 'more_arm64.c'), '#error "not for x86-64"\n');
  expect((await build()).agent).toEqual(before.agent);
  await writeFile(join(sources, 'more_x86_64.c'), '#error "for x86-64"\n');
  await expect(build()).rejects.toThrow(/#error "for x86-64"/);
});

it.skipIf(arm64IsMissing)('the agent for arm64 is a static executable for arm64 (skipped without a compiler for arm64)', async () => {
  await writeFile(join(sources, 'more_x86_64.c'), '#error "not for arm64"\n');
  const { agent, notes } = await build('arm64');
  expect(notes).toEqual([`guest agent for arm64 with libbpf ${agent.libbpf}`]);
  const { stdout } = await run(['readelf', '--file-header', '--program-headers', agent.path]);
  expect(stdout).toMatch(/Machine: +AArch64/);
  expect(stdout).not.toContain('INTERP');
});

it('without a compiler for arm64, an error says what to install', async () => {
  vi.stubEnv('PATH', sources);
  try {
    await expect(build('arm64')).rejects.toThrow(
      'aarch64-linux-gnu-gcc is not installed, or has no C library; it builds the guest agent for arm64; ' +
        'on Debian: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross',
    );
  } finally {
    vi.unstubAllEnvs();
  }
});

it('a failed build of the agent shows the messages of the compiler and leaves no partial files', async () => {
  await writeFile(join(sources, 'broken.c'), 'int nothing(void) { return missing; }\n');
  const before = built.size;
  await expect(build()).rejects.toThrow(/the guest agent does not build[^]*broken\.c:1:[^]*missing/);
  await rm(join(sources, 'broken.c'));
  const { agent } = await build();
  await access(agent.path);
  expect(built.size).toBe(before + 1);
});
