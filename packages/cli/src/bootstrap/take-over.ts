import { definedMembers, TypeKroError } from '@typekro/kit/core';
import type { CommandContext } from '../command.ts';
import type { ControllerDeployment } from '@typekro/app/controllers';
import { type ClusterWriter, scaleToZero, waitUntilStopped } from './scale-down.ts';

/**
 * Returns the only controller of kro in the cluster, which an earlier run of the command may have stopped. If that run
 * failed before it applied the flags of kro, this run needs the flags again. Returns `undefined` when kro has several
 * controllers or none, and when TypeKro's controller runs.
 */
export function stoppedKro(
  found: readonly ControllerDeployment[],
  own: ControllerDeployment | undefined,
): ControllerDeployment | undefined {
  const [kro, ...others] = found.filter(({ project }) => project === 'kro');
  return others.length > 0 || (own?.replicas ?? 0) > 0 ? undefined : kro;
}

/**
 * Stops the controller of kro, and then calls `work`, which installs TypeKro's controller. If `work` fails, no
 * controller runs in the cluster. The error or the output then names the commands that start the controller of kro
 * again.
 */
export async function inPlaceOf<Result>(
  context: CommandContext,
  writer: ClusterWriter,
  kro: ControllerDeployment,
  work: () => Promise<Result>,
): Promise<Result> {
  await scaleToZero(writer, kro);
  try {
    await waitUntilStopped(writer, kro);
    return await work();
  } catch (thrown) {
    const { namespace, name, wanted } = kro;
    const back = `kro is scaled to 0; to go back, scale the TypeKro controller to 0 if it is installed, then: kubectl -n ${namespace} scale deployment ${name} --replicas=${Math.max(1, wanted)}`;
    if (!(thrown instanceof TypeKroError) || context.signal.aborted) {
      // The error itself is not printed after an interrupt, so the commands are printed here.
      context.printError(back);
      throw thrown;
    }
    const { message, code, what, object, remedy } = thrown;
    throw new TypeKroError(message, {
      code,
      ...definedMembers({ what, object }),
      remedy: remedy === undefined ? back : `${remedy}; ${back}`,
      cause: thrown,
    });
  }
}
