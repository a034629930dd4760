// The request frames of settings, and the digests of files on which a verdict depends because of settings.
import type { RequestFrame } from '../../guest/protocol/frames.ts';
import type { OnKernel } from '../settings/definition.ts';
import { type PreparedSettings, SETTING_NAMES, type SettingName, SETTINGS } from './setting-table.ts';

function framesOf<Name extends SettingName>(
  prepared: Pick<PreparedSettings, Name>,
  name: Name,
  onKernel: OnKernel,
): readonly RequestFrame[] {
  const own = prepared[name];
  return own === undefined ? [] : (SETTINGS[name].frames?.(own, onKernel) ?? []);
}

function lastFramesOf<Name extends SettingName>(prepared: Pick<PreparedSettings, Name>, name: Name): readonly RequestFrame[] {
  const own = prepared[name];
  return own === undefined ? [] : (SETTINGS[name].lastFrames?.(own) ?? []);
}

/** The request frames of all settings of an object, in the order in which the agent must apply them. */
export function settingFrames(prepared: PreparedSettings, onKernel: OnKernel): RequestFrame[] {
  return [
    ...SETTING_NAMES.flatMap((name) => framesOf(prepared, name, onKernel)),
    ...SETTING_NAMES.flatMap((name) => lastFramesOf(prepared, name)),
  ];
}

type DigestInput = Pick<OnKernel, 'customBtf'>;

function digestOf<Name extends SettingName>(prepared: Pick<PreparedSettings, Name>, name: Name, onKernel: DigestInput): string | null {
  const own = prepared[name];
  return own === undefined ? null : (SETTINGS[name].sha256?.(own, onKernel) ?? null);
}

/** The digests of all files that the settings of an object name, by setting. */
export function settingDigests(prepared: PreparedSettings, onKernel: DigestInput): Record<string, string> {
  return Object.fromEntries(
    SETTING_NAMES.flatMap((name) => {
      const sha256 = digestOf(prepared, name, onKernel);
      return sha256 === null ? [] : [[name, sha256]];
    }),
  );
}
