// Options that name mirrors, and mirrors and keys to accept. A configuration cannot accept any: another person may have written it.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { MIRROR_VARIABLE } from '../../kernels/sources/debian/mirror.ts';
import { KEYS_VARIABLE, TRUST_VARIABLE, type TrustOptions } from '../../kernels/trust/mirror-trust.ts';
import { repeated } from './options.ts';

/** The values of the options. */
export interface TrustFlags {
  mirror?: string[] | undefined;
  trustMirror?: string[] | undefined;
  mirrorKey?: string[] | undefined;
}

function repeatedAddress(value: string, before: string[] = []): string[] {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value))
    throw new InvalidArgumentError('Expected the address of a mirror: http:// or https://.');
  return [...before, value];
}

/** Adds the options about mirrors and trust to a command that may download. */
export function addTrustOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--mirror <url>',
        `download from this Debian mirror, repeatable (also: ${MIRROR_VARIABLE}; default: those of apt)`,
      ).argParser(repeatedAddress),
    )
    .addOption(
      new Option('--trust-mirror <url>', `use this mirror although it cannot be verified, repeatable (also: ${TRUST_VARIABLE})`).argParser(
        repeatedAddress,
      ),
    )
    .addOption(
      new Option(
        '--mirror-key <file>',
        `accept mirrors that are signed with this OpenPGP key, repeatable (also: ${KEYS_VARIABLE})`,
      ).argParser(repeated),
    );
}

/** From where kernels and sources come, and what the user trusts. */
export interface Sources {
  /** Undefined: the mirrors of the environment, else those of apt. */
  mirrors: readonly string[] | undefined;
  trust: TrustOptions;
}

/**
 * The values of the options.
 * @param configured the mirrors of the configuration, which those of the options replace
 */
export function sourcesOf({ mirror, trustMirror, mirrorKey }: TrustFlags, configured?: readonly string[]): Sources {
  return { mirrors: mirror ?? configured, trust: { trustMirrors: trustMirror, mirrorKeys: mirrorKey } };
}
