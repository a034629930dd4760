// The number of inputs of a randomized test, and its first seed.

/**
 * Reads a positive whole number from the environment.
 * @throws Error if the variable has another value
 */
function positive(name: string, otherwise: number): number {
  const text = process.env[name] ?? '';
  if (text === '') return otherwise;
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${name} is '${text}'; expected a positive whole number, such as ${name}=100000`);
  return Number(text);
}

/** The number of inputs: `COREMATRIX_FUZZ_RUNS`, else the number for ordinary test runs. */
export function fuzzRuns(ordinary: number): number {
  return positive('COREMATRIX_FUZZ_RUNS', ordinary);
}

/** The seed of the first input: `COREMATRIX_FUZZ_START`, else 1. */
export function fuzzStart(): number {
  return positive('COREMATRIX_FUZZ_START', 1);
}
