import { parseControllerFlags } from '@typekro/controller/controller';
import { type KubeObject, TypeKroError } from '@typekro/kit/core';
import { type ControllerDeployment, deployedController } from '@typekro/app/controllers';
import { type FlagTexts, flagTexts } from './controller-arguments.ts';

const LEVEL = 'kro-compatibility';

/**
 * Flags of kro that are not taken over: addresses and the account. The manifest already has the probes, ports and
 * ServiceAccount of TypeKro's controller.
 */
const OWN_FLAGS: ReadonlySet<string> = new Set([
  'metrics-bind-address',
  'health-probe-bind-address',
  'pprof-bind-address',
  'controller-namespace',
  'controller-service-account',
]);

/**
 * Merges flags. The command line has precedence over the installed controller, and the installed controller has
 * precedence over kro's controller. There are two exceptions. The release line of kro's controller has precedence over
 * the installed controller. Flags of the installed controller that only repeat the manifest do not replace flags of
 * kro's controller.
 */
export function keptFlags(
  own: ControllerDeployment | undefined,
  kro: ControllerDeployment | undefined,
  given: FlagTexts,
  manifests: readonly KubeObject[],
) {
  const notes: string[] = [];
  const flags = new Map<string, string>();
  for (const controller of [kro, own]) {
    if (controller === undefined) continue;
    const { flags: kept, unknown } = flagTexts(controller.flags);
    for (const [name, text] of kept) {
      const isLeftOut = controller === kro ? OWN_FLAGS.has(name) : flags.has(name) && isOfManifest(manifests, text);
      if (!isLeftOut) flags.set(name, text);
    }
    if (unknown.length > 0)
      notes.push(
        `the TypeKro controller does not know these flags of ${controller.name}, and does not get them: ${unknown.join(' ')}`,
      );
  }
  const level = kro === undefined || flagTexts(kro.flags).flags.has(LEVEL) ? undefined : kro.released;
  // This controller continues with the release line of kro that wrote the children. With another line, the controller
  // would rewrite all children.
  if (level !== undefined) flags.set(LEVEL, `--${LEVEL}=${level}`);
  for (const [name, text] of given) flags.set(name, text);
  return { flags, notes };
}

/** Does the manifest set the flag to this value? */
export const isOfManifest = (manifests: readonly KubeObject[], text: string): boolean =>
  manifests.some((object) => object.kind === 'Deployment' && deployedController(object)?.flags.includes(text) === true);

/**
 * Refuses flags that would make the controller exit at each start.
 *
 * @throws TypeKroError `bootstrap/invalid-flags`
 */
export function refuseInvalidFlags(objects: readonly KubeObject[]): void {
  const deployments = objects.filter(({ kind }) => kind === 'Deployment');
  const errors = deployments.flatMap((each) => parseControllerFlags(deployedController(each)?.flags ?? []).errors);
  if (errors.length === 0) return;
  throw new TypeKroError(`the controller would refuse its flags: ${errors.join('; ')}`, {
    code: 'bootstrap/invalid-flags',
    remedy: `nothing was changed; correct the value with --flags '--NAME=VALUE', which has precedence over the flags of an installed controller and of kro`,
  });
}
