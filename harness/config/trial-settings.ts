// What is to be done with an object once it is loaded.
import { z } from 'zod';

export const attachToSchema = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^\0]*$/, 'expected text without NUL')
  .describe(
    'What the program is attached to, where its section does not say or says something else: a function (fentry, fexit, kprobe), `MODULE:FUNCTION`, an LSM hook, PATH:FUNCTION (uprobe), ' +
      'CATEGORY/NAME (tracepoint), a name (raw tracepoint), an interface of the guest, `lo` (xdp, tc), a cgroup, `/sys/fs/cgroup` (cgroup programs), ' +
      'a network namespace, `/proc/self/ns/net` (sk_lookup, flow_dissector), `cpu-clock` and other software events (perf_event), ' +
      '`ipv4/local_in` and other hooks (netfilter), a map (sk_skb, sk_msg).',
  );

export const trialSettings = {
  mode: z
    .enum(['load', 'attach'])
    .optional()
    .describe('`load` (default) only loads; `attach` attaches every program that was loaded, too.'),
};
