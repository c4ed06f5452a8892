import { isJsonObject } from '@typekro/kit/core';
import { dnsLabel, portName } from '@typekro/kit/kubernetes';
import { type Field, repeatedFields } from '../../errors/field-problems.ts';
import { validateLifecycle, validateProbe } from './container-handlers.ts';
import { validateEnv } from './pod-env.ts';
import { validateResizePolicy, validateResources } from './pod-resources.ts';
import { checkLocalPath, validateContainerSecurity } from './pod-security.ts';
import { PULL_POLICIES } from './pod-volumes.ts';

const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];

/** The facts about a container's pod that the checks of the container need. */
export interface Place {
  readonly spec: Field;
  readonly isTemplate: boolean;
  /** The names of the containers that are already checked. */
  readonly names: Set<string>;
  readonly volumes: ReadonlySet<string>;
}

function validateName(container: Field, { names }: Place) {
  const name = container.text('name');
  name.name(dnsLabel);
  if (name.value === '') return;
  if (names.has(name.value)) name.duplicate();
  names.add(name.value);
}

/** Checks the containers or the init containers of a pod. */
export function validateContainers(place: Place, list: 'containers' | 'initContainers'): void {
  const grace = place.spec.number('terminationGracePeriodSeconds').value ?? 30;
  for (const container of place.spec.objects(list)) {
    validateName(container, place);
    validateContainer(container, place);
    // The restart policy of a container overrides that of the pod.
    const policy = container.text('restartPolicy');
    policy.oneOfIfSet(RESTART_POLICIES);
    if (container.list('restartPolicyRules').value.length > 0)
      policy.notEmpty('must specify restartPolicy when restart rules are used');
    // An init container that runs only once may have neither hooks nor probes.
    const once = list === 'initContainers' && policy.value !== 'Always';
    for (const key of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']) {
      const handler = container.optional(key);
      if (handler === undefined) continue;
      if (once) handler.forbidden('may not be set for init containers without restartPolicy=Always');
      else if (key === 'lifecycle') validateLifecycle(handler, grace);
      else validateProbe(handler, key);
    }
  }
}

const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'resizePolicy',
  'restartPolicy',
];

const UNFIT = 'cannot be set for an Ephemeral Container';

/**
 * Checks ephemeral containers. Their names must differ from those of all other containers. Fields such as ports, probes
 * and resources are not allowed.
 */
export function validateEphemeral(place: Place): void {
  const containerNames = new Set(place.names);
  for (const container of place.spec.objects('ephemeralContainers')) {
    validateName(container, place);
    validateContainer(container, place);
    const target = container.text('targetContainerName');
    if (target.value !== '' && !containerNames.has(target.value)) target.notFound();
    for (const key of NOT_EPHEMERAL) {
      const { value } = container.member(key);
      const isSet = isJsonObject(value) ? Object.keys(value).length > 0 : value !== undefined;
      if (isSet) container.member(key).forbidden(UNFIT);
    }
    for (const mount of container.objects('volumeMounts'))
      for (const path of [mount.text('subPath'), mount.text('subPathExpr')])
        if (path.value !== '') path.forbidden(UNFIT);
  }
}

const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];

function validateContainer(container: Field, place: Place) {
  const image = container.text('image');
  image.notEmpty();
  // The API server checks for spaces around the image only in pods, not in pod templates.
  if (!place.isTemplate && image.value !== image.value.trim())
    image.invalid('must not have leading or trailing whitespace');
  container.text('imagePullPolicy').oneOf(PULL_POLICIES);
  container.text('terminationMessagePolicy').oneOf(MESSAGE_POLICIES);
  validatePorts(container.objects('ports'));
  validateEnv(container);
  validateMounts(container, place);
  validateDevices(container, place);
  validateResources(container.object('resources'), place.spec.value);
  validateResizePolicy(container);
  validateContainerSecurity(container, place.spec.value);
}

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];

/** The values of a member of the objects in a list. */
const textsOf = (owner: Field, list: string, key: string) =>
  new Set(owner.objects(list).map((entry) => entry.text(key).value));

function validateMounts(container: Field, place: Place) {
  const paths = new Set<string>();
  const list = container.list('volumeMounts').path;
  const deviceNames = textsOf(container, 'volumeDevices', 'name');
  const devicePaths = textsOf(container, 'volumeDevices', 'devicePath');
  for (const mount of container.objects('volumeMounts')) {
    const [name, path] = [mount.text('name'), mount.text('mountPath')];
    name.notEmpty();
    if (!place.volumes.has(name.value)) name.notFound();
    path.notEmpty();
    if (paths.has(path.value)) path.invalid('must be unique');
    paths.add(path.value);
    if (deviceNames.has(name.value)) name.invalid('must not already exist in volumeDevices');
    if (devicePaths.has(path.value)) path.invalid('must not already exist as a path in volumeDevices');
    const [below, expression] = [mount.text('subPath'), mount.text('subPathExpr')];
    checkLocalPath(below.at(`${list}.subPath`));
    checkLocalPath(expression.at(`${list}.subPathExpr`));
    if (below.value !== '' && expression.value !== '')
      expression.invalid('subPathExpr and subPath are mutually exclusive');
    const propagation = mount.text('mountPropagation').at(`${list}.mountPropagation`);
    propagation.oneOfIfSet(PROPAGATIONS);
    if (propagation.value === 'Bidirectional' && container.object('securityContext').value['privileged'] !== true)
      propagation.forbidden('Bidirectional mount propagation is available only to privileged containers');
    const recursive = mount.text('recursiveReadOnly').at(`${list}.recursiveReadOnly`);
    if (['Enabled', 'IfPossible'].includes(recursive.value) && mount.value['readOnly'] !== true)
      recursive.forbidden('may only be specified when readOnly is true');
  }
}

function validateDevices(container: Field, place: Place) {
  const devices = container.objects('volumeDevices');
  if (devices.length === 0) return;
  const volumes = new Map(place.spec.objects('volumes').map((volume) => [volume.text('name').value, volume.value]));
  const mountNames = textsOf(container, 'volumeMounts', 'name');
  const mountPaths = textsOf(container, 'volumeMounts', 'mountPath');
  const repeatedNames = repeatedFields(devices.map((device) => device.text('name')));
  const repeatedPaths = repeatedFields(devices.map((device) => device.text('devicePath')));
  for (const device of devices) {
    const [name, path] = [device.text('name'), device.text('devicePath')];
    const volume = volumes.get(name.value);
    if (name.value === '') name.required();
    else if (repeatedNames.has(name.path)) name.invalid('must be unique');
    if (volume === undefined) name.notFound();
    else if (volume['persistentVolumeClaim'] === undefined && volume['ephemeral'] === undefined)
      name.invalid('can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode');
    path.notEmpty();
    if (repeatedPaths.has(path.path)) path.invalid('must be unique');
    if (path.value.split('/').includes('..')) path.invalid("can not contain backsteps ('..')");
    if (mountNames.has(name.value)) name.invalid('must not already exist in volumeMounts');
    if (mountPaths.has(path.value)) path.invalid('must not already exist as a path in volumeMounts');
  }
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function validatePorts(ports: readonly Field[]) {
  const repeated = repeatedFields(ports.map((port) => port.text('name')));
  for (const port of ports) {
    const [name, own, host] = [port.text('name'), port.member('containerPort'), port.member('hostPort')];
    name.matchesIfSet(portName);
    if (name.value !== '' && repeated.has(name.path)) name.duplicate();
    if ((own.value ?? 0) === 0) own.required();
    else own.port();
    if ((host.value ?? 0) !== 0) host.port();
    port.text('protocol').oneOf(PROTOCOLS);
  }
}
