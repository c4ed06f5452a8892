/** The standard library of CEL: operators, conversions, sizes, string tests, time accessors and the standard macros. */
import type { Library } from '../library.ts';
import { standardMatches } from '../lib/matches.ts';
import { standardTime } from '../lib/standard-time.ts';
import { STANDARD_MACROS } from '../macros.ts';
import { conversions } from './conversions.ts';
import { core } from './core.ts';
import { operators } from './operators.ts';

/** The standard library. */
export const standardLibrary: Library = {
  name: 'stdlib',
  functions: [operators, core, conversions, standardMatches, standardTime].flatMap((part) => part.functions ?? []),
  macros: STANDARD_MACROS,
};
