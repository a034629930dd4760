// Tests of boots that succeed, and of the one-line diagnosis of those that fail, from the console of a real guest.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageOf } from '../../../harness/base/errors.ts';
import { type BootImage, bootGuest, type BootRequest } from '../../../harness/guest/boot.ts';
import { writeCpio } from '../../../harness/guest/cpio.ts';
import { machineFor } from '../../../harness/guest/machine.ts';
import { prepareInitramfs } from '../../../harness/guest/agent.ts';
import { QEMU_PROGRAM } from '../../../harness/run/host.ts';
import { bootImages } from '../../../harness/run/kernel.ts';
import { ensureAgent } from '../../../harness/setup/agent.ts';
import { pulledKernel } from '../../kernels/pulled.ts';

const KERNEL = 'debian:5.10';
const CONSOLE = [
  { path: 'dev', mode: 0o40755 },
  { path: 'dev/console', mode: 0o20600, device: [5, 1] as const },
];

let folder = '';
let image: BootImage;
let initramfs = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boot-'));
  const [first] = bootImages(await pulledKernel(KERNEL));
  if (!first) throw new Error(`${KERNEL} has no image`);
  image = first;
  initramfs = await prepareInitramfs(await ensureAgent({ onNote: () => {} }), null, folder);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function boot(changes: Partial<BootRequest>) {
  const directory = await mkdtemp(join(folder, 'guest-'));
  return bootGuest({
    qemuProgram: QEMU_PROGRAM,
    machine: machineFor('x86_64', 'tcg'),
    images: [image],
    initramfs,
    directory,
    timeoutMs: 120_000,
    signal: new AbortController().signal,
    ...changes,
  });
}

/** The reason of a failed boot. */
async function diagnosis(changes: Partial<BootRequest>): Promise<string> {
  try {
    const guest = await boot(changes);
    await guest.qemu.kill();
    return 'it came up';
  } catch (error) {
    return messageOf(error).replaceAll(folder, 'FOLDER');
  }
}

/** QEMU with arguments that a shell script changes. The original ones are `"$@"`. */
async function otherQemu(name: string, changed: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, `#!/bin/bash\nargs=("$@")\n${changed}\nexec ${QEMU_PROGRAM} "\${args[@]}"\n`);
  await chmod(path, 0o755);
  return path;
}

async function archive(name: string, entries: Parameters<typeof writeCpio>[0]): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, writeCpio(entries));
  return path;
}

it('a booted kernel reports its release from files in any folder, and QEMU runs without network in its sandbox', async () => {
  const directory = join(folder, "it's, a 'folder'");
  const { qemu, hello } = await boot({ directory });
  const { stdout: status } = await execa('grep', ['-E', '^(Seccomp|NoNewPrivs):', `/proc/${qemu.pid}/status`]);
  const net = (await qemu.qmp.execute('query-rx-filter')) ?? null;
  await qemu.kill();
  expect(hello.release).toMatch(/^5\.10\.\d+.*-cloud-amd64$/);
  expect({ seccomp: /^Seccomp:\s+(\d)$/m.exec(status)?.[1], net }).toEqual({ seccomp: '2', net: [] });
  expect(qemu.command.filter((word) => /netdev|-nic|virtfs|fsdev/.test(word))).toEqual([]);
});

it('a guest whose kernel measured a wrong TSC frequency, so that its clock is too fast, is booted again', async () => {
  const [newer] = bootImages(await pulledKernel('debian:6.12'));
  const boots = join(folder, 'boots');
  const wrong = 'args=("${args[@]/loglevel=4/loglevel=4 tsc_early_khz=100000}")';
  const first = await otherQemu(
    'fast-clock',
    `if [[ "$*" == *loglevel=4* ]]; then echo boot >> '${boots}'; [[ $(wc -l < '${boots}') -gt 1 ]] || ${wrong}; fi`,
  );
  const { qemu, uptimeMs, bootMs } = await boot({ qemuProgram: first, ...(newer && { images: [newer] }) });
  await qemu.kill();
  expect((await readFile(boots, 'utf8')).split('\n').length - 1).toBeGreaterThan(1);
  expect(uptimeMs).toBeGreaterThan(0);
  expect(uptimeMs).toBeLessThan(bootMs);
});

describe('the diagnosis of a failed boot', () => {
  it('the diagnosis of a failed boot names an init that is missing or not a program', async () => {
    expect([
      await diagnosis({ initramfs: await archive('empty.cpio', CONSOLE) }),
      await diagnosis({
        initramfs: await archive('garbage.cpio', [...CONSOLE, { path: 'init', mode: 0o100755, content: Buffer.alloc(512, 1) }]),
      }),
    ]).toMatchInlineSnapshot(`
      [
        "the guest did not boot: QEMU ended; the kernel does not start our /init (CONFIG_BLK_DEV_INITRD, CONFIG_BINFMT_ELF, a 64-bit kernel): Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        "the guest did not boot: QEMU ended; the kernel does not start our /init (CONFIG_BLK_DEV_INITRD, CONFIG_BINFMT_ELF, a 64-bit kernel): Kernel panic - not syncing: No working init found.  Try passing init= option to kernel. See Linux Documentation/admin-guide/init.rst for guidance.",
      ]
    `);
  });

  it('the diagnosis of a failed boot names PCI that is off, or a missing mailbox device', async () => {
    const withoutPci = await otherQemu('without-pci', 'args=("${args[@]/loglevel=4/loglevel=4 pci=off}")');
    const withoutDevice = await otherQemu('without-device', 'args=("${args[@]/ivshmem-plain*/pci-testdev}")');
    expect([await diagnosis({ qemuProgram: withoutPci }), await diagnosis({ qemuProgram: withoutDevice })]).toMatchInlineSnapshot(`
      [
        "the guest did not boot: QEMU ended; the kernel shows no PCI device of ours in sysfs (CONFIG_PCI, CONFIG_PCI_MMCONFIG, CONFIG_SYSFS): corematrix: find the mailbox device: No such device",
        "the guest did not boot: QEMU ended; the kernel shows no PCI device of ours in sysfs (CONFIG_PCI, CONFIG_PCI_MMCONFIG, CONFIG_SYSFS): corematrix: find the mailbox device: No such device",
      ]
    `);
  });

  it('the diagnosis of a failed boot names a panic of the kernel', async () => {
    const small = await otherQemu('small', 'args=("${args[@]/loglevel=4/loglevel=4 mem=20M}")');
    expect(await diagnosis({ qemuProgram: small })).toMatchInlineSnapshot(
      `"the guest did not boot: QEMU ended; the kernel panics: Kernel panic - not syncing: System is deadlocked on memory"`,
    );
  });

  it('the diagnosis of a failed boot has the last words of a QEMU that does not start', async () => {
    const refused = await otherQemu('refused', 'args+=(-device no-such-device)');
    expect([await diagnosis({ qemuProgram: refused }), await diagnosis({ qemuProgram: join(folder, 'missing') })]).toMatchInlineSnapshot(`
      [
        "the guest did not boot: QEMU ended: qemu-system-x86_64: -device no-such-device: 'no-such-device' is not a valid device model name",
        "the guest did not boot: QEMU ended: FOLDER/missing does not exist",
      ]
    `);
  });

  it('the diagnosis of a failed boot is that of the image that got furthest', async () => {
    const vmlinux = await readFile(image.path);
    // namesz 4, descsz 8, type XEN_ELFNOTE_PHYS32_ENTRY (18), name "Xen". Another type hides the entry for PVH.
    const note = vmlinux.indexOf(Buffer.from('04000000080000001200000058656e00', 'hex'));
    expect(note).toBeGreaterThan(0);
    vmlinux.writeUInt32LE(99, note + 8);
    const withoutPvh: BootImage = { ...image, path: join(folder, 'vmlinux-without-pvh') };
    await writeFile(withoutPvh.path, vmlinux);
    const bzImage = bootImages(await pulledKernel(KERNEL)).slice(1);
    const empty = await archive('furthest.cpio', CONSOLE);
    expect([
      await diagnosis({ images: [withoutPvh] }),
      await diagnosis({ images: [withoutPvh, ...bzImage], initramfs: empty }),
      await diagnosis({ images: [...bzImage, withoutPvh], initramfs: empty }),
    ]).toMatchInlineSnapshot(`
      [
        "the guest did not boot: this vmlinux has no PVH entry (CONFIG_PVH), without which QEMU cannot start it; name the bzImage of the kernel, usually called vmlinuz",
        "the guest did not boot: QEMU ended; the kernel does not start our /init (CONFIG_BLK_DEV_INITRD, CONFIG_BINFMT_ELF, a 64-bit kernel): Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
        "the guest did not boot: QEMU ended; the kernel does not start our /init (CONFIG_BLK_DEV_INITRD, CONFIG_BINFMT_ELF, a 64-bit kernel): Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)",
      ]
    `);
  });

  it('the diagnosis of a failed boot names a time limit and an empty console', async () => {
    expect(await diagnosis({ timeoutMs: 1 })).toMatchInlineSnapshot(
      `"the guest did not boot: no answer from the guest in 0.001 s; nothing on the console: no kernel for this machine, or one without a serial console (CONFIG_SERIAL_8250_CONSOLE) or PVH entry (CONFIG_PVH)"`,
    );
  });
});

it('a failed boot leaves no process behind', async () => {
  const { stdout } = await execa('ps', ['-eo', 'args']);
  expect(stdout.split('\n').filter((line) => line.includes('qemu-system') && line.includes(folder))).toEqual([]);
});
