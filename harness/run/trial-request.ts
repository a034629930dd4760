// What a guest is asked to do with an object once it is loaded, as frames.
import type { ObjectSettings } from '../config/object-settings.ts';
import type { RequestFrame } from '../guest/frames.ts';

/** The frames that ask for attaching; none where an object is only loaded. */
export function trialFrames({ mode = 'load' }: ObjectSettings): RequestFrame[] {
  return mode === 'load' ? [] : [{ type: 'attach' }];
}
