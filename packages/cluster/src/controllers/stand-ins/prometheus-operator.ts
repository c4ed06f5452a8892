import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { countAt, numberAt, optionalAt, textAt, transitionTimeOf } from '@typekro/kit/kubernetes';
import { labelSelectorMatcher } from '../../kinds/selects.ts';
import type { StandIn, StandInKind, StandInView } from '../../stand-in.ts';
import { shippedDefinitions } from './shipped-definitions.ts';

const GROUP = 'monitoring.coreos.com';

/** A kind that the operator runs as a StatefulSet. */
interface Server {
  readonly kind: string;
  /** The prefix of the names of the StatefulSets. */
  readonly prefix: string;
  readonly service: string;
  readonly port: number;
  readonly image: string;
}

const SERVERS: readonly Server[] = [
  {
    kind: 'Prometheus',
    prefix: 'prometheus',
    service: 'prometheus-operated',
    port: 9090,
    image: 'quay.io/prometheus/prometheus',
  },
  {
    kind: 'Alertmanager',
    prefix: 'alertmanager',
    service: 'alertmanager-operated',
    port: 9093,
    image: 'quay.io/prometheus/alertmanager',
  },
  {
    kind: 'ThanosRuler',
    prefix: 'thanos-ruler',
    service: 'thanos-ruler-operated',
    port: 10902,
    image: 'quay.io/thanos/thanos',
  },
];

/**
 * For each kind of configuration, two fields in the spec of a Prometheus. The first selects objects of the kind, and
 * the second selects the namespaces of these objects.
 */
const CONFIGURATIONS: Readonly<Record<string, readonly [selector: string, namespaces: string]>> = {
  ServiceMonitor: ['serviceMonitorSelector', 'serviceMonitorNamespaceSelector'],
  PodMonitor: ['podMonitorSelector', 'podMonitorNamespaceSelector'],
  PrometheusRule: ['ruleSelector', 'ruleNamespaceSelector'],
};

/**
 * Simulates the Prometheus operator. Installs the CRDs of ServiceMonitor, PodMonitor and PrometheusRule. When the
 * cluster has the kinds Prometheus, Alertmanager or ThanosRuler, each object of these kinds gets a StatefulSet, a
 * Service and a status. No server runs, so nothing is scraped.
 */
export const prometheusOperatorStandIn: StandIn = {
  name: 'prometheus-operator',
  definitions: () => shippedDefinitions(GROUP),
  kinds: [...SERVERS.map(serverKind), ...Object.keys(CONFIGURATIONS).map(configurationKind)],
};

function serverKind(server: Server): StandInKind {
  return {
    group: GROUP,
    kind: server.kind,
    reconcile(object, view) {
      const { name = '', namespace = '', generation = 1 } = object.metadata;
      const setName = `${server.prefix}-${name}`;
      const set = view.get({ apiVersion: 'apps/v1', kind: 'StatefulSet', namespace, name: setName });
      const wanted = numberAt(object.spec, 'replicas') ?? 1;
      const available = countAt(set?.status, 'availableReplicas');
      const { failure } = view;
      const isAvailable = failure === undefined && available >= wanted && view.completedSteps(1) > 0;
      const conditions = view.conditions([
        isAvailable
          ? { type: 'Available', status: 'True', reason: '', message: '', observed: true }
          : {
              type: 'Available',
              status: 'False',
              reason: 'SomePodsNotReady',
              message: `${available} of ${wanted} pods are ready`,
              observed: true,
            },
        failure === undefined
          ? { type: 'Reconciled', status: 'True', reason: '', message: '', observed: true }
          : { type: 'Reconciled', status: 'False', ...failure, observed: true },
      ]);
      return {
        ...(failure === undefined ? { owned: [statefulSet(object, server, setName), operatedService(server)] } : {}),
        status: {
          paused: object.spec?.['paused'] === true,
          replicas: countAt(set?.status, 'replicas'),
          updatedReplicas: countAt(set?.status, 'updatedReplicas'),
          availableReplicas: available,
          unavailableReplicas: Math.max(0, wanted - available),
          observedGeneration: generation,
          conditions,
        },
        ...(failure === undefined ? {} : { events: [{ type: 'Warning' as const, ...failure }] }),
      };
    },
  };
}

function statefulSet({ metadata, spec }: KubeObject, server: Server, name: string): KubeObject {
  const labels = {
    'app.kubernetes.io/name': server.prefix,
    'app.kubernetes.io/instance': metadata.name ?? '',
    [server.prefix]: metadata.name ?? '',
  };
  const version = textAt(spec, 'version');
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, labels },
    spec: {
      replicas: spec?.['paused'] === true ? 0 : (numberAt(spec, 'replicas') ?? 1),
      serviceName: server.service,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: server.prefix,
              image: textAt(spec, 'image') || `${server.image}${version === '' ? '' : `:${version}`}`,
              ports: [{ name: 'web', containerPort: server.port }],
            },
          ],
        },
      },
    },
  };
}

/** The headless Service that all objects of one kind in a namespace share. */
function operatedService(server: Server): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: server.service, labels: { [`operated-${server.prefix}`]: 'true' } },
    spec: {
      clusterIP: 'None',
      selector: { 'app.kubernetes.io/name': server.prefix },
      ports: [{ name: 'web', port: server.port, targetPort: 'web' }],
    },
  };
}

function configurationKind(kind: string): StandInKind {
  return {
    group: GROUP,
    kind,
    follows: [
      { group: GROUP, kind: 'Prometheus', anywhere: true },
      { group: '', kind: 'Namespace' },
    ],
    reconcile(object, view) {
      const selecting = view
        .list({ group: GROUP, kind: 'Prometheus' }, '')
        .filter((server) => selects(server, object, view));
      const { failure } = view;
      const events = failure === undefined ? {} : { events: [{ type: 'Warning' as const, ...failure }] };
      if (selecting.length === 0 && object.status === undefined) return events;
      return { status: { bindings: selecting.map((server) => binding(server, object, view)) }, ...events };
    },
  };
}

/** Does a Prometheus select this object? A Prometheus without a selector selects no objects. */
function selects(server: KubeObject, object: KubeObject, view: StandInView): boolean {
  const [labels, namespaces] = CONFIGURATIONS[object.kind] ?? ['', ''];
  const selector = optionalAt(server.spec, labels);
  if (selector === undefined || !labelSelectorMatcher(selector)(object.metadata.labels ?? {})) return false;
  const { namespace = '' } = object.metadata;
  const fromNamespaces = optionalAt(server.spec, namespaces);
  if (fromNamespaces === undefined) return namespace === server.metadata.namespace;
  const place = view.get({ apiVersion: 'v1', kind: 'Namespace', name: namespace });
  return labelSelectorMatcher(fromNamespaces)(place?.metadata.labels ?? {});
}

function binding({ metadata }: KubeObject, object: KubeObject, view: StandInView): JsonObject {
  const { name = '', namespace = '' } = metadata;
  const { failure } = view;
  const status = failure === undefined ? 'True' : 'False';
  const known = bindingBefore(object, namespace, name);
  return {
    group: GROUP,
    resource: 'prometheuses',
    name,
    namespace,
    conditions: [
      {
        type: 'Accepted',
        status,
        reason: failure?.reason ?? '',
        message: failure?.message ?? '',
        lastTransitionTime: transitionTimeOf(known, status, view.timestamp),
        observedGeneration: object.metadata.generation ?? 1,
      },
    ],
  };
}

function bindingBefore({ status }: KubeObject, namespace: string, name: string): JsonObject | undefined {
  const bindings = status?.['bindings'];
  const found = (Array.isArray(bindings) ? (bindings as JsonObject[]) : []).find(
    (each) => each['namespace'] === namespace && each['name'] === name,
  );
  const conditions = found?.['conditions'];
  return Array.isArray(conditions) ? (conditions[0] as JsonObject) : undefined;
}
