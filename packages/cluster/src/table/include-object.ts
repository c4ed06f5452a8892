import { goQuote } from '@typekro/kit/golang';
import { badRequest } from '../errors/status.ts';

const VALUES: ReadonlySet<string> = new Set(['', 'Metadata', 'None', 'Object']);

/** Checks the parameter `includeObject` of a request for a table. Throws 400. */
export function checkIncludeObject(text: string): void {
  if (VALUES.has(text)) return;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${goQuote(text)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}
