// Frames for who loads an object and what has to be in the kernel before.
import { text, u32 } from './payload.ts';

/** Types of these frames; see harness/guest/agent/frames.h. */
export const LOADER_FRAME = { archive: 64, command: 65, module: 66 } as const;

/** A command with its environment and working folder. */
export interface GuestCommand {
  timeoutMs: number;
  folder: string;
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
}

export type LoaderFrame =
  /** A ustar archive, unpacked in the guest's root. */
  | { type: 'archive'; tar: Uint8Array }
  /** Is run instead of loading the object. */
  | ({ type: 'command' } & GuestCommand)
  /** Is loaded into the kernel before anything else, in the order of the frames. */
  | { type: 'module'; name: string; ko: Uint8Array };

/** A command as the guest reads it. */
export function commandPayload({ timeoutMs, folder, argv, env }: GuestCommand): Uint8Array[] {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return [u32(timeoutMs), u32(argv.length), u32(variables.length), ...[folder, ...argv, ...variables].map((word) => text(word))];
}

/** What stands in such a frame. */
export function loaderPayload(frame: LoaderFrame): Uint8Array[] {
  if (frame.type === 'archive') return [frame.tar];
  if (frame.type === 'module') return [text(frame.name), frame.ko];
  return commandPayload(frame);
}
