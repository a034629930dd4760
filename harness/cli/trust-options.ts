// Options with which the user accepts mirrors and keys. A configuration has no such setting: another person may have written it.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { KEYS_VARIABLE, TRUST_VARIABLE, type TrustOptions } from '../../kernels/trust/mirror-trust.ts';
import { repeated } from './options.ts';

/** The values of the options. */
export interface TrustFlags {
  trustMirror?: string[] | undefined;
  mirrorKey?: string[] | undefined;
}

function repeatedAddress(value: string, before: string[] = []): string[] {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value))
    throw new InvalidArgumentError('Expected the address of a mirror: http:// or https://.');
  return [...before, value];
}

/** Adds the options about trust to a command that may download. */
export function addTrustOptions(command: Command): Command {
  return command
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

/** What the user trusts. */
export function trustOf({ trustMirror, mirrorKey }: TrustFlags): TrustOptions {
  return { trustMirrors: trustMirror, mirrorKeys: mirrorKey };
}
