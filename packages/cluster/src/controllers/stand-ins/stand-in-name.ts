import { nearestName, TypeKroError } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import type { StandInFile, StandInName } from '../../stand-in.ts';
import { STAND_IN_NAMES } from '../../stand-in.ts';

/** Does the text name the file of a stand-in, and not a stand-in of the package? */
export const isStandInFile = (text: string): text is StandInFile => text.endsWith('.yaml');

/**
 * Checks that a text names a stand-in of the package or a file, and returns the text.
 *
 * @throws TypeKroError `cluster/unknown-stand-in`.
 */
export function requireStandIn(name: string): StandInName | StandInFile {
  if (isStandInFile(name)) return name;
  const found = STAND_IN_NAMES.find((known) => known === name);
  if (found !== undefined) return found;
  const nearest = nearestName(name, STAND_IN_NAMES);
  throw new TypeKroError(`there is no stand-in ${goQuote(name)}`, {
    code: 'cluster/unknown-stand-in',
    remedy: `${nearest === undefined ? '' : `did you mean ${nearest}? `}the stand-ins are ${STAND_IN_NAMES.join(', ')}, and files that end with .yaml`,
  });
}
