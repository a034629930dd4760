// Writes the headers of the agent from the table of the protocol. Run `npm run protocol` after each change of the table.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../base/package-root.ts';
import { framesHeader, messagesHeader } from './c-headers.ts';

const agent = join(PACKAGE_ROOT, 'harness/guest/agent');
await writeFile(join(agent, 'frames.h'), framesHeader());
await writeFile(join(agent, 'messages.h'), messagesHeader());
