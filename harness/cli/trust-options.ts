// Options that name mirrors, and mirrors and keys to accept. A configuration cannot accept any: another person may have written it.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { KEYS_VARIABLE, MIRROR_VARIABLE, TRUST_VARIABLE } from '../../kernels/trust/mirror-trust.ts';
import type { SourceOptions, Sources } from '../library/sources.ts';
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

/** The values of the options, as the library takes them. */
export function namedSources({ mirror, trustMirror, mirrorKey }: TrustFlags): SourceOptions {
  return { mirrors: mirror, trustMirrors: trustMirror, mirrorKeys: mirrorKey };
}

/** The mirrors and the trust of the options, for a command without a configuration. */
export function sourcesOf({ mirror, trustMirror, mirrorKey }: TrustFlags): Sources {
  return { mirrors: mirror, trust: { trustMirrors: trustMirror, mirrorKeys: mirrorKey } };
}
