// The QEMU command of a guest for running by hand: the same machine, with terminal and files in place of descriptors.
import { join } from 'node:path';

/** Replacements for the inherited character devices, by id. */
function deviceOf(option: string, directory: string, terminal: 'line' | 'raw'): string {
  switch (/,id=(console|bell|qmp)\b/.exec(option)?.[1]) {
    case 'console':
      return terminal === 'raw' ? 'stdio,id=console,mux=on,signal=off' : 'stdio,id=console';
    case 'bell':
      return `file,id=bell,path=${join(directory, 'bell').replaceAll(',', ',,')}`;
    case 'qmp':
      return `socket,id=qmp,path=${join(directory, 'qmp').replaceAll(',', ',,')},server=on,wait=off`;
    case undefined:
    default:
      return option;
  }
}

/**
 * The command, program first, with the console on standard input and output, the bell in a file, and the monitor (QMP) on a socket.
 * @param command the executed command
 * @param directory the folder for the file and the socket
 * @param terminal whether keys such as Ctrl-C are the guest's (`raw`; Ctrl-A X ends QEMU) or end QEMU
 */
export function standaloneCommand(command: readonly string[], directory: string, terminal: 'line' | 'raw' = 'line'): string[] {
  return command.map((word, index) => (command[index - 1] === '-chardev' ? deviceOf(word, directory, terminal) : word));
}
