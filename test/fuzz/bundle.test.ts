// Fuzzes the reader of bundles, which come with reports of other people.
import { readBundleFiles } from '../../harness/plan/bundle/archive.ts';
import { sha256Hex } from '../../harness/plan/bundle/digest.ts';
import { packFiles } from '../../harness/plan/packing/archive.ts';
import { fuzz } from './fuzz.ts';

const object = Buffer.from('an object');
const plan = Buffer.from('{"version":1}');

fuzz({
  name: 'bundle',
  corpus: [
    packFiles([
      { path: 'plan.json', bytes: plan, executable: false },
      { path: `sha256/${sha256Hex(object)}`, bytes: object, executable: false },
    ]),
  ],
  read: (input) => {
    const { byDigest } = readBundleFiles(input, 'bundle.tar');
    for (const [digest, bytes] of byDigest) if (sha256Hex(bytes) !== digest) throw new Error('a file with other bytes');
  },
});
