// The exit codes of every command.

/** How a command can end, in the order of the exit codes. */
export const EXIT_NAMES = ['asExpected', 'incompatible', 'usage', 'infrastructure', 'internal', 'interrupted'] as const;
export type ExitName = (typeof EXIT_NAMES)[number];

/**
 * Exit codes of every command. An infrastructure failure never hides a compatibility failure.
 * @see EX_SOFTWARE in sysexits.h for 70; 130 is 128 and the number of SIGINT, as in shells
 */
export const EXIT = {
  asExpected: 0,
  incompatible: 1,
  usage: 2,
  infrastructure: 3,
  internal: 70,
  interrupted: 130,
} as const satisfies Record<ExitName, number>;

/** The meaning of each code for all commands; help has the meaning for one command. */
export const EXIT_MEANINGS = {
  asExpected: 'everything is as expected',
  incompatible: 'a compatibility failure, or a difference that the command looks for',
  usage: 'wrong usage or configuration, or an input that cannot be used',
  infrastructure: 'infrastructure failure: a guest, a download or this machine failed (QEMU or gcc is missing), and nothing else did',
  internal: 'internal error: a fault in corematrix itself, please report it',
  interrupted: 'interrupted with Ctrl-C',
} as const satisfies Record<ExitName, string>;
