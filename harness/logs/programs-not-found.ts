// The programs that a shell, env or Go did not find, from what they printed.

/** Limits the time for searching the output. */
const MAX_LINES = 2000;
const MAX_LINE = 1024;
const MAX_NAMES = 20;

/**
 * The messages of dash and busybox, bash, zsh, env of coreutils, and package os/exec of Go.
 * @see dash(1) exec.c, bash(1) execute_cmd.c, zsh(1) exec.c, env(1), https://pkg.go.dev/os/exec#ErrNotFound
 */
const NOT_FOUND: readonly RegExp[] = [
  /: (?:line )?\d+: ([^\s:]+): (?:command )?not found$/,
  /: command not found: ([^\s:]+)$/,
  /\benv: [‘'"]?([^\s:’'"]+)[’'"]?: No such file or directory$/,
  /\bexec: "([^\s:"]+)": executable file not found in \$PATH$/,
];

/** The names of these programs, each once, in the order of the messages. */
export function programsNotFound(output: string): string[] {
  const lines = output.split('\n').slice(-MAX_LINES);
  const names = lines.flatMap((line) => {
    const text = line.slice(0, MAX_LINE).trimEnd();
    return NOT_FOUND.flatMap((pattern) => pattern.exec(text)?.[1] ?? []).slice(0, 1);
  });
  return [...new Set(names)].slice(0, MAX_NAMES);
}
