// `pins`: whether maps that the object pins are pinned in the guest.
import { z } from 'zod';
import type { Setting } from '../definition.ts';

export const pins: Setting<boolean, boolean> = {
  schema: z.boolean().describe('If true, maps that the object pins are pinned in the guest (default: false).'),
  takesDefault: () => true,
  isOnlyForAgent: true,
  prepare: (value) => value,
  frames: (isPinned) => (isPinned ? [{ type: 'pins' }] : []),
};
