// The modes of an object. Other settings depend on them.

/** `attach` also loads, `run` also attaches. */
export const MODES = ['load', 'attach', 'run'] as const;
export type Mode = (typeof MODES)[number];
