// Which snapshots are used again: what their key depends on, and which damage to their files is noticed.
import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSnapshot, type SnapshotKey, snapshotKey, type SnapshotManifest } from '../../../harness/guest/kept-snapshot.ts';
import { isIntact } from '../../../harness/guest/intact.ts';
import { type Machine, machineFor, qemuArguments } from '../../../harness/guest/machine.ts';

const PARTS: SnapshotKey = {
  kernelSha256: 'kernel',
  agentSha256: 'agent',
  configSha256: 'config',
  qemuVersion: 'QEMU emulator version 10.0.0',
  machine: machineFor('x86_64', 'tcg'),
};

describe('the key of a snapshot', () => {
  it('the key of a snapshot is 32 hexadecimal digits, and equal for equal parts', () => {
    expect([snapshotKey(PARTS), snapshotKey({ ...PARTS, machine: machineFor('x86_64', 'tcg') })]).toEqual([
      expect.stringMatching(/^[0-9a-f]{32}$/),
      snapshotKey(PARTS),
    ]);
  });

  it('the key of a snapshot differs if any part differs', () => {
    const others: readonly Partial<SnapshotKey>[] = [
      {},
      { kernelSha256: 'kernel2' },
      { agentSha256: 'agent2' },
      { configSha256: 'config2' },
      { configSha256: null },
      { qemuVersion: 'QEMU emulator version 10.0.1' },
      { machine: machineFor('x86_64', 'kvm') },
      { machine: machineFor('arm64', 'tcg') },
      { machine: machineFor('x86_64', 'tcg', 1024) },
      { machine: { ...PARTS.machine, mailboxMiB: 128 } },
      // Parts must not flow into each other.
      { kernelSha256: 'kernela', agentSha256: 'gent' },
    ];
    const keys = others.map((other) => snapshotKey({ ...PARTS, ...other }));
    expect(new Set(keys).size).toBe(others.length);
  });

  it('the key of a snapshot covers the format and all options of QEMU', () => {
    const options = qemuArguments(PARTS.machine, { ram: '', mailbox: '', private: false }, { kernel: '', initramfs: '' });
    expect(options).toContain('memory-backend-file,id=mailbox,size=64M,mem-path=,share=on');
    const digest = createHash('sha256')
      .update(JSON.stringify([2, PARTS, options]))
      .digest('hex');
    expect(snapshotKey(PARTS)).toBe(digest.slice(0, 32));
  });
});

describe('the machine of a guest', () => {
  it('all guests have the same machine except for accelerator and memory, and large ones have a larger mailbox', () => {
    expect([machineFor('x86_64', 'tcg'), machineFor('x86_64', 'kvm', 2048)]).toEqual([
      { arch: 'x86_64', accel: 'tcg', memoryMiB: 512, mailboxMiB: 64 },
      { arch: 'x86_64', accel: 'kvm', memoryMiB: 2048, mailboxMiB: 256 },
    ]);
  });

  const started = (machine: Machine, memory: { private: boolean }, boot: Parameters<typeof qemuArguments>[2]) =>
    qemuArguments(machine, { ram: '/r,am', mailbox: '/mail', ...memory }, boot)
      .join(' ')
      .replaceAll(/ (?=-[a-zA-Z])/g, '\n');

  it('a guest that boots shares its memory with the files of a snapshot', () => {
    expect(started(machineFor('x86_64', 'tcg'), { private: false }, { kernel: '/k', initramfs: '/i' })).toMatchInlineSnapshot(`
      "-machine q35,usb=off,sata=off,smbus=off,vmport=off,hpet=off,memory-backend=ram
      -accel tcg
      -cpu qemu64,+ssse3,+sse4.1,+sse4.2,+popcnt,+aes,+rdrand
      -smp 1
      -m 512M
      -object memory-backend-file,id=ram,size=512M,mem-path=/r,,am,share=on
      -object memory-backend-file,id=mailbox,size=64M,mem-path=/mail,share=on
      -device ivshmem-plain,memdev=mailbox,master=on
      -nodefaults
      -no-user-config
      -display none
      -no-reboot
      -chardev socket,id=console,fd=4
      -device isa-serial,chardev=console,index=0
      -chardev stdio,id=bell,signal=off
      -device isa-debugcon,iobase=0xe9,chardev=bell
      -chardev socket,id=qmp,fd=3
      -mon chardev=qmp,mode=control
      -kernel /k
      -initrd /i
      -append console=ttyS0 random.trust_cpu=on no_timer_check tsc=reliable GLIBC_TUNABLES=glibc.cpu.hwcaps=-SSE4_2,-SSSE3 loglevel=4 panic=-1 oops=panic nokaslr mitigations=off cryptomgr.notests damon_stat.enabled=0 lsm=lockdown,capability,landlock,yama,apparmor,bpf"
    `);
  });

  it('a guest for arm64 has other devices for the same purposes', () => {
    const own = new Set(started(machineFor('x86_64', 'tcg'), { private: false }, { kernel: '/k', initramfs: '/i' }).split('\n'));
    const options = started(machineFor('arm64', 'tcg'), { private: false }, { kernel: '/k', initramfs: '/i' }).split('\n');
    expect(options.filter((option) => !own.has(option)).join('\n')).toMatchInlineSnapshot(`
      "-machine virt,gic-version=3,memory-backend=ram
      -cpu cortex-a57
      -serial chardev:console
      -device pci-serial,chardev=bell
      -append console=ttyAMA0 loglevel=4 panic=-1 oops=panic nokaslr mitigations=off cryptomgr.notests damon_stat.enabled=0 lsm=lockdown,capability,landlock,yama,apparmor,bpf"
    `);
  });

  it('a restored guest has the same devices, and leaves the files of the snapshot as they are', () => {
    const booted = started(machineFor('x86_64', 'tcg'), { private: false }, { kernel: '/k', initramfs: '/i' }).split('\n');
    const restored = started(machineFor('x86_64', 'tcg'), { private: true }, 'restore').split('\n');
    expect(restored).toEqual([
      ...booted.filter((option) => !/^-(?:kernel|initrd|append) /.test(option)).map((option) => option.replace('share=on', 'share=off')),
      '-incoming defer',
    ]);
  });

  it('a guest under KVM has the processor of the host, and one for gdb waits on its socket', () => {
    const options = started({ ...machineFor('x86_64', 'kvm', 1024), gdb: '/g,db' }, { private: false }, 'restore').split('\n');
    expect(options.filter((option) => /^-(?:accel|cpu|m|S|gdb)(?: |$)/.test(option))).toEqual([
      '-accel kvm',
      '-cpu host',
      '-m 1024M',
      '-S',
      '-gdb unix:/g,,db,server=on,wait=off',
    ]);
  });
});

describe('the files of a snapshot', () => {
  const RAM = Buffer.alloc(10_000, 'memory');
  const STATE = Buffer.from('device state');
  const KEY = snapshotKey(PARTS);
  const MANIFEST: SnapshotManifest = {
    format: 2,
    key: KEY,
    hello: { release: '6.1.0', version: '#1 SMP', machine: 'x86_64', libbpf: '1.7.0', btfSize: 5_000_000 },
    mailboxAddress: '4261412864',
    method: 'pvh',
    bootMs: 900,
    command: ['qemu-system-x86_64', '-nodefaults'],
    stateSha256: createHash('sha256').update(STATE).digest('hex'),
    ram: { size: RAM.length, crc32: crc32(RAM) },
  };

  let folder = '';
  const path = (name: string) => join(folder, name);
  const writeManifest = async (manifest: object) => writeFile(path('snapshot.json'), JSON.stringify(manifest));
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'snapshot-'));
    await writeFile(path('ram'), RAM);
    await writeFile(path('state'), STATE);
    await writeManifest(MANIFEST);
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  it('a complete snapshot is used, with the paths of its files', async () => {
    const whole = { ...MANIFEST, ramFile: path('ram'), stateFile: path('state') };
    expect([await openSnapshot(folder, KEY), await openSnapshot(folder, KEY)]).toEqual([whole, whole]);
  });

  it.each<[string, () => Promise<void>]>([
    ['whose folder is missing', async () => rm(folder, { recursive: true })],
    ['without a manifest', async () => rm(path('snapshot.json'))],
    ['whose manifest is cut', async () => writeFile(path('snapshot.json'), JSON.stringify(MANIFEST).slice(0, -1))],
    ['of an older format', async () => writeManifest({ ...MANIFEST, format: 1 })],
    ['with a property that this version does not know', async () => writeManifest({ ...MANIFEST, more: 1 })],
    ['with another property of its kernel', async () => writeManifest({ ...MANIFEST, hello: { ...MANIFEST.hello, more: 1 } })],
    ['without the release of its kernel', async () => writeManifest({ ...MANIFEST, hello: {} })],
    ['with another property of its memory', async () => writeManifest({ ...MANIFEST, ram: { ...MANIFEST.ram, more: 1 } })],
    ['of an unknown boot method', async () => writeManifest({ ...MANIFEST, method: 'uefi' })],
    ['of another key', async () => writeManifest({ ...MANIFEST, key: snapshotKey({ ...PARTS, agentSha256: 'x' }) })],
    ['without its state', async () => rm(path('state'))],
    ['whose state is changed', async () => writeFile(path('state'), 'device statf')],
    ['without its memory', async () => rm(path('ram'))],
    ['whose memory is cut', async () => writeFile(path('ram'), RAM.subarray(1))],
    ['whose memory is longer', async () => appendFile(path('ram'), 'x')],
    ['whose memory is changed', async () => writeFile(path('ram'), Buffer.alloc(RAM.length, 'memorx'))],
  ])('a snapshot %s is not used', async (_, damage) => {
    await damage();
    expect(await openSnapshot(folder, KEY)).toBeNull();
  });

  it('memory that is changed after a check is noticed, also if its size and its modification time are as before', async () => {
    expect(await openSnapshot(folder, KEY)).not.toBeNull();
    const { atime, mtime } = await stat(path('ram'));
    await writeFile(path('ram'), Buffer.alloc(RAM.length, 'memorx'));
    await utimes(path('ram'), atime, mtime);
    expect(await openSnapshot(folder, KEY)).toBeNull();
  });

  it('memory that did not change since its check is not read again', async () => {
    const expected = { size: RAM.length, crc32: crc32(RAM) };
    const stamp = path('ram.stamp');
    expect(await isIntact(path('ram'), expected, stamp)).toBe(true);
    const known = await readFile(stamp, 'utf8');
    // Only a file that is not read fits a wrong checksum.
    expect(await isIntact(path('ram'), { ...expected, crc32: 0 }, stamp)).toBe(true);
    await writeFile(stamp, `${known}0`);
    expect(await isIntact(path('ram'), { ...expected, crc32: 0 }, stamp)).toBe(false);
    expect(await readFile(stamp, 'utf8')).toBe(`${known}0`);
    expect(await isIntact(path('ram'), expected, path('missing/ram.stamp'))).toBe(true);
  });

  it('memory of another size is not intact, though its checksum fits', async () => {
    const expected = { size: RAM.length + 1, crc32: crc32(RAM) };
    expect([await isIntact(path('ram'), expected, path('stamp')), await isIntact(path('missing'), expected, path('stamp'))]).toEqual([
      false,
      false,
    ]);
  });

  it('the check of memory is bound to its file, size and times', async () => {
    await openSnapshot(folder, KEY);
    const { ino, size, mtimeNs, ctimeNs } = await stat(path('ram'), { bigint: true });
    expect(await readFile(path('ram.stamp'), 'utf8')).toBe([ino, size, mtimeNs, ctimeNs].join(' '));
  });
});
