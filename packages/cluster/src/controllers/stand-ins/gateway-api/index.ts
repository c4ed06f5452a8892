import type { StandIn } from '../../../stand-in.ts';
import { shippedDefinitions } from '../shipped-definitions.ts';
import { gatewayClasses, gateways } from './gateways.ts';
import { GROUP } from './names.ts';
import { routes } from './routes.ts';

/**
 * Simulates a controller of the Gateway API for all GatewayClasses. Each Gateway gets a Service of type LoadBalancer,
 * and reports the address of this Service. No traffic is routed.
 */
export const gatewayApiStandIn: StandIn = {
  name: 'gateway-api',
  definitions: () => shippedDefinitions(GROUP),
  kinds: [gatewayClasses, gateways, ...routes],
};
