// Variables of the environment that switch something on or off.

const OFF: ReadonlySet<string> = new Set(['', '0', 'false', 'no', 'off']);

/** Whether a variable switches its feature on: any value but `0`, `false`, `no`, `off` and the empty one. */
export function isOn(value: string | undefined): boolean {
  return !OFF.has((value ?? '').toLowerCase());
}
