import {
  ConversionManifests,
  parseControllerFlags,
  rightsOfFlags,
  withFlagRights,
} from '@typekro/controller/controller';
import { controllerContainer } from '@typekro/app/controllers';
import { type KubeObject, isJsonObject } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';
import { type FlagTexts, setFlags } from './controller-arguments.ts';
import { labelledInstallation } from './installation.ts';
import type { installationOf } from './manifests-from-input.ts';

/** The name and the namespace of the controller's Deployment. */
type Installation = ReturnType<typeof installationOf>;

const SERVICE = 'conversion-service';

/**
 * The manifests of a controller with these flags, with the label of the installation. With the gate APIVersions, they
 * have what conversions need, and the flag that names the Service, unless the flags name another one.
 */
export function configuredManifests(
  manifests: readonly KubeObject[],
  given: FlagTexts,
  installation: Installation,
): KubeObject[] {
  const flags = withService(given, installation);
  const parsed = parseControllerFlags([...flags.values()]);
  const configured = manifests.map((object) => withControllerFlags(object, flags));
  return labelledInstallation(ConversionManifests.addTo(configured, installation, parsed), installation.name);
}

/** The flags with the own Service of the installation if the gate APIVersions is on, and without it if it is off. */
function withService(given: FlagTexts, installation: Installation): FlagTexts {
  const own = `--${SERVICE}=${ConversionManifests.serviceOf(installation)}`;
  const others = new Map([...given].filter(([, text]) => text !== own));
  const { versions } = rightsOfFlags(parseControllerFlags([...others.values()]));
  return versions !== true || others.has(SERVICE) ? others : new Map([...others, [SERVICE, own]]);
}

/**
 * Sets flags in the arguments of the controller's container, and gives the role of the controller the rights that the
 * flags need. Returns other objects unchanged.
 */
function withControllerFlags(object: KubeObject, flags: FlagTexts): KubeObject {
  if (object.kind === 'ClusterRole')
    return withFlagRights(object, rightsOfFlags(parseControllerFlags([...flags.values()])));
  const { spec } = object;
  if (object.kind !== 'Deployment' || !isJsonObject(spec) || flags.size === 0) return object;
  const template = isJsonObject(spec['template']) ? spec['template'] : {};
  const pod = isJsonObject(template['spec']) ? template['spec'] : {};
  const own = controllerContainer(object, 'typekro');
  const containers = objectsAt(pod, 'containers').map((container) => {
    const args = Array.isArray(container['args']) ? container['args'].map(String) : [];
    return container === own ? { ...container, args: setFlags(args, flags) } : container;
  });
  return { ...object, spec: { ...spec, template: { ...template, spec: { ...pod, containers } } } };
}
