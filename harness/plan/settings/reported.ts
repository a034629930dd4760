// Checks of text in a schema with the parser that reads the text later.
import type { z } from 'zod';
import { UserError } from '../../base/errors.ts';

/** A refinement of a schema that reports the error of a parser as a fault of the value. */
export function reported(parse: (text: string) => unknown): (text: string, context: z.core.$RefinementCtx<string>) => void {
  return (text, context) => {
    try {
      parse(text);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      context.addIssue({ code: 'custom', message: error.message, input: text });
    }
  };
}
