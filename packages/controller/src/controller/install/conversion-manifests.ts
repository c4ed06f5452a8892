import { type JsonObject, type KubeObject, isJsonObject } from '@typekro/kit/core';
import { objectsAt } from '@typekro/kit/kubernetes';
import { CERTIFICATES_SECRET } from '../conversions/serve-conversions.ts';
import { type ParsedFlags, flagText } from '../flags.ts';
import { optionsFromFlags } from '../options-from-flags.ts';
import { parseListenAddress } from '../probes.ts';
import { binding, rbacObject, podLabelsOf } from './manifests.ts';
import { ruleObjects, RuleSet } from './rule-set.ts';

/** The name and the namespace of an installation of the controller. */
interface InstallationName {
  readonly name: string;
  readonly namespace: string;
}

const PORT_NAME = 'conversions';

/** The value of `--conversion-service` for the Service that an installation gets with the gate APIVersions. */
const conversionServiceOf = ({ name, namespace }: InstallationName): string => `${namespace}/${name}-conversions`;

/**
 * Adds what conversions between versions need to the manifests of a controller with the gate APIVersions: the Service,
 * the port, and the rights on the Secret with the certificates. Without the gate, returns the manifests. The chart
 * renders the same objects.
 */
function withConversions(
  objects: readonly KubeObject[],
  installation: InstallationName,
  flags: ParsedFlags,
): readonly KubeObject[] {
  const { features, conversions } = optionsFromFlags(flags);
  if (features?.versions !== true || conversions === undefined) return objects;
  const { port } = parseListenAddress(flagText(flags, 'conversion-bind-address'));
  const added = [...certificateRights(installation, conversions.namespace), service(installation, conversions)];
  // The Deployment is the last object, so that its pods find what they need.
  const last = objects.findIndex(({ kind }) => kind === 'Deployment');
  return [...objects.slice(0, last), ...added, ...objects.slice(last)].map((object) => withPort(object, port));
}

function certificateRights({ name, namespace }: InstallationName, ofService: string): KubeObject[] {
  const metadata = { name: `${name}:conversions`, namespace: ofService };
  const rules = new RuleSet();
  // A right to create cannot name the object.
  rules.add('', 'secrets', ['create']);
  const named: JsonObject = {
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames: [CERTIFICATES_SECRET],
    verbs: ['get', 'update'],
  };
  return [
    { ...rbacObject('Role', metadata), rules: [...ruleObjects(rules.rules()), named] },
    binding(
      'RoleBinding',
      metadata,
      { kind: 'Role', name: metadata.name },
      { kind: 'ServiceAccount', name, namespace },
    ),
  ];
}

function service(installation: InstallationName, { name, namespace }: InstallationName): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: {
      selector: podLabelsOf(installation.name),
      // A standby converts, too: it is not ready for work, but ready for reviews.
      publishNotReadyAddresses: true,
      ports: [{ name: PORT_NAME, port: 443, targetPort: PORT_NAME, protocol: 'TCP' }],
    },
  };
}

/** Opens the port in the container of a Deployment, and in a NetworkPolicy. Returns other objects unchanged. */
function withPort(object: KubeObject, port: number): KubeObject {
  const { kind, spec } = object;
  if (!isJsonObject(spec)) return object;
  if (kind === 'NetworkPolicy') {
    const [first, ...others] = objectsAt(spec, 'ingress');
    const open: JsonObject = { ports: [{ port, protocol: 'TCP' }] };
    return { ...object, spec: { ...spec, ingress: [...(first === undefined ? [] : [first]), open, ...others] } };
  }
  if (kind !== 'Deployment') return object;
  const template = isJsonObject(spec['template']) ? spec['template'] : {};
  const pod = isJsonObject(template['spec']) ? template['spec'] : {};
  const [container, ...others] = objectsAt(pod, 'containers');
  const [metrics, ...ports] = objectsAt(container, 'ports');
  const own: JsonObject = { name: PORT_NAME, containerPort: port, protocol: 'TCP' };
  const opened: JsonObject = { ...container, ports: [...(metrics === undefined ? [] : [metrics]), own, ...ports] };
  return { ...object, spec: { ...spec, template: { ...template, spec: { ...pod, containers: [opened, ...others] } } } };
}

/** What conversions add to an installation of the controller. */
export const ConversionManifests = {
  serviceOf: conversionServiceOf,
  addTo: withConversions,
  /** The name of the Secret with the certificates. */
  SECRET: CERTIFICATES_SECRET,
};
