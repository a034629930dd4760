// Writes the headers of the agent and the constants of the loader programs from the table of the protocol: `npm run protocol`. With --check
// it writes nothing and names those that differ.
import { publish } from '../../base/generated.ts';
import { framesHeader, messagesHeader } from './c-headers.ts';
import { goConstants, rustConstants } from './loader-constants.ts';

await publish('npm run protocol', [
  { path: 'harness/guest/agent/frames.h', render: framesHeader },
  { path: 'harness/guest/agent/messages.h', render: messagesHeader },
  { path: 'harness/loaders/cilium/frames.go', render: goConstants },
  { path: 'harness/loaders/aya/src/frames.rs', render: rustConstants },
]);
