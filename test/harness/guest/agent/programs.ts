// The parts of the agent in each host program, for tests and for fuzzing.
import { compileBpf } from '../../bpf/object/compile.ts';

export const UNPACK = { test: 'unpack.c', agent: ['archive', 'mailbox'] } as const;

export const SYMBOL_LISTS = { test: 'search-lists.c', agent: ['mailbox', 'symbol_lists'] } as const;

export const REQUEST_PARTS = {
  test: 'request-parts.c',
  agent: ['mailbox', 'payload', 'module', 'requested_object'],
  flags: ['-Wl,--wrap=syscall'],
} as const;

export const SETTINGS = {
  test: 'settings-program.c',
  agent: [
    'alternatives',
    'attach_target',
    'mailbox',
    'maps',
    'payload',
    'programs',
    'settings',
    'supported',
    'symbol_lists',
    'traceable',
    'variables',
  ],
  libbpf: true,
} as const;

/** Compiles the object that SETTINGS applies settings to, in a folder; returns its path. */
export async function compileSettingsObject(folder: string): Promise<string> {
  return compileBpf(
    folder,
    'settings',
    `struct { int (*type)[1]; int (*max_entries)[8]; u32 *key; u64 *value; } counts SEC(".maps");
struct { int (*type)[2]; int (*max_entries)[2]; u32 *key; u32 *value; } few SEC(".maps");
volatile u8 settings[8] = { 1, 2, 3, 4 };
SEC("socket") int bad_one(void *context) { u32 key = 0; bpf_map_lookup_elem(&counts, &key); return settings[0]; }
SEC("socket") int good_one(void *context) { u32 key = 0; bpf_map_lookup_elem(&few, &key); return settings[1]; }
SEC("socket") int good_two(void *context) { return 2; }
`,
  );
}
