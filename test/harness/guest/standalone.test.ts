import { expect, test } from 'vitest';
import { qemuArguments } from '../../../harness/guest/machine.ts';
import { standaloneCommand } from '../../../harness/guest/standalone.ts';

test('the command that a user can run by hand has no inherited descriptors, and otherwise equals that of the guest', () => {
  const files = { ram: '/w/ram', mailbox: '/w/mailbox', private: false };
  const args = qemuArguments({ arch: 'x86_64', accel: 'tcg', memoryMiB: 512, mailboxMiB: 64 }, files, { kernel: '/k', initramfs: '/i' });
  const command = ['qemu-system-x86_64', ...args];
  const alone = standaloneCommand(command, '/a,b');
  expect(alone.filter((word) => /fd=\d/.test(word))).toEqual([]);
  expect(alone.filter((word, index) => word !== command[index])).toEqual([
    'stdio,id=console',
    'file,id=bell,path=/a,,b/bell',
    'socket,id=qmp,path=/a,,b/qmp,server=on,wait=off',
  ]);
  expect(standaloneCommand(command, '/a', 'raw')).toContain('stdio,id=console,mux=on,signal=off');
});
