// The values of `__kconfig` externs on a kernel. The map that has them is read-only, so the verifier knows them.
import type { BpfObject } from '../bpf/object/object.ts';
import { kconfigOf, type ObjectVariable } from '../bpf/object/variables.ts';
import { kconfigProblem, type KconfigType, kconfigTypeOf, kconfigValue } from './kconfig.ts';

/** The head of a configuration, with the version of the kernel. @see conf_write_heading() in scripts/kconfig/confdata.c */
const HEAD = /^# \S+ (\d+)\.(\d+)\.(\d+)\S* Kernel Configuration$/m;
const MAX_PATCH = 255;

/** `LINUX_KERNEL_VERSION` as libbpf computes it; null if the configuration does not say its version. @see get_kernel_version() in libbpf_probes.c */
function kernelVersion(config: string): bigint | null {
  const [, major, minor, patch] = HEAD.exec(config) ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return null;
  return (BigInt(major) << 16n) + (BigInt(minor) << 8n) + BigInt(Math.min(Number(patch), MAX_PATCH));
}

const WORDS = { n: 0n, y: 1n, m: 2n } as const;

/** A value of a configuration as a number; null for text. @see bpf_object__process_kconfig_line() in libbpf.c */
function numberOf({ kind }: KconfigType, text: string): bigint | null {
  if (kind === 'char-array') return null;
  if (text === 'n' || text === 'y' || text === 'm') return kind === 'char' ? BigInt(text.charCodeAt(0)) : WORDS[text];
  return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
}

function bytesOf(value: bigint, size: number, littleEndian: boolean): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, at) => Number((BigInt.asUintN(64, value) >> BigInt(8 * at)) & 0xffn));
  return littleEndian ? bytes : bytes.toReversed();
}

/**
 * Returns a function that finds the bytes of a `__kconfig` extern by its name; null for text, and for a value that only a guest knows.
 * @param config the kernel's configuration as text; null or undefined if it is unknown
 */
export function kconfigBytes(object: BpfObject, config: string | null | undefined): (name: string) => Uint8Array | null {
  const { btf, littleEndian, kconfig: given } = object;
  const variables = new Map(kconfigOf(object).map((variable) => [variable.name, variable]));
  if (!btf || variables.size === 0 || config === null || config === undefined) return () => null;
  const valueOf = ({ name, type: id }: ObjectVariable): bigint | null => {
    if (name === 'LINUX_KERNEL_VERSION') return kernelVersion(config);
    const type = kconfigTypeOf(btf, id);
    if (!type || !name.startsWith('CONFIG_')) return null;
    const text = given.get(name) ?? kconfigValue(config, name);
    // A weak extern without a value is 0; without `__weak` nothing is loaded.
    if (text === undefined) return 0n;
    return kconfigProblem(type, text) === null ? numberOf(type, text) : null;
  };
  return (name) => {
    const variable = variables.get(name);
    const value = variable ? valueOf(variable) : null;
    return variable?.size && value !== null ? bytesOf(value, variable.size, littleEndian) : null;
  };
}
