// How many inputs a randomized test tries.
const NAME = 'COREMATRIX_FUZZ_RUNS';

/**
 * The number of inputs: `COREMATRIX_FUZZ_RUNS`, else what the ordinary test run takes.
 * @throws Error when the variable is set to something other than a positive whole number
 */
export function fuzzRuns(ordinary: number): number {
  const text = process.env[NAME] ?? '';
  if (text === '') return ordinary;
  if (!/^[1-9]\d*$/.test(text)) throw new Error(`${NAME} is '${text}'; expected a positive whole number, such as ${NAME}=100000`);
  return Number(text);
}
