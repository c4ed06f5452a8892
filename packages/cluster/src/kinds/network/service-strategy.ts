import { type JsonObject, type KubeObject, jsonEquals } from '@typekro/kit/core';
import { listAt, numberAt, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { fieldInvalid, Problems } from '../../errors/field-problems.ts';
import { invalid } from '../../errors/api-error.ts';
import type { MutableObject, Strategy, WriteContext } from '../strategy.ts';
import { ensureAt, fill } from '../../types/parts.ts';
import {
  isExternallyAccessible,
  needsClusterIP,
  needsHealthPort,
  serviceName,
  serviceWarnings,
  validateService,
  withPorts,
} from './service-validation.ts';

/** The strategy of Services, which allocates and releases addresses and node ports. */
export const serviceStrategy: Partial<Strategy> = {
  validateName: serviceName,
  defaults(object) {
    const spec = ensureAt(object, 'spec');
    fill(spec, { sessionAffinity: 'None', type: 'ClusterIP' });
    const type = textAt(spec, 'type');
    if (spec['sessionAffinity'] === 'ClientIP')
      ensureAt(ensureAt(spec, 'sessionAffinityConfig'), 'clientIP')['timeoutSeconds'] ??= 10_800;
    if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig'];
    for (const port of objectsAt(spec, 'ports')) {
      fill(port, { protocol: 'TCP' });
      if (port['targetPort'] === undefined || port['targetPort'] === 0 || port['targetPort'] === '')
        port['targetPort'] = port['port'];
    }
    if (isExternallyAccessible(spec)) fill(spec, { externalTrafficPolicy: 'Cluster' });
    if (type !== 'ExternalName') fill(spec, { internalTrafficPolicy: 'Cluster' });
    if (type !== 'LoadBalancer') return;
    spec['allocateLoadBalancerNodePorts'] ??= true;
    for (const entry of objectsAt(object.status, 'loadBalancer', 'ingress'))
      if (textAt(entry, 'ip') !== '') entry['ipMode'] ??= 'VIP';
  },
  prepareCreate: (object, context) => allocate(object, undefined, context),
  prepareUpdate(object, old, context) {
    if (context.subresource === 'status') return;
    inheritAddresses(object, old);
    allocate(object, old, context);
    // A Service that is no longer of type LoadBalancer loses the addresses of its load balancer.
    if (textAt(object.spec, 'type') !== 'LoadBalancer' && optionalAt(object.status, 'loadBalancer') !== undefined)
      object.status = { ...object.status, loadBalancer: {} };
  },
  warnings: serviceWarnings,
  validate: (object, problems) => validateService(problems.field('spec', object.spec)),
  validateUpdate(object, old, problems, context) {
    if (context.subresource === 'status') return;
    validateService(problems.field('spec', object.spec));
    const [before, after] = [textAt(old.spec, 'clusterIP'), textAt(object.spec, 'clusterIP')];
    const [classBefore, classAfter] = [textAt(old.spec, 'loadBalancerClass'), textAt(object.spec, 'loadBalancerClass')];
    const balanced = [old, object].every(({ spec }) => textAt(spec, 'type') === 'LoadBalancer');
    if (balanced && classBefore !== classAfter)
      problems.invalid('spec.loadBalancerClass', classAfter, 'may not change once set');
    const stays = textAt(old.spec, 'type') !== 'ExternalName' && textAt(object.spec, 'type') !== 'ExternalName';
    if (stays && before !== '' && before !== after) {
      problems.invalid('spec.clusterIPs[0]', after === '' ? [] : [after], 'may not change once set');
    }
  },
  afterDelete(object, { addresses }) {
    for (const address of listAt(object.spec, 'clusterIPs'))
      if (typeof address === 'string' && address !== 'None') addresses.release(address);
    for (const port of nodePorts(object.spec ?? {})) addresses.releasePort(port);
  },
};

function nodePorts(spec: JsonObject): number[] {
  const ports = objectsAt(spec, 'ports').map((port) => numberAt(port, 'nodePort') ?? 0);
  return [...ports, numberAt(spec, 'healthCheckNodePort') ?? 0].filter((port) => port > 0);
}

/**
 * Keeps allocated values that an update omits. Removes values that the Service's new type does not use, unless the
 * update sets other values for them.
 */
function inheritAddresses(object: MutableObject, old: KubeObject) {
  const spec = ensureAt(object, 'spec');
  const before = old.spec ?? {};
  keepAllocated(spec, before);
  dropUnused(spec, before);
  if (!needsClusterIP(spec)) return;
  for (const key of ['ipFamilies', 'ipFamilyPolicy'])
    if (spec[key] === undefined && before[key] !== undefined) spec[key] = before[key];
}

function keepAllocated(spec: JsonObject, before: JsonObject) {
  // If a client changes `clusterIP` and leaves `clusterIPs` as it is, `clusterIPs` is set to the same address.
  const single = textAt(spec, 'clusterIP');
  if (single !== textAt(before, 'clusterIP') && jsonEquals(spec['clusterIPs'], before['clusterIPs'])) {
    if (single === '') delete spec['clusterIPs'];
    else spec['clusterIPs'] = [single];
  }
  if (needsClusterIP(before) && needsClusterIP(spec)) {
    if (textAt(spec, 'clusterIP') === '' && textAt(before, 'clusterIP') !== '')
      spec['clusterIP'] = textAt(before, 'clusterIP');
    if (
      listAt(spec, 'clusterIPs').length === 0 &&
      before['clusterIPs'] !== undefined &&
      spec['clusterIP'] === before['clusterIP']
    )
      spec['clusterIPs'] = before['clusterIPs'];
  }
  if (withPorts(textAt(before, 'type')) && withPorts(textAt(spec, 'type'))) keepNodePorts(spec, before);
  if (needsHealthPort(before) && needsHealthPort(spec) && before['healthCheckNodePort'] !== undefined)
    spec['healthCheckNodePort'] ??= before['healthCheckNodePort'];
}

/**
 * Gives each port without a node port the node port that the port of the same name had before, unless another port has
 * this node port.
 */
function keepNodePorts(spec: JsonObject, before: JsonObject) {
  const requested = new Set(objectsAt(spec, 'ports').map((port) => port['nodePort']));
  const byName = new Map(objectsAt(before, 'ports').map((port) => [textAt(port, 'name'), port['nodePort']]));
  for (const port of objectsAt(spec, 'ports')) {
    const known = byName.get(textAt(port, 'name'));
    if ((numberAt(port, 'nodePort') ?? 0) !== 0 || known === undefined || requested.has(known)) continue;
    port['nodePort'] = known;
    requested.add(known);
  }
}

function dropUnused(spec: JsonObject, before: JsonObject) {
  const dropSame = (...keys: readonly string[]) => {
    for (const key of keys) if (jsonEquals(spec[key], before[key])) delete spec[key];
  };
  if (needsClusterIP(before) && !needsClusterIP(spec))
    dropSame('clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy');
  if (withPorts(textAt(before, 'type')) && !withPorts(textAt(spec, 'type'))) {
    const known = new Set(nodePorts(before));
    if (objectsAt(spec, 'ports').every(({ nodePort = 0 }) => nodePort === 0 || known.has(Number(nodePort))))
      for (const port of objectsAt(spec, 'ports')) delete port['nodePort'];
  }
  if (needsHealthPort(before) && !needsHealthPort(spec)) dropSame('healthCheckNodePort');
  if (textAt(before, 'type') === 'LoadBalancer' && textAt(spec, 'type') !== 'LoadBalancer')
    dropSame('allocateLoadBalancerNodePorts', 'loadBalancerClass');
  if (isExternallyAccessible(before) && !isExternallyAccessible(spec)) dropSame('externalTrafficPolicy');
  if (needsClusterIP(before) && !needsClusterIP(spec)) dropSame('internalTrafficPolicy');
}

/** Allocates missing addresses and ports. After a dry run or a refused write, they are released again. */
function allocate(object: MutableObject, old: KubeObject | undefined, context: WriteContext) {
  const specProblems = new Problems();
  validateService(specProblems.field('spec', object.spec));
  if (specProblems.length > 0) return;
  const taken: (() => void)[] = [];
  const undo = () => taken.splice(0).forEach((release) => release());
  try {
    allocateAddress(object, old, context, taken);
    allocatePorts(object, old, context, taken);
  } catch (thrown) {
    undo();
    throw thrown;
  }
  if (context.dryRun) {
    undo();
    return;
  }
  context.whenRefused(undo);
  if (old !== undefined) releaseUnused(object, old, context);
}

/**
 * Releases the address and the node ports that the Service no longer uses. If the update is refused later, they are
 * allocated again.
 */
function releaseUnused(object: MutableObject, old: KubeObject, context: WriteContext) {
  const { addresses } = context;
  const kept = new Set(nodePorts(object.spec ?? {}));
  for (const port of nodePorts(old.spec ?? {})) {
    if (kept.has(port)) continue;
    addresses.releasePort(port);
    context.whenRefused(() => void addresses.takePort(port));
  }
  const address = textAt(old.spec, 'clusterIP');
  if (address === '' || address === 'None' || address === textAt(object.spec, 'clusterIP')) return;
  addresses.release(address);
  context.whenRefused(() => void addresses.take(address));
}

const refuse = (object: MutableObject, field: string, value: unknown, detail: string) =>
  invalid('', 'Service', object.metadata.name ?? '', [fieldInvalid(field, value, detail)]);

function allocateAddress(
  object: MutableObject,
  old: KubeObject | undefined,
  { addresses }: WriteContext,
  taken: (() => void)[],
) {
  const spec = ensureAt(object, 'spec');
  if (textAt(spec, 'type') === 'ExternalName') return;
  const [first] = listAt(spec, 'clusterIPs');
  let address = textAt(spec, 'clusterIP') || (typeof first === 'string' ? first : '');
  if (address === '') {
    const free = addresses.allocate();
    if (free === undefined)
      throw refuse(object, 'spec.clusterIPs', [], 'failed to allocate a serviceIP: range is full');
    taken.push(() => addresses.release(free));
    address = free;
  } else if (address !== 'None' && address !== textAt(old?.spec, 'clusterIP')) {
    if (!addresses.contains(address)) {
      throw refuse(
        object,
        'spec.clusterIPs',
        [address],
        `failed to allocate IP ${address}: the provided network does not match the current range`,
      );
    }
    if (!addresses.take(address))
      throw refuse(
        object,
        'spec.clusterIPs',
        [address],
        `failed to allocate IP ${address}: provided IP is already allocated`,
      );
    const chosen = address;
    taken.push(() => addresses.release(chosen));
  }
  spec['clusterIP'] = address;
  spec['clusterIPs'] = [address];
  // The endpoints of a headless Service without a selector come from another client and may be IPv4 and IPv6 addresses.
  if (address === 'None' && Object.keys(objectAt(spec, 'selector')).length === 0 && spec['ipFamilies'] === undefined) {
    spec['ipFamilyPolicy'] ??= 'RequireDualStack';
    spec['ipFamilies'] = spec['ipFamilyPolicy'] === 'SingleStack' ? ['IPv4'] : ['IPv4', 'IPv6'];
  }
  spec['ipFamilies'] ??= ['IPv4'];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
}

function allocatePorts(
  object: MutableObject,
  old: KubeObject | undefined,
  { addresses }: WriteContext,
  taken: (() => void)[],
) {
  const spec = ensureAt(object, 'spec');
  const type = textAt(spec, 'type');
  if (!withPorts(type)) return;
  const ownPorts = new Set(nodePorts(old?.spec ?? {}));
  // Ports of different protocols may have the same number, but each protocol may use the number only once.
  const claimed = new Set<string>();
  const claim = (port: number, field: string, protocol = '') => {
    const again = claimed.has(`${port}/${protocol}`);
    claimed.add(`${port}/${protocol}`);
    if (!again && ownPorts.has(port)) return;
    ownPorts.add(port);
    if (port < 30_000 || port > 32_767)
      throw refuse(
        object,
        field,
        port,
        'provided port is not in the valid range. The range of valid ports is 30000-32767',
      );
    if (!addresses.takePort(port)) throw refuse(object, field, port, 'provided port is already allocated');
    taken.push(() => addresses.releasePort(port));
  };
  const allocatePort = () => {
    const port = addresses.allocatePort();
    if (port === undefined)
      throw refuse(object, 'spec.ports[0].nodePort', 0, 'failed to allocate a nodePort: range is full');
    taken.push(() => addresses.releasePort(port));
    return port;
  };
  if (type === 'LoadBalancer' && spec['externalTrafficPolicy'] === 'Local') {
    const chosen = numberAt(spec, 'healthCheckNodePort') ?? 0;
    if (chosen > 0) claim(chosen, 'spec.healthCheckNodePort');
    else spec['healthCheckNodePort'] = allocatePort();
  }
  if (type === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] === false) return;
  for (const [index, port] of objectsAt(spec, 'ports').entries()) {
    const chosen = numberAt(port, 'nodePort') ?? 0;
    if (chosen > 0) claim(chosen, `spec.ports[${index}].nodePort`, textAt(port, 'protocol'));
    else port['nodePort'] = allocatePort();
  }
}
