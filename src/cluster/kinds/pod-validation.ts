import type { JsonObject, JsonValue } from '../../core/index.ts';
import {
  dnsLabel,
  dnsSubdomain,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  portName,
  textAt,
} from '../../kubernetes/index.ts';
import { isJsonObject } from '../../core/index.ts';
import {
  addInvalid,
  fieldDuplicate,
  fieldForbidden,
  fieldInvalid,
  fieldNotFound,
  fieldNotSupported,
  fieldRequired,
} from '../errors/field-problems.ts';
import type { FieldError } from '../../kubernetes/index.ts';
import { validateLabels } from './metadata.ts';
import { addressProblem } from './ip-addresses.ts';
import { notNegative, portProblem } from '../types/parts.ts';
import { validateEnv } from './pod-env.ts';
import { validateResizePolicy, validateResources } from './pod-resources.ts';
import { validateScheduling } from './pod-scheduling.ts';
import { checkLocalPath, validateContainerSecurity, validatePodSecurity } from './pod-security.ts';
import { validateVolumes } from './pod-volumes.ts';
import { checkLabelName } from './selectors.ts';

const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];

/** Checks a pod's specification at `path`. */
export function validatePodSpec(spec: JsonObject, path: string, problems: FieldError[]): void {
  const volumes = validateVolumes(spec, `${path}.volumes`, problems);
  const names = new Set<string>();
  if (listAt(spec, 'containers').length === 0) problems.push(fieldRequired(`${path}.containers`));
  const place: Place = { spec, names, volumes };
  for (const list of ['containers', 'initContainers'] as const) validateContainers(place, list, path, problems);
  validateEphemeral(place, path, problems);
  validateHostPorts(spec, path, problems);
  const policy = textAt(spec, 'restartPolicy');
  if (!RESTART_POLICIES.includes(policy))
    problems.push(fieldNotSupported(`${path}.restartPolicy`, policy, RESTART_POLICIES));
  validateDns(spec, path, problems);
  validateLabels(objectAt(spec, 'nodeSelector') as Record<string, string>, `${path}.nodeSelector`, problems);
  for (const [key, check] of NAMES) {
    const name = textAt(spec, key);
    if (name !== '') addInvalid(problems, `${path}.${key}`, name, check(name));
  }
  for (const [index, alias] of objectsAt(spec, 'hostAliases').entries()) {
    const at = `${path}.hostAliases[${index}]`;
    checkAddress(textAt(alias, 'ip'), `${at}.ip`, problems);
    for (const [position, name] of listAt(alias, 'hostnames').entries())
      addInvalid(problems, `${at}.hostnames[${position}]`, name, dnsSubdomain(String(name)));
  }
  for (const [index, gate] of objectsAt(spec, 'readinessGates').entries())
    checkLabelName(textAt(gate, 'conditionType'), `${path}.readinessGates[${index}].conditionType`, problems);
  validateScheduling(spec, path, problems);
  validatePodSecurity(spec, path, problems);
  const resources = optionalAt(spec, 'resources');
  if (resources !== undefined) validateResources(resources, spec, `${path}.resources`, problems);
  validateClaims(objectsAt(spec, 'resourceClaims'), `${path}.resourceClaims`, problems);
  const deadline = spec['activeDeadlineSeconds'];
  if (typeof deadline === 'number' && deadline < 1) {
    problems.push(
      fieldInvalid(`${path}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'),
    );
  }
}

const dnsLabelOrDots = (text: string) => (text.includes('.') ? ['must not contain dots'] : dnsLabel(text));

/** Members whose values are names, with the rule of each. */
const NAMES: readonly (readonly [string, (name: string) => string[]])[] = [
  ['serviceAccountName', dnsSubdomain],
  ['nodeName', dnsSubdomain],
  ['hostname', dnsLabel],
  ['subdomain', dnsLabelOrDots],
  ['priorityClassName', dnsSubdomain],
  ['runtimeClassName', dnsSubdomain],
];

function checkAddress(value: string, path: string, problems: FieldError[]) {
  const text = addressProblem(value);
  if (text !== undefined) problems.push(fieldInvalid(path, value, text));
}

function validateDns(spec: JsonObject, path: string, problems: FieldError[]) {
  const policy = textAt(spec, 'dnsPolicy');
  if (!DNS_POLICIES.includes(policy)) problems.push(fieldNotSupported(`${path}.dnsPolicy`, policy, DNS_POLICIES));
  const config = optionalAt(spec, 'dnsConfig');
  const at = `${path}.dnsConfig`;
  if (policy === 'None') {
    if (config === undefined) problems.push(fieldRequired(at, 'must provide `dnsConfig` when `dnsPolicy` is None'));
    else if (listAt(config, 'nameservers').length === 0)
      problems.push(
        fieldRequired(`${at}.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'),
      );
  }
  const servers = listAt(config, 'nameservers');
  if (servers.length > 3)
    problems.push(fieldInvalid(`${at}.nameservers`, servers, 'must not have more than 3 nameservers'));
  for (const [index, server] of servers.entries())
    checkAddress(String(server), `${at}.nameservers[${index}]`, problems);
  for (const [index, option] of objectsAt(config, 'options').entries())
    if (textAt(option, 'name') === '') problems.push(fieldRequired(`${at}.options[${index}]`, 'must not be empty'));
}

function validateClaims(claims: readonly JsonObject[], path: string, problems: FieldError[]) {
  const keys = ['resourceClaimName', 'resourceClaimTemplateName'] as const;
  for (const [index, claim] of claims.entries()) {
    const given = keys.filter((key) => claim[key] !== undefined).length;
    if (given === 1) continue;
    const shown = {
      Name: textAt(claim, 'name'),
      ResourceClaimName: claim['resourceClaimName'] ?? null,
      ResourceClaimTemplateName: claim['resourceClaimTemplateName'] ?? null,
    };
    const text =
      given === 0
        ? 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
        : 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
    problems.push(fieldInvalid(`${path}[${index}]`, shown, text));
  }
}

/** Checks that a pod uses each port of the node at most once per protocol and address. */
function validateHostPorts(spec: JsonObject, path: string, problems: FieldError[]) {
  const taken = new Set<string>();
  for (const [index, container] of objectsAt(spec, 'containers').entries()) {
    for (const [position, port] of objectsAt(container, 'ports').entries()) {
      const at = `${path}.containers[${index}].ports[${position}].hostPort`;
      const number = numberAt(port, 'hostPort') ?? 0;
      if (spec['hostNetwork'] === true && number !== 0 && number !== port['containerPort'])
        problems.push(fieldInvalid(at, number, 'must match `containerPort` when `hostNetwork` is true'));
      if (number === 0) continue;
      const key = `${textAt(port, 'protocol')}/${textAt(port, 'hostIP')}/${number}`;
      if (taken.has(key)) problems.push(fieldDuplicate(at, key));
      taken.add(key);
    }
  }
}

/** Facts about the pod of a container, for the checks of the container. */
interface Place {
  readonly spec: JsonObject;
  /** The names of the containers that are already checked. */
  readonly names: Set<string>;
  readonly volumes: ReadonlySet<string>;
}

function validateName(container: JsonObject, { names }: Place, at: string, problems: FieldError[]) {
  const name = textAt(container, 'name');
  if (name === '') {
    problems.push(fieldRequired(`${at}.name`));
    return;
  }
  addInvalid(problems, `${at}.name`, name, dnsLabel(name));
  if (names.has(name)) problems.push(fieldDuplicate(`${at}.name`, name));
  names.add(name);
}

function validateContainers(place: Place, list: 'containers' | 'initContainers', path: string, problems: FieldError[]) {
  for (const [index, container] of objectsAt(place.spec, list).entries()) {
    const at = `${path}.${list}[${index}]`;
    validateName(container, place, at, problems);
    validateContainer(container, place, at, problems);
    // Only containers that keep running may have hooks and probes.
    const once = list === 'initContainers' && container['restartPolicy'] !== 'Always';
    for (const key of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe']) {
      const value = optionalAt(container, key);
      if (value === undefined) continue;
      if (once)
        problems.push(
          fieldForbidden(`${at}.${key}`, 'may not be set for init containers without restartPolicy=Always'),
        );
      else if (key === 'lifecycle') validateLifecycle(value, place.spec, `${at}.lifecycle`, problems);
      else validateProbe(value, key, `${at}.${key}`, problems);
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

/**
 * Checks ephemeral containers. Their names must differ from those of all other containers. Fields for long-running
 * services are not allowed.
 */
function validateEphemeral(place: Place, path: string, problems: FieldError[]) {
  const containerNames = new Set(place.names);
  for (const [index, container] of objectsAt(place.spec, 'ephemeralContainers').entries()) {
    const at = `${path}.ephemeralContainers[${index}]`;
    validateName(container, place, at, problems);
    validateContainer(container, place, at, problems);
    const target = textAt(container, 'targetContainerName');
    if (target !== '' && !containerNames.has(target)) problems.push(fieldNotFound(`${at}.targetContainerName`, target));
    for (const key of NOT_EPHEMERAL) {
      const value = container[key];
      const set = isJsonObject(value) ? Object.keys(value).length > 0 : value !== undefined;
      if (set) problems.push(fieldForbidden(`${at}.${key}`, UNFIT));
    }
    for (const [position, mount] of objectsAt(container, 'volumeMounts').entries())
      for (const key of ['subPath', 'subPathExpr'])
        if (textAt(mount, key) !== '') problems.push(fieldForbidden(`${at}.volumeMounts[${position}].${key}`, UNFIT));
  }
}

const UNFIT = 'cannot be set for an Ephemeral Container';

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];

function validateContainer(container: JsonObject, place: Place, at: string, problems: FieldError[]) {
  const image = textAt(container, 'image');
  if (image === '') problems.push(fieldRequired(`${at}.image`));
  else if (image !== image.trim())
    problems.push(fieldInvalid(`${at}.image`, image, 'must not have leading or trailing whitespace'));
  for (const [key, known] of [
    ['imagePullPolicy', PULL_POLICIES],
    ['terminationMessagePolicy', MESSAGE_POLICIES],
  ] as const) {
    const value = textAt(container, key);
    if (!known.includes(value)) problems.push(fieldNotSupported(`${at}.${key}`, value, known));
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

function validateMounts(container: JsonObject, place: Place, at: string, problems: FieldError[]) {
  const paths = new Set<string>();
  const list = `${at}.volumeMounts`;
  for (const [index, mount] of objectsAt(container, 'volumeMounts').entries()) {
    const name = textAt(mount, 'name');
    if (name === '') problems.push(fieldRequired(`${list}[${index}].name`));
    if (!place.volumes.has(name)) problems.push(fieldNotFound(`${list}[${index}].name`, name));
    const path = textAt(mount, 'mountPath');
    if (path === '') problems.push(fieldRequired(`${list}[${index}].mountPath`));
    if (paths.has(path)) problems.push(fieldInvalid(`${list}[${index}].mountPath`, path, 'must be unique'));
    paths.add(path);
    const [below, expression] = [textAt(mount, 'subPath'), textAt(mount, 'subPathExpr')];
    checkLocalPath(below, `${list}.subPath`, problems);
    checkLocalPath(expression, `${list}.subPathExpr`, problems);
    if (below !== '' && expression !== '')
      problems.push(
        fieldInvalid(`${list}[${index}].subPathExpr`, expression, 'subPathExpr and subPath are mutually exclusive'),
      );
    const propagation = textAt(mount, 'mountPropagation');
    if (propagation !== '' && !PROPAGATIONS.includes(propagation))
      problems.push(fieldNotSupported(`${list}.mountPropagation`, propagation, PROPAGATIONS));
    if (propagation === 'Bidirectional' && objectAt(container, 'securityContext')['privileged'] !== true)
      problems.push(
        fieldForbidden(
          `${list}.mountPropagation`,
          'Bidirectional mount propagation is available only to privileged containers',
        ),
      );
    const recursive = textAt(mount, 'recursiveReadOnly');
    if ((recursive === 'Enabled' || recursive === 'IfPossible') && mount['readOnly'] !== true)
      problems.push(fieldForbidden(`${list}.recursiveReadOnly`, 'may only be specified when readOnly is true'));
  }
}

function validateDevices(container: JsonObject, place: Place, at: string, problems: FieldError[]) {
  const volumes = objectsAt(place.spec, 'volumes');
  for (const [index, device] of objectsAt(container, 'volumeDevices').entries()) {
    const [name, path] = [textAt(device, 'name'), textAt(device, 'devicePath')];
    const where = `${at}.volumeDevices[${index}]`;
    const volume = volumes.find((entry) => entry['name'] === name);
    if (name === '') problems.push(fieldRequired(`${where}.name`));
    if (volume === undefined) problems.push(fieldNotFound(`${where}.name`, name));
    else if (volume['persistentVolumeClaim'] === undefined && volume['ephemeral'] === undefined)
      problems.push(
        fieldInvalid(
          `${where}.name`,
          name,
          'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
        ),
      );
    if (path === '') problems.push(fieldRequired(`${where}.devicePath`));
  }
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function validatePorts(ports: readonly JsonObject[], path: string, problems: FieldError[]) {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`;
    const name = textAt(port, 'name');
    if (name !== '') {
      addInvalid(problems, `${at}.name`, name, portName(name));
      if (names.has(name)) problems.push(fieldDuplicate(`${at}.name`, name));
      names.add(name);
    }
    if ((port['containerPort'] ?? 0) === 0) problems.push(fieldRequired(`${at}.containerPort`));
    else {
      const problem = portProblem(port['containerPort'], `${at}.containerPort`);
      if (problem !== undefined) problems.push(problem);
    }
    if (port['hostPort'] !== undefined && port['hostPort'] !== 0) {
      const problem = portProblem(port['hostPort'], `${at}.hostPort`);
      if (problem !== undefined) problems.push(problem);
    }
    const protocol = textAt(port, 'protocol');
    if (!PROTOCOLS.includes(protocol)) problems.push(fieldNotSupported(`${at}.protocol`, protocol, PROTOCOLS));
  }
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'];
const SCHEMES = ['HTTP', 'HTTPS'];
const HEADER =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";

/** Checks that a hook or probe has exactly one action. Checks this action. */
function validateHandler(handler: JsonObject, grace: number, at: string, problems: FieldError[]) {
  let count = 0;
  for (const kind of HANDLERS) {
    const value = optionalAt(handler, kind);
    if (value === undefined) continue;
    if (count++ > 0) problems.push(fieldForbidden(`${at}.${kind}`, 'may not specify more than 1 handler type'));
    else if (kind === 'exec') {
      if (listAt(value, 'command').length === 0) problems.push(fieldRequired(`${at}.exec.command`));
    } else if (kind === 'sleep') {
      const seconds = numberAt(value, 'seconds') ?? 0;
      if (seconds < 0 || seconds > grace)
        problems.push(
          fieldInvalid(
            `${at}.sleep`,
            seconds,
            `must be non-negative and less than terminationGracePeriodSeconds (${grace})`,
          ),
        );
    } else checkPortOrName(value['port'], `${at}.${kind}.port`, problems);
    if (kind === 'httpGet' && count === 1) validateHttp(value, `${at}.httpGet`, problems);
  }
  if (count === 0) problems.push(fieldRequired(at, 'must specify a handler type'));
}

function validateHttp(get: JsonObject, at: string, problems: FieldError[]) {
  if (textAt(get, 'path') === '') problems.push(fieldRequired(`${at}.path`));
  const scheme = textAt(get, 'scheme');
  if (!SCHEMES.includes(scheme)) problems.push(fieldNotSupported(`${at}.scheme`, scheme, SCHEMES));
  for (const header of objectsAt(get, 'httpHeaders')) {
    const name = textAt(header, 'name');
    if (!/^[-A-Za-z0-9]+$/.test(name)) problems.push(fieldInvalid(`${at}.httpHeaders`, name, HEADER));
  }
}

function validateLifecycle(lifecycle: JsonObject, pod: JsonObject, at: string, problems: FieldError[]) {
  for (const hook of ['postStart', 'preStop']) {
    const handler = optionalAt(lifecycle, hook);
    const grace = numberAt(pod, 'terminationGracePeriodSeconds') ?? 30;
    if (handler !== undefined) validateHandler(handler, grace, `${at}.${hook}`, problems);
  }
}

const PERIODS = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'];

function validateProbe(probe: JsonObject, kind: string, at: string, problems: FieldError[]) {
  validateHandler(probe, Number.MAX_SAFE_INTEGER, at, problems);
  for (const key of PERIODS) notNegative(probe, key, at, problems);
  const grace = numberAt(probe, 'terminationGracePeriodSeconds');
  if (kind === 'readinessProbe') {
    if (grace !== undefined)
      problems.push(fieldInvalid(`${at}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'));
    return;
  }
  if (grace !== undefined && grace <= 0)
    problems.push(fieldInvalid(`${at}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'));
  const success = numberAt(probe, 'successThreshold') ?? 1;
  if (success !== 1) problems.push(fieldInvalid(`${at}.successThreshold`, success, 'must be 1'));
}

/** Checks a port given by number or by name. */
export function checkPortOrName(value: JsonValue | undefined, path: string, problems: FieldError[]): void {
  if (typeof value === 'string') {
    addInvalid(problems, path, value, portName(value));
    return;
  }
  const problem = portProblem(value, path);
  if (problem !== undefined) problems.push(problem);
}
