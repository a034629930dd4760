// Values of variables held against their types, as bytes for where they lie.
import type { VariableValue } from '../config/settings/variables.ts';
import { encodeValue } from '../../bpf/btf/encode.ts';
import { typeText } from '../../bpf/btf/type-text.ts';
import { UserError } from '../../base/errors.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import { variablesOf } from '../../bpf/object/variables.ts';
import { listed, notThere, type PlaceOf } from './problem.ts';

/** Bytes that belong into a data section before the load. */
export interface VariableBytes {
  section: string;
  offset: number;
  bytes: Uint8Array;
}

/**
 * Encodes the values of variables.
 * @throws UserError with the place, what is wrong, and what type it has or what variables there are
 */
export function encodeVariables(settings: Readonly<Record<string, VariableValue>>, object: BpfObject, placeOf: PlaceOf): VariableBytes[] {
  const wanted = Object.entries(settings);
  if (wanted.length === 0) return [];
  const variables = variablesOf(object);
  const { btf, littleEndian } = object;
  return wanted.map(([name, value]) => {
    const place = placeOf(['variables', name]);
    const own = variables.filter((variable) => variable.name === name);
    const [variable] = own;
    if (!btf || !variable) {
      notThere(
        place,
        'variable',
        name,
        variables.map((each) => each.name),
      );
    }
    if (own.length > 1) throw new UserError(`${place}: more than one variable "${name}", in ${listed(own.map(({ section }) => section))}`);
    const encoded = encodeValue(btf, variable.type, value, littleEndian);
    if (!encoded.ok) throw new UserError(`${place}: variable "${name}" (${typeText(btf, variable.type)}): ${encoded.problem}`);
    return { section: variable.section, offset: variable.offset, bytes: encoded.bytes };
  });
}
