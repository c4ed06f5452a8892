import type { JsonObject, JsonValue } from '../../core/index.ts';
import { compareQuantities, parseQuantity } from '../types/quantity.ts';
import {
  fieldDuplicate,
  fieldForbidden,
  fieldInvalid,
  fieldNotFound,
  fieldNotSupported,
  fieldRequired,
} from '../http/problems.ts';
import type { FieldProblem } from '../http/status.ts';
import { validateLabels } from './metadata.ts';
import { dnsLabel, dnsSubdomain, envVarName, portName } from './names.ts';
import { listAt, notNegative, objectAt, objectsAt, optionalAt, portProblem, textAt } from './parts.ts';

/** Checks a pod's specification at `path`. */
export function validatePodSpec(spec: JsonObject, path: string, problems: FieldProblem[]): void {
  const volumes = validateVolumes(objectsAt(spec, 'volumes'), `${path}.volumes`, problems);
  const names = new Set<string>();
  const containers = objectsAt(spec, 'containers');
  if (containers.length === 0) problems.push(fieldRequired(`${path}.containers`));
  validateContainers(containers, `${path}.containers`, names, volumes, problems);
  validateContainers(objectsAt(spec, 'initContainers'), `${path}.initContainers`, names, volumes, problems);
  const policy = textAt(spec, 'restartPolicy');
  if (!['Always', 'OnFailure', 'Never'].includes(policy)) {
    problems.push(fieldNotSupported(`${path}.restartPolicy`, policy, ['Always', 'OnFailure', 'Never']));
  }
  const dns = textAt(spec, 'dnsPolicy');
  const dnsPolicies = ['ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'];
  if (!dnsPolicies.includes(dns)) problems.push(fieldNotSupported(`${path}.dnsPolicy`, dns, dnsPolicies));
  validateLabels(objectAt(spec, 'nodeSelector') as Record<string, string>, `${path}.nodeSelector`, problems);
  notNegative(spec, 'terminationGracePeriodSeconds', path, problems);
  const account = textAt(spec, 'serviceAccountName');
  if (account !== '')
    for (const text of dnsSubdomain(account)) problems.push(fieldInvalid(`${path}.serviceAccountName`, account, text));
  validateAffinity(objectAt(spec, 'affinity'), `${path}.affinity`, problems);
  validateTolerations(objectsAt(spec, 'tolerations'), `${path}.tolerations`, problems);
  const deadline = spec['activeDeadlineSeconds'];
  if (typeof deadline === 'number' && deadline < 1) {
    problems.push(
      fieldInvalid(`${path}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'),
    );
  }
}

const SOURCES_BY_NAME = new Set(['name']);

function validateVolumes(volumes: readonly JsonObject[], path: string, problems: FieldProblem[]): Set<string> {
  const names = new Set<string>();
  for (const [index, volume] of volumes.entries()) {
    const at = `${path}[${index}]`;
    const name = textAt(volume, 'name');
    const before = problems.length;
    const sources = Object.keys(volume).filter((key) => !SOURCES_BY_NAME.has(key));
    for (const [position, source] of sources.entries()) {
      if (position > 0)
        problems.push(fieldForbidden(`${at}.${secondSource(sources)}`, 'may not specify more than 1 volume type'));
      validateSource(objectAt(volume, source), source, `${at}.${source}`, problems);
    }
    if (name === '') problems.push(fieldRequired(`${at}.name`));
    else {
      for (const text of dnsLabel(name)) problems.push(fieldInvalid(`${at}.name`, name, text));
      if (names.has(name)) problems.push(fieldDuplicate(`${at}.name`, name));
    }
    if (problems.length === before) names.add(name);
  }
  return names;
}

/** The order in which the server looks at volume sources; the first one found is fine, the others are too many. */
const SOURCE_ORDER = [
  'emptyDir',
  'hostPath',
  'gitRepo',
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'secret',
  'nfs',
  'iscsi',
  'glusterfs',
  'flocker',
  'rbd',
  'cinder',
  'cephfs',
  'downwardAPI',
  'fc',
  'flexVolume',
  'configMap',
  'azureFile',
  'vsphereVolume',
  'persistentVolumeClaim',
  'projected',
  'csi',
  'ephemeral',
  'image',
];

function secondSource(sources: readonly string[]): string {
  return [...sources].sort((a, b) => SOURCE_ORDER.indexOf(a) - SOURCE_ORDER.indexOf(b))[1] ?? '';
}

function validateSource(source: JsonObject, kind: string, path: string, problems: FieldProblem[]) {
  if (kind === 'secret' && textAt(source, 'secretName') === '') problems.push(fieldRequired(`${path}.secretName`));
  if (kind === 'configMap' && textAt(source, 'name') === '') problems.push(fieldRequired(`${path}.name`));
  if (kind === 'persistentVolumeClaim' && textAt(source, 'claimName') === '')
    problems.push(fieldRequired(`${path}.claimName`));
  if (kind === 'hostPath' && textAt(source, 'path') === '') problems.push(fieldRequired(`${path}.path`));
}

function validateContainers(
  containers: readonly JsonObject[],
  path: string,
  names: Set<string>,
  volumes: ReadonlySet<string>,
  problems: FieldProblem[],
) {
  for (const [index, container] of containers.entries()) {
    const at = `${path}[${index}]`;
    const name = textAt(container, 'name');
    if (name === '') problems.push(fieldRequired(`${at}.name`));
    else {
      for (const text of dnsLabel(name)) problems.push(fieldInvalid(`${at}.name`, name, text));
      if (names.has(name)) problems.push(fieldDuplicate(`${at}.name`, name));
      names.add(name);
    }
    validateContainer(container, at, volumes, problems);
  }
}

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];

function validateContainer(container: JsonObject, at: string, volumes: ReadonlySet<string>, problems: FieldProblem[]) {
  const image = textAt(container, 'image');
  if (image === '') problems.push(fieldRequired(`${at}.image`));
  else if (image !== image.trim())
    problems.push(fieldInvalid(`${at}.image`, image, 'must not have leading or trailing whitespace'));
  const pull = textAt(container, 'imagePullPolicy');
  if (!PULL_POLICIES.includes(pull)) problems.push(fieldNotSupported(`${at}.imagePullPolicy`, pull, PULL_POLICIES));
  validatePorts(objectsAt(container, 'ports'), `${at}.ports`, problems);
  validateEnv(objectsAt(container, 'env'), `${at}.env`, problems);
  const paths = new Set<string>();
  for (const [index, mount] of objectsAt(container, 'volumeMounts').entries()) {
    const place = `${at}.volumeMounts[${index}]`;
    const name = textAt(mount, 'name');
    if (name === '') problems.push(fieldRequired(`${place}.name`));
    else if (!volumes.has(name)) problems.push(fieldNotFound(`${place}.name`, name));
    const path = textAt(mount, 'mountPath');
    if (path === '') problems.push(fieldRequired(`${place}.mountPath`));
    else if (paths.has(path)) problems.push(fieldInvalid(`${place}.mountPath`, path, 'must be unique'));
    paths.add(path);
  }
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const value = optionalAt(container, probe);
    if (value !== undefined) validateProbe(value, `${at}.${probe}`, problems);
  }
  validateResources(objectAt(container, 'resources'), `${at}.resources`, problems);
}

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

function validatePorts(ports: readonly JsonObject[], path: string, problems: FieldProblem[]) {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`;
    const name = textAt(port, 'name');
    if (name !== '') {
      for (const text of portName(name)) problems.push(fieldInvalid(`${at}.name`, name, text));
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

const REFERENCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'];

function validateEnv(env: readonly JsonObject[], path: string, problems: FieldProblem[]) {
  for (const [index, entry] of env.entries()) {
    const at = `${path}[${index}]`;
    const name = textAt(entry, 'name');
    if (name === '') problems.push(fieldRequired(`${at}.name`));
    else for (const text of envVarName(name)) problems.push(fieldInvalid(`${at}.name`, name, text));
    const from = optionalAt(entry, 'valueFrom');
    if (from === undefined) continue;
    const count = REFERENCES.filter((key) => from[key] !== undefined).length;
    if (count === 0) {
      problems.push(
        fieldInvalid(
          `${at}.valueFrom`,
          '',
          'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
        ),
      );
    } else if (textAt(entry, 'value') !== '')
      problems.push(fieldInvalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty'));
    if (count > 1)
      problems.push(fieldInvalid(`${at}.valueFrom`, '', 'may not have more than one field specified at a time'));
    for (const reference of ['configMapKeyRef', 'secretKeyRef']) {
      const value = optionalAt(from, reference);
      if (value !== undefined && textAt(value, 'key') === '')
        problems.push(fieldRequired(`${at}.valueFrom.${reference}.key`));
    }
  }
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'];

function validateProbe(probe: JsonObject, at: string, problems: FieldProblem[]) {
  let count = 0;
  for (const handler of HANDLERS) {
    const value = optionalAt(probe, handler);
    if (value === undefined) continue;
    if (count++ > 0) problems.push(fieldForbidden(`${at}.${handler}`, 'may not specify more than 1 handler type'));
    else if (handler === 'exec' && listAt(value, 'command').length === 0)
      problems.push(fieldRequired(`${at}.exec.command`));
    else if (handler !== 'exec') {
      const problem = portOrName(value['port'], `${at}.${handler}.port`);
      if (problem !== undefined) problems.push(problem);
    }
  }
  if (count === 0) problems.push(fieldRequired(at, 'must specify a handler type'));
  for (const key of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ]) {
    notNegative(probe, key, at, problems);
  }
}

/** A port by number or by name. */
export function portOrName(value: JsonValue | undefined, path: string): FieldProblem | undefined {
  if (typeof value !== 'string') return portProblem(value, path);
  const [text] = portName(value);
  return text === undefined ? undefined : fieldInvalid(path, value, text);
}

function validateResources(resources: JsonObject, at: string, problems: FieldProblem[]) {
  const limits = objectAt(resources, 'limits');
  const requests = objectAt(resources, 'requests');
  for (const [group, values] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [name, value] of Object.entries(values)) {
      if (parseQuantity(String(value))?.value !== undefined && (parseQuantity(String(value))?.value ?? 0n) < 0n) {
        problems.push(fieldInvalid(`${at}.${group}[${name}]`, value, 'must be greater than or equal to 0'));
      }
    }
  }
  for (const [name, value] of Object.entries(requests)) {
    const limit = limits[name];
    const [asked, most] = [
      parseQuantity(String(value)),
      limit === undefined ? undefined : parseQuantity(String(limit)),
    ];
    if (asked !== undefined && most !== undefined && compareQuantities(asked, most) > 0) {
      problems.push(
        fieldInvalid(`${at}.requests`, value, `must be less than or equal to ${name} limit of ${String(limit)}`),
      );
    }
  }
}

function validateAffinity(affinity: JsonObject, at: string, problems: FieldProblem[]) {
  const required = optionalAt(optionalAt(affinity, 'nodeAffinity'), 'requiredDuringSchedulingIgnoredDuringExecution');
  if (required !== undefined && objectsAt(required, 'nodeSelectorTerms').length === 0) {
    problems.push(
      fieldRequired(
        `${at}.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms`,
        'must have at least one node selector term',
      ),
    );
  }
}

function validateTolerations(tolerations: readonly JsonObject[], at: string, problems: FieldProblem[]) {
  for (const [index, entry] of tolerations.entries()) {
    const operator = textAt(entry, 'operator');
    if (!['', 'Equal', 'Exists', 'Gt', 'Lt'].includes(operator)) {
      problems.push(fieldNotSupported(`${at}[${index}].operator`, operator, ['Equal', 'Exists']));
    }
    if (operator === 'Exists' && textAt(entry, 'value') !== '') {
      problems.push(fieldInvalid(`${at}[${index}].operator`, entry, "value must be empty when `operator` is 'Exists'"));
    }
  }
}
