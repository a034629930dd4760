// Loaded into a corematrix process. Kills it just before its KILL_AT-th call (from 1) that changes a work file of the report folder,
// or before the first such call whose path ends in KILL_ON.
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const at = Number(process.env.KILL_AT);
const on = process.env.KILL_ON ?? '\0';
let calls = 0;
for (const name of ['open', 'writeFile', 'mkdir', 'rename', 'rm']) {
  const real = promises[name];
  promises[name] = async (path, ...rest) => {
    const changed = String(path);
    if (changed.includes('.corematrix-report') && (++calls === at || changed.endsWith(on))) {
      process.kill(process.pid, 'SIGKILL');
      await new Promise(() => undefined);
    }
    return real(path, ...rest);
  };
}
syncBuiltinESMExports();
