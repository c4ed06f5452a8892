import { type JsonObject, isJsonObject } from '@typekro/kit/core';
import { dnsLabel, listAt, objectAt, objectsAt, optionalAt, portName, textAt } from '@typekro/kit/kubernetes';
import { type Problems, repeatedIndexes } from '../../errors/field-problems.ts';
import { portProblem } from '../../types/parts.ts';
import { validateLifecycle, validateProbe } from './container-handlers.ts';
import { validateEnv } from './pod-env.ts';
import { validateResizePolicy, validateResources } from './pod-resources.ts';
import { checkLocalPath, validateContainerSecurity } from './pod-security.ts';
import { PULL_POLICIES } from './pod-volumes.ts';

const RESTART_POLICIES = ['Always', 'Never', 'OnFailure'];

/** The facts about a container's pod that the checks of the container need. */
export interface Place {
  readonly spec: JsonObject;
  readonly isTemplate: boolean;
  /** The names of the containers that are already checked. */
  readonly names: Set<string>;
  readonly volumes: ReadonlySet<string>;
}

function validateName(container: JsonObject, { names }: Place, at: string, problems: Problems) {
  const name = textAt(container, 'name');
  if (name === '') {
    problems.required(`${at}.name`);
    return;
  }
  problems.invalidFor(`${at}.name`, name, dnsLabel(name));
  if (names.has(name)) problems.duplicate(`${at}.name`, name);
  names.add(name);
}

/** Checks the containers or the init containers of a pod. `path` is the path of the specification. */
export function validateContainers(
  place: Place,
  list: 'containers' | 'initContainers',
  path: string,
  problems: Problems,
): void {
  for (const [index, container] of objectsAt(place.spec, list).entries()) {
    const at = `${path}.${list}[${index}]`;
    validateName(container, place, at, problems);
    validateContainer(container, place, at, problems);
    validateRestart(container, at, problems);
    // An init container that runs only once may have neither hooks nor probes.
    const once = list === 'initContainers' && container['restartPolicy'] !== 'Always';
    for (const key of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']) {
      const value = optionalAt(container, key);
      if (value === undefined) continue;
      if (once) problems.forbidden(`${at}.${key}`, 'may not be set for init containers without restartPolicy=Always');
      else if (key === 'lifecycle') validateLifecycle(value, place.spec, `${at}.lifecycle`, problems);
      else validateProbe(value, key, `${at}.${key}`, problems);
    }
  }
}

/** Checks the restart policy of a container, which overrides the pod's restart policy. */
function validateRestart(container: JsonObject, at: string, problems: Problems) {
  const policy = textAt(container, 'restartPolicy');
  if (policy !== '' && !RESTART_POLICIES.includes(policy))
    problems.notSupported(`${at}.restartPolicy`, policy, RESTART_POLICIES);
  if (policy === '' && listAt(container, 'restartPolicyRules').length > 0)
    problems.required(`${at}.restartPolicy`, 'must specify restartPolicy when restart rules are used');
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

/**
 * Checks ephemeral containers. Their names must differ from those of all other containers. Fields such as ports, probes
 * and resources are not allowed.
 */
export function validateEphemeral(place: Place, path: string, problems: Problems): void {
  const containerNames = new Set(place.names);
  for (const [index, container] of objectsAt(place.spec, 'ephemeralContainers').entries()) {
    const at = `${path}.ephemeralContainers[${index}]`;
    validateName(container, place, at, problems);
    validateContainer(container, place, at, problems);
    const target = textAt(container, 'targetContainerName');
    if (target !== '' && !containerNames.has(target)) problems.notFound(`${at}.targetContainerName`, target);
    for (const key of NOT_EPHEMERAL) {
      const value = container[key];
      const set = isJsonObject(value) ? Object.keys(value).length > 0 : value !== undefined;
      if (set) problems.forbidden(`${at}.${key}`, UNFIT);
    }
    for (const [position, mount] of objectsAt(container, 'volumeMounts').entries())
      for (const key of ['subPath', 'subPathExpr'])
        if (textAt(mount, key) !== '') problems.forbidden(`${at}.volumeMounts[${position}].${key}`, UNFIT);
  }
}

const UNFIT = 'cannot be set for an Ephemeral Container';

const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];

function validateContainer(container: JsonObject, place: Place, at: string, problems: Problems) {
  const image = textAt(container, 'image');
  if (image === '') problems.required(`${at}.image`);
  // The API server checks for spaces around the image only in pods, not in pod templates.
  else if (!place.isTemplate && image !== image.trim())
    problems.invalid(`${at}.image`, image, 'must not have leading or trailing whitespace');
  for (const [key, known] of [
    ['imagePullPolicy', PULL_POLICIES],
    ['terminationMessagePolicy', MESSAGE_POLICIES],
  ] as const) {
    const value = textAt(container, key);
    problems.requireOneOf(`${at}.${key}`, value, known);
  }
  validatePorts(objectsAt(container, 'ports'), `${at}.ports`, problems);
  validateEnv(container, at, problems);
  validateMounts(container, place, at, problems);
  validateDevices(container, place, at, problems);
  validateResources(objectAt(container, 'resources'), place.spec, `${at}.resources`, problems);
  validateResizePolicy(container, at, problems);
  validateContainerSecurity(container, place.spec, at, problems);
}

const PROPAGATIONS = ['Bidirectional', 'HostToContainer', 'None'];

function validateMounts(container: JsonObject, place: Place, at: string, problems: Problems) {
  const paths = new Set<string>();
  const list = `${at}.volumeMounts`;
  const devices = objectsAt(container, 'volumeDevices');
  const deviceNames = new Set(devices.map((device) => textAt(device, 'name')));
  const devicePaths = new Set(devices.map((device) => textAt(device, 'devicePath')));
  for (const [index, mount] of objectsAt(container, 'volumeMounts').entries()) {
    const name = textAt(mount, 'name');
    if (name === '') problems.required(`${list}[${index}].name`);
    if (!place.volumes.has(name)) problems.notFound(`${list}[${index}].name`, name);
    const path = textAt(mount, 'mountPath');
    if (path === '') problems.required(`${list}[${index}].mountPath`);
    if (paths.has(path)) problems.invalid(`${list}[${index}].mountPath`, path, 'must be unique');
    paths.add(path);
    if (deviceNames.has(name))
      problems.invalid(`${list}[${index}].name`, name, 'must not already exist in volumeDevices');
    if (devicePaths.has(path)) {
      const text = 'must not already exist as a path in volumeDevices';
      problems.invalid(`${list}[${index}].mountPath`, path, text);
    }
    const [below, expression] = [textAt(mount, 'subPath'), textAt(mount, 'subPathExpr')];
    checkLocalPath(below, `${list}.subPath`, problems);
    checkLocalPath(expression, `${list}.subPathExpr`, problems);
    if (below !== '' && expression !== '')
      problems.invalid(`${list}[${index}].subPathExpr`, expression, 'subPathExpr and subPath are mutually exclusive');
    const propagation = textAt(mount, 'mountPropagation');
    if (propagation !== '' && !PROPAGATIONS.includes(propagation))
      problems.notSupported(`${list}.mountPropagation`, propagation, PROPAGATIONS);
    if (propagation === 'Bidirectional' && objectAt(container, 'securityContext')['privileged'] !== true)
      problems.forbidden(
        `${list}.mountPropagation`,
        'Bidirectional mount propagation is available only to privileged containers',
      );
    const recursive = textAt(mount, 'recursiveReadOnly');
    if ((recursive === 'Enabled' || recursive === 'IfPossible') && mount['readOnly'] !== true)
      problems.forbidden(`${list}.recursiveReadOnly`, 'may only be specified when readOnly is true');
  }
}

function validateDevices(container: JsonObject, place: Place, at: string, problems: Problems) {
  const devices = objectsAt(container, 'volumeDevices');
  if (devices.length === 0) return;
  const volumes = new Map(objectsAt(place.spec, 'volumes').map((volume) => [textAt(volume, 'name'), volume]));
  const mounts = objectsAt(container, 'volumeMounts');
  const mountNames = new Set(mounts.map((mount) => textAt(mount, 'name')));
  const mountPaths = new Set(mounts.map((mount) => textAt(mount, 'mountPath')));
  const repeatedNames = repeatedIndexes(devices.map((device) => textAt(device, 'name')));
  const repeatedPaths = repeatedIndexes(devices.map((device) => textAt(device, 'devicePath')));
  for (const [index, device] of devices.entries()) {
    const [name, path] = [textAt(device, 'name'), textAt(device, 'devicePath')];
    const where = `${at}.volumeDevices[${index}]`;
    const volume = volumes.get(name);
    const refuse = (key: string, text: string) => problems.invalid(`${where}.${key}`, textAt(device, key), text);
    if (name === '') problems.required(`${where}.name`);
    else if (repeatedNames.has(index)) refuse('name', 'must be unique');
    if (volume === undefined) problems.notFound(`${where}.name`, name);
    else if (volume['persistentVolumeClaim'] === undefined && volume['ephemeral'] === undefined)
      refuse('name', 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode');
    if (path === '') problems.required(`${where}.devicePath`);
    if (repeatedPaths.has(index)) refuse('devicePath', 'must be unique');
    if (path.split('/').includes('..')) refuse('devicePath', "can not contain backsteps ('..')");
    if (mountNames.has(name)) refuse('name', 'must not already exist in volumeMounts');
    if (mountPaths.has(path)) refuse('devicePath', 'must not already exist as a path in volumeMounts');
  }
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function validatePorts(ports: readonly JsonObject[], path: string, problems: Problems) {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`;
    const name = textAt(port, 'name');
    if (name !== '') {
      problems.invalidFor(`${at}.name`, name, portName(name));
      if (names.has(name)) problems.duplicate(`${at}.name`, name);
      names.add(name);
    }
    if ((port['containerPort'] ?? 0) === 0) problems.required(`${at}.containerPort`);
    else {
      problems.add(portProblem(port['containerPort'], `${at}.containerPort`));
    }
    if (port['hostPort'] !== undefined && port['hostPort'] !== 0) {
      problems.add(portProblem(port['hostPort'], `${at}.hostPort`));
    }
    const protocol = textAt(port, 'protocol');
    problems.requireOneOf(`${at}.protocol`, protocol, PROTOCOLS);
  }
}
