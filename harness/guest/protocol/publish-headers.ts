// Writes the headers of the agent that follow from the table of the protocol: `npm run protocol`, whenever the table changed.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../base/package-root.ts';
import { framesHeader, messagesHeader } from './c-headers.ts';

const agent = join(PACKAGE_ROOT, 'harness/guest/agent');
await writeFile(join(agent, 'frames.h'), framesHeader());
await writeFile(join(agent, 'messages.h'), messagesHeader());
