// What is done with an object: other settings depend on it.

/** `attach` also loads, `run` also attaches. */
export const MODES = ['load', 'attach', 'run'] as const;
export type Mode = (typeof MODES)[number];
