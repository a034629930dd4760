// Tests of `__kconfig` externs with configurations. Every run of the sample programs shows that real kernels and libbpf agree.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { unresolvedKconfig } from '../../../harness/kernel-btf/kconfig.ts';
import { compileBpf } from '../bpf/object/compile.ts';

const SOURCE = `
#include <bpf/bpf_helpers.h>
extern unsigned int CONFIG_NUMBER __kconfig; extern short CONFIG_SHORT __kconfig; extern _Bool CONFIG_BOOL __kconfig;
extern enum libbpf_tristate CONFIG_TRISTATE __kconfig; extern char CONFIG_CHAR __kconfig; extern const char CONFIG_TEXT[8] __kconfig;
extern unsigned long CONFIG_WEAK __kconfig __weak; extern int LINUX_KERNEL_VERSION __kconfig;
SEC("xdp") int all(void *ctx)
{
	return CONFIG_NUMBER + CONFIG_SHORT + CONFIG_BOOL + CONFIG_TRISTATE + CONFIG_CHAR + CONFIG_TEXT[0] + CONFIG_WEAK + LINUX_KERNEL_VERSION;
}
`;
const GOOD = {
  CONFIG_NUMBER: '0xffffffff',
  CONFIG_SHORT: '-32768',
  CONFIG_BOOL: 'n',
  CONFIG_TRISTATE: 'm',
  CONFIG_CHAR: 'y',
  CONFIG_TEXT: '"(none)"',
};

const configOf = (values: Readonly<Record<string, string | null>>) =>
  Object.entries({ CONFIG_OTHER: 'y', ...GOOD, ...values })
    .map(([name, value]) => (value === null ? `# ${name} is not set\n` : `${name}=${value}\n`))
    .join('');

test('strong __kconfig values must be set, all values must fit, and libbpf sets its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'kconfig-test-'));
  try {
    const { btf } = readBpfObject(await readFile(await compileBpf(folder, 'all', SOURCE)), 'all');
    if (!btf) throw new Error('no BTF');
    const check = (values: Readonly<Record<string, string | null>>, given: string[] = []) => {
      const found = unresolvedKconfig(btf, new Set(['CONFIG_WEAK']), configOf(values), new Set(given));
      return found && `${found.name}: ${found.detail}`;
    };
    expect(check({})).toBe(null);
    expect(check({ CONFIG_WEAK: '18446744073709551615', CONFIG_SHORT: '32767' })).toBe(null);
    expect(check({ CONFIG_TEXT: null })).toBe('CONFIG_TEXT: not resolved');
    expect(check({ CONFIG_TEXT: null }, ['CONFIG_TEXT'])).toBe(null);
    expect([
      check({ CONFIG_NUMBER: '4294967296' }),
      check({ CONFIG_NUMBER: 'y' }),
      check({ CONFIG_NUMBER: 'seven' }),
      check({ CONFIG_NUMBER: '"7"' }),
      check({ CONFIG_SHORT: '32768' }),
      check({ CONFIG_BOOL: 'm' }),
      check({ CONFIG_BOOL: '1' }),
      check({ CONFIG_TEXT: '7' }),
      check({ CONFIG_WEAK: 'm' }),
    ]).toMatchInlineSnapshot(`
      [
        "CONFIG_NUMBER: value '4294967296' doesn't fit in 4 bytes",
        "CONFIG_NUMBER: value 'y' implies bool, tristate, or char type",
        "CONFIG_NUMBER: value 'seven' isn't a valid integer",
        "CONFIG_NUMBER: value '"7"' implies char array type",
        "CONFIG_SHORT: value '32768' doesn't fit in 2 bytes",
        "CONFIG_BOOL: value 'm' implies tristate or char type",
        "CONFIG_BOOL: value '1' implies integer type",
        "CONFIG_TEXT: value '7' implies integer type",
        "CONFIG_WEAK: value 'm' implies bool, tristate, or char type",
      ]
    `);
    expect(unresolvedKconfig(btf, new Set(), null)).toEqual({ name: '', detail: 'failed to open system Kconfig' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
