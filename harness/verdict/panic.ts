// The last words of a program in Go or Rust that panics. They are on the console of the guest.
import { oneLine } from './failure.ts';

/**
 * A line that tells everything: `panic: runtime error: index out of range [5] with length 3`, or that memory or stack is exhausted.
 * @see printpanics() and fatalthrow() in src/runtime/panic.go of Go; default_alloc_error_hook() in library/std/src/alloc.rs of Rust
 */
const WHOLE = /^(?:(?:panic|fatal error|fatal runtime error): .+|memory allocation of \d+ bytes failed)/m;

/**
 * A panic in Rust: the place, and the message in the next lines.
 * @see default_hook() in library/std/src/panicking.rs of Rust
 */
const RUST = /^thread '.*'(?: \(\d+\))? panicked at (.+):\n(.+)/m;

/** The folders of cargo before the name of a crate. */
const CARGO_FOLDERS = /.*\/registry\/src\/[^/]+\//;

/** The message of a panic, in one line; null if there is none. */
export function panicIn(console: string): string | null {
  const text = console.replaceAll('\r', '');
  const rust = RUST.exec(text);
  if (rust) {
    const [, place = '', message = ''] = rust;
    return oneLine(`panic at ${place.replace(CARGO_FOLDERS, '')}: ${message}`);
  }
  const [said] = WHOLE.exec(text) ?? [];
  return said === undefined ? null : oneLine(said);
}
