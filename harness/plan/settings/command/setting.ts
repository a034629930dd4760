// `command`: a custom loader, which the guest runs instead of loading the object through the agent.
import { type CommandSettings, commandSchema } from '../../packing/command-schema.ts';
import type { Setting } from '../definition.ts';
import { type CustomLoader, packCustomLoader } from './pack-custom-loader.ts';

export const command: Setting<CommandSettings, CustomLoader> = {
  schema: commandSchema.describe(
    'A custom loader, which the guest runs instead of loading the object through the agent. Exit status 0 is a pass. Its shared libraries are found and packed. The object cannot have settings that the agent applies: `loader`, `programs`, `maps`, `alternatives`, `variables`, `kconfig`, `btf`, `pins`.',
  ),
  prepare: packCustomLoader,
  frames: (loader) => [
    { type: 'archive', tar: loader.tar },
    { type: 'command', ...loader },
  ],
  sha256: ({ sha256 }) => sha256,
};
