// Request frames that say what is to be done with an object once it is loaded.
import { commandPayload, type GuestCommand } from './custom-loader-frames.ts';
import { text, u32 } from './payload.ts';

/** Types of these frames. @see enum frame_type in harness/guest/agent/frames.h */
export const TRIAL_FRAME = { attach: 48, run: 50, trigger: 51, testRun: 52, countEvents: 53, lookUp: 54, triggerCommand: 55 } as const;

export type RunCheckFrame =
  /** Everything that loads is attached. */
  | { type: 'attach' }
  /** What is attached is run: by the triggers, after which what is asked for is looked at. */
  | { type: 'run' }
  | { type: 'trigger'; index: number; name: string }
  | { type: 'testRun'; index: number; program: string; repeat: number; data: Uint8Array; context: Uint8Array }
  /** A command whose files are in the archive of the request. */
  | ({ type: 'triggerCommand'; index: number } & GuestCommand)
  | { type: 'countEvents'; index: number; map: string }
  | { type: 'lookUp'; index: number; map: string; key: Uint8Array };

/** Whether a frame is one of these. */
export function isRunCheckFrame(frame: { type: string }): frame is RunCheckFrame {
  return Object.hasOwn(TRIAL_FRAME, frame.type);
}

/** The payload of a frame, in pieces. */
export function runCheckPayload(frame: RunCheckFrame): Uint8Array[] {
  switch (frame.type) {
    case 'attach':
    case 'run':
      return [];
    case 'trigger':
      return [u32(frame.index), text(frame.name)];
    case 'triggerCommand':
      return [u32(frame.index), ...commandPayload(frame)];
    case 'testRun':
      return [u32(frame.index), u32(frame.repeat), u32(frame.data.length), text(frame.program), frame.data, frame.context];
    case 'countEvents':
      return [u32(frame.index), text(frame.map)];
    case 'lookUp':
      return [u32(frame.index), text(frame.map), frame.key];
  }
}
