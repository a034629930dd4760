// `--untrusted` and COREMATRIX_UNTRUSTED: another person wrote the configuration, so it may do only harmless things.
import { Option } from 'commander';
import { UserError } from '../base/errors.ts';
import { checkNotRedirected } from '../plan/untrusted/outside.ts';
import { isOn } from './environment-flag.ts';

/** The options that matter for trust, of any command. */
export interface UntrustedFlag {
  untrusted?: boolean;
}

interface RunOptions {
  out?: string;
  history?: string;
  baseline?: string;
  resume?: boolean;
  lastFailed?: boolean;
  onlyChanged?: boolean;
}

export function untrustedOption(): Option {
  return new Option(
    '--untrusted',
    'do not trust the configuration: it may name objects, kernels, expectations and formats, but run no program, name no mirror, and ' +
      'read and write nothing outside its folder (also: COREMATRIX_UNTRUSTED=1)',
  );
}

/** Whether the configuration is not trusted, by the option or the environment. */
export function isUntrusted({ untrusted }: UntrustedFlag, env: NodeJS.ProcessEnv = process.env): boolean {
  return untrusted === true || isOn(env['COREMATRIX_UNTRUSTED']);
}

/**
 * Checks the options of a run whose configuration is not trusted: the folder of the configuration is another person's too, so nothing
 * that lies there may decide which cells run, and no link there may lead what is written to another place.
 * @param folder the folder of the configuration
 * @throws UserError with the option, what was expected, and what to type
 */
export async function checkUntrustedOptions(options: RunOptions, folder: string): Promise<void> {
  const { out, history, baseline, resume, lastFailed, onlyChanged } = options;
  if (resume === true)
    throw new UserError('--resume trusts the verdicts in the report folder, so it needs a trusted configuration; run without --resume');
  if (baseline === undefined && (lastFailed === true || onlyChanged === true))
    throw new UserError(
      `${lastFailed === true ? '--last-failed' : '--only-changed'} would trust the report folder; with an untrusted configuration, name the earlier results: --baseline RESULTS`,
    );
  if (out !== undefined) await checkNotRedirected('--out', out, folder);
  if (history !== undefined) await checkNotRedirected('--history', history, folder);
}
