import type { ArgumentTable, DerivedField } from '../../compose/index.ts';
import { createResource, isNumberArgument, mapList, present } from '../../compose/index.ts';
import { type CommonConfig, COMMON, definedOnly, idOf, metadataOf, simpleFactory } from './common.ts';
import type { ServiceResource } from './kinds.ts';

/** A port of a Service. */
export interface ServicePort {
  /** Port of the Service. */
  readonly port: number;
  /** Number or name of the port of the pods; `port` when absent. */
  readonly targetPort?: number | string | undefined;
  /** Name of the port; required when the Service has several ports. */
  readonly name?: string | undefined;
  /** `TCP`, `UDP` or `SCTP`. Default TCP. */
  readonly protocol?: string | undefined;
  /** Port on every node, for types NodePort and LoadBalancer; the API server chooses one when absent. */
  readonly nodePort?: number | undefined;
  /** Protocol of the application, such as `http` or `kubernetes.io/h2c`; a hint for proxies. */
  readonly appProtocol?: string | undefined;
}

/** Arguments of `Service`. */
export interface ServiceConfig extends CommonConfig {
  /** Labels of the pods that get the traffic of the Service. */
  readonly selector: Readonly<Record<string, string>>;
  /** Ports; a bare number is a port. */
  readonly ports: readonly (ServicePort | number)[];
  /** How clients reach the Service. Default ClusterIP. */
  readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName' | undefined;
  /** Address of the Service in the cluster; `None` makes it headless. Default: the API server chooses an address. */
  readonly clusterIP?: string | undefined;
  /** The name that DNS returns, for type ExternalName. */
  readonly externalName?: string | undefined;
  /** The implementation that serves the load balancer. The API server refuses a later change. */
  readonly loadBalancerClass?: string | undefined;
  /** `ClientIP` sends all requests of a client to the same pod. Default None. */
  readonly sessionAffinity?: string | undefined;
  /**
   * `Local` sends external traffic only to pods on the node at which it arrives, and preserves the address of the
   * client. Default Cluster.
   */
  readonly externalTrafficPolicy?: string | undefined;
  /** `IPv4`, `IPv6` or both; the cluster's default when absent. */
  readonly ipFamilies?: readonly string[] | undefined;
  /** `SingleStack`, `PreferDualStack` or `RequireDualStack`; the API server's default when absent. */
  readonly ipFamilyPolicy?: string | undefined;
}

const ARGUMENTS: ArgumentTable<ServiceConfig> = {
  ...COMMON,
  selector: 'required',
  ports: 'required',
  type: 'optional',
  clusterIP: 'optional',
  externalName: 'optional',
  loadBalancerClass: 'optional',
  sessionAffinity: 'optional',
  externalTrafficPolicy: 'optional',
  ipFamilies: 'optional',
  ipFamilyPolicy: 'optional',
};

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
export const Service = simpleFactory('Service', ARGUMENTS, (config: ServiceConfig): ServiceResource => {
  const { selector, type, clusterIP, externalName, loadBalancerClass, sessionAffinity, externalTrafficPolicy } = config;
  return createResource(
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: metadataOf(config, { app: false }),
      spec: definedOnly({
        ipFamilies: config.ipFamilies,
        ipFamilyPolicy: config.ipFamilyPolicy,
        selector,
        ports: mapList(config.ports, (port) =>
          present(port, (sure) => (isNumberArgument(sure) ? { port: sure } : sure)),
        ),
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
