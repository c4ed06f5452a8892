import { nearestName, TypeKroError } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import type { StandInName } from '../../stand-in.ts';
import { STAND_IN_NAMES } from '../../stand-in.ts';

/**
 * Checks that a stand-in of the package has the name, and returns the name.
 *
 * @throws TypeKroError `cluster/unknown-stand-in`.
 */
export function requireStandInName(name: string): StandInName {
  const found = STAND_IN_NAMES.find((known) => known === name);
  if (found !== undefined) return found;
  const nearest = nearestName(name, STAND_IN_NAMES);
  throw new TypeKroError(`there is no stand-in ${goQuote(name)}`, {
    code: 'cluster/unknown-stand-in',
    remedy: `${nearest === undefined ? '' : `did you mean ${nearest}? `}the stand-ins are ${STAND_IN_NAMES.join(', ')}`,
  });
}
