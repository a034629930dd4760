// Loaded into a corematrix process. Kills it just before its KILL_AT-th call (from 1) that changes a work file of the report folder.
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const at = Number(process.env.KILL_AT);
let calls = 0;
for (const name of ['open', 'writeFile', 'mkdir', 'rename', 'rm']) {
  const real = promises[name];
  promises[name] = async (path, ...rest) => {
    if (String(path).includes('.corematrix-report') && ++calls === at) {
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => undefined);
    }
    return real(path, ...rest);
  };
}
syncBuiltinESMExports();
