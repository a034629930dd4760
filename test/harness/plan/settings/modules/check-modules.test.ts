// Tests of the check of module names against those of the kernels.
import { expect, test } from 'vitest';
import { checkModules } from '../../../../../harness/plan/settings/modules/check-modules.ts';

function object(...modules: string[]) {
  return { prepared: { modules }, placeOf: (path: readonly PropertyKey[]) => `c.yaml:${path.join('.')}`, result: { path: 'x.bpf.o' } };
}

test('a module is a fault if no kernel of its object has it, and a note if a kernel lacks it or is not known', () => {
  const [everywhere, somewhere, nowhere] = [object('veth', 'nf-conntrack'), object('tls'), object('vetth', 'tsl')];
  const objects = [everywhere, somewhere, nowhere];
  const old = { kernel: '5.10', objects, names: ['veth', 'nf_conntrack'] };
  const young = { kernel: '6.12', objects, names: ['veth', 'nf_conntrack', 'tls'] };
  expect(checkModules([old, young])).toMatchInlineSnapshot(`
    {
      "faults": [
        "c.yaml:modules.0: no module "vetth" in the package of 5.10, 6.12 (did you mean veth?)",
        "c.yaml:modules.1: no module "tsl" in the package of 5.10, 6.12 (did you mean tls?)",
      ],
      "notes": [
        "c.yaml:modules.0: no module "tls" in the package of 5.10",
      ],
    }
  `);
  expect(checkModules([old, { ...young, names: null }])).toMatchInlineSnapshot(`
    {
      "faults": [],
      "notes": [
        "c.yaml:modules.0: module "veth" cannot be checked: the modules of 6.12 are not in the cache; "corematrix kernels pull --modules" brings them",
        "c.yaml:modules.1: module "nf-conntrack" cannot be checked: the modules of 6.12 are not in the cache; "corematrix kernels pull --modules" brings them",
        "c.yaml:modules.0: no module "tls" in the package of 5.10; the modules of 6.12 are not in the cache; "corematrix kernels pull --modules" brings them",
        "c.yaml:modules.0: no module "vetth" in the package of 5.10 (did you mean veth?); the modules of 6.12 are not in the cache; "corematrix kernels pull --modules" brings them",
        "c.yaml:modules.1: no module "tsl" in the package of 5.10; the modules of 6.12 are not in the cache; "corematrix kernels pull --modules" brings them",
      ],
    }
  `);
  expect(checkModules([{ ...old, objects: [somewhere] }])).toMatchInlineSnapshot(`
    {
      "faults": [
        "c.yaml:modules.0: no module "tls" in the package of 5.10",
      ],
      "notes": [],
    }
  `);
});

test('an object without places is named by its path', () => {
  const { placeOf: _, ...bundled } = object('absent');
  expect(checkModules([{ kernel: '6.12', objects: [bundled], names: [] }])).toMatchInlineSnapshot(`
    {
      "faults": [
        "x.bpf.o: no module "absent" in the package of 6.12",
      ],
      "notes": [],
    }
  `);
});
