import { createResource, isNumber, mapList } from '../../compose/index.ts';
import type { DerivedField } from '../../compose/index.ts';
import type { CommonConfig } from './common.ts';
import { given, idOf, metadataOf, simpleFactory } from './common.ts';
import type { ServiceResource } from './kinds.ts';

/** A port of a Service. */
export interface ServicePort {
  readonly port: number;
  readonly targetPort?: number | string | undefined;
  readonly name?: string | undefined;
  readonly protocol?: string | undefined;
  readonly nodePort?: number | undefined;
  readonly appProtocol?: string | undefined;
}

/** Arguments of `Service`. */
export interface ServiceConfig extends CommonConfig {
  readonly selector: Readonly<Record<string, string>>;
  /** Ports; a bare number is a port. */
  readonly ports: readonly (ServicePort | number)[];
  readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName' | undefined;
  readonly clusterIP?: string;
  readonly externalName?: string;
  readonly loadBalancerClass?: string;
  readonly sessionAffinity?: string;
  readonly externalTrafficPolicy?: string;
  /** Default IPv4 alone. */
  readonly ipFamilies?: readonly string[];
  /** Default SingleStack. */
  readonly ipFamilyPolicy?: string;
}

const DERIVED: readonly DerivedField[] = [
  {
    path: 'status.clusterIP',
    cel: 'self.spec.clusterIP',
    has: 'has(self.spec.clusterIP)',
    type: 'string',
    instead: 'spec.clusterIP',
  },
];

/** A Service. */
export const Service = simpleFactory('Service', (config: ServiceConfig): ServiceResource => {
  const { selector, type, clusterIP, externalName, loadBalancerClass, sessionAffinity, externalTrafficPolicy } = config;
  return createResource(
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadataOf(config, { app: false }),
      spec: given({
        ipFamilies: config.ipFamilies ?? ['IPv4'],
        ipFamilyPolicy: config.ipFamilyPolicy ?? 'SingleStack',
        selector,
        ports: mapList(config.ports, (port) => (isNumber(port) ? { port } : port)),
        type,
        clusterIP,
        externalName,
        loadBalancerClass,
        sessionAffinity,
        externalTrafficPolicy,
      }),
    },
    { ...idOf(config), derived: DERIVED },
  ) as ServiceResource;
});
