// Tests of alternatives that load everywhere but cannot be attached everywhere, in real guests.
import { expect, test } from 'vitest';
import { configuredInputs } from './configured.ts';
import { realRun } from './real-run.ts';

/** The programs of the groups, on each kernel: what happened, and the chosen ones. */
async function outcomes(settings: string, selectors: readonly string[], names: readonly string[]): Promise<string[][]> {
  const { objects, problems } = await configuredInputs('attach_targets', settings);
  expect(problems).toEqual([]);
  const { cells } = await realRun([], selectors, { objects });
  return cells.map(({ status, chosen, programs }) => [
    `${status}, chosen: ${chosen?.join(' ') ?? ''}`,
    ...programs
      .filter(({ name }) => names.includes(name))
      .map(({ name, status: own, attached, reason }) => `${name} ${own}: ${reason ?? (attached === true ? 'attached' : 'not attached')}`),
  ]);
}

test.each(['load', 'attach'])('in mode %s an alternative without its target is left out although it loads', async (mode) => {
  const settings = `    mode: ${mode}
    programs:
      any_function: { autoload: if-supported, attach_to: vfs_read }
      event_gone: { autoload: if-supported }
      ingress: { autoload: false }
    alternatives: [[function_gone, any_function]]
`;
  const passed = mode === 'attach' ? 'attached' : 'not attached';
  expect(await outcomes(settings, ['debian:6.12', 'debian:7.3'], ['function_gone', 'any_function'])).toEqual([
    [
      'pass, chosen: function_gone',
      `function_gone pass: ${passed}`,
      'any_function skip: not needed: function_gone is the chosen alternative',
    ],
    [
      'pass, chosen: any_function',
      'function_gone skip: left out: this kernel has no do_unlinkat to attach to',
      `any_function pass: ${passed}`,
    ],
  ]);
});

test('the first alternative that is attached is chosen, and if none is, each one fails', async () => {
  const settings = (second: string) => `    mode: attach
    programs:
      packet_arrives: { attach_to: no_interface }
      nowhere: { attach_to: ${second} }
      event_gone: { autoload: if-supported }
      any_function: { autoload: false }
      ingress: { autoload: false }
    alternatives: [[packet_arrives, nowhere]]
`;
  const names = ['packet_arrives', 'nowhere'];
  expect(await outcomes(settings('lo'), ['debian:6.12'], names)).toEqual([
    [
      'pass, chosen: nowhere',
      'packet_arrives skip: nowhere is chosen because this alternative is not attached here: attach-target-missing: no such interface in the guest (ENODEV)',
      'nowhere pass: attached',
    ],
  ]);
  expect(await outcomes(settings('no_other'), ['debian:6.12'], names)).toEqual([
    [
      'fail, chosen: ',
      'packet_arrives fail: no such interface in the guest (ENODEV)',
      'nowhere fail: no such interface in the guest (ENODEV)',
    ],
  ]);
});
