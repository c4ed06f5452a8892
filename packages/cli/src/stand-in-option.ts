import { resolve } from 'node:path';
import type { ClusterOptions, StandInFile, StandInName } from '@typekro/cluster';
import { isStandInFile, requireStandIn, STAND_IN_NAMES } from '@typekro/cluster';
import { TypeKroError } from '@typekro/kit/core';
import { type CommandInput, type OptionSpec, textOption } from './command.ts';

/** The option that selects stand-ins for operators. */
export const STAND_IN_OPTION: OptionSpec = {
  name: 'stand-in',
  summary: `simulate an operator, which writes the status of its objects; one of ${STAND_IN_NAMES.join(', ')}, or a file of yours that ends with .yaml`,
  value: 'name',
  repeatable: true,
};

/** The time of one step of a stand-in in the clusters that commands start, in milliseconds. */
const STEP_MS = 1000;

/**
 * Returns the stand-ins that the option names. The paths of files are absolute.
 *
 * @throws TypeKroError `cli/unknown-stand-in` for an unknown name.
 */
export function standInsOf(input: CommandInput, cwd: string): readonly (StandInName | StandInFile)[] {
  const names = (textOption(input, 'stand-in') ?? '').split(',').filter((name) => name !== '');
  return [...new Set(names.map((name) => namedStandIn(name, cwd)))];
}

/** Checks a name with the cluster's own check. An unknown name is a usage error. */
function namedStandIn(name: string, cwd: string): StandInName | StandInFile {
  try {
    const named = requireStandIn(name);
    return isStandInFile(named) ? (resolve(cwd, named) as StandInFile) : named;
  } catch (error) {
    if (!(error instanceof TypeKroError)) throw error;
    const { message, remedy = '' } = error;
    throw new TypeKroError(message, { code: 'cli/unknown-stand-in', remedy });
  }
}

/** The options of a cluster with these stand-ins. */
export function standInOptions(
  standIns: readonly (StandInName | StandInFile)[],
): Pick<ClusterOptions, 'standIns' | 'standInStepMs'> {
  return standIns.length === 0 ? {} : { standIns, standInStepMs: STEP_MS };
}
