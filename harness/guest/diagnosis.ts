// Diagnoses a failed boot in one line, from the console and the end of QEMU.

interface Sign {
  pattern: RegExp;
  /** The meaning, and what the kernel lacks; the console line follows it. */
  meaning: string;
}

/** The most specific first. */
const SIGNS = [
  {
    pattern: /corematrix: find the mailbox device: [^\r\n]*/,
    meaning: 'the kernel shows no PCI device of ours in sysfs (CONFIG_PCI, CONFIG_PCI_MMCONFIG, CONFIG_SYSFS)',
  },
  { pattern: /corematrix: (?!mount )[^\r\n]*/, meaning: 'the agent cannot work on this kernel' },
  {
    pattern: /Kernel panic - not syncing: (?:No working init found|Requested init|VFS: Unable to mount root)[^\r\n]*/,
    meaning: 'the kernel does not start our /init (CONFIG_BLK_DEV_INITRD, CONFIG_BINFMT_ELF, a 64-bit kernel)',
  },
  { pattern: /Kernel panic[^\r\n]*/, meaning: 'the kernel panics' },
  { pattern: /\b(?:Oops|BUG): [^\r\n]*|general protection fault[^\r\n]*/, meaning: 'the kernel breaks' },
] as const satisfies readonly Sign[];

const NOTHING_ON_CONSOLE =
  'nothing on the console: no kernel for this machine, or one without a serial console (CONFIG_SERIAL_8250_CONSOLE) or PVH entry (CONFIG_PVH)';

const RESET = 'the kernel reset the machine or switched it off before it wrote anything';

/** What QEMU says of a vmlinux without a PVH entry. */
const WITHOUT_PVH = 'without PVH ELF Note';
const NO_PVH =
  'this vmlinux has no PVH entry (CONFIG_PVH), without which QEMU cannot start it; name the bzImage of the kernel, usually called vmlinuz';

const LINE = 200;

function lastLine(console: string): string {
  const lines = console.split(/[\r\n]+/).map((line) => line.trim());
  return lines.findLast((line) => line !== '') ?? '';
}

/**
 * One line for a boot that failed.
 * @param ended the observed end: a timeout, or the end of QEMU
 * @param console the whole output of the guest's console
 */
export function diagnoseBoot(ended: string, console: string): string {
  const failed = `the guest did not boot: ${ended}`;
  for (const { pattern, meaning } of SIGNS) {
    const line = pattern.exec(console)?.[0];
    if (line !== undefined) return `${failed}; ${meaning}: ${line.trim().slice(0, LINE)}`;
  }
  if (ended.includes(WITHOUT_PVH)) return `the guest did not boot: ${NO_PVH}`;
  const last = lastLine(console);
  if (last !== '') return `${failed}; the last line of the console: ${last.slice(0, LINE)}`;
  if (ended === 'QEMU ended') return `${failed}; ${RESET}`;
  return ended.startsWith('QEMU ended') ? failed : `${failed}; ${NOTHING_ON_CONSOLE}`;
}

/**
 * How far a failed boot got: 0 if QEMU refused to start the kernel, 1 if the kernel wrote nothing, 2 if it wrote something.
 * @param ended as in `diagnoseBoot`
 */
export function progressOf(ended: string, console: string): number {
  if (lastLine(console) !== '') return 2;
  return ended.startsWith('QEMU ended:') ? 0 : 1;
}
