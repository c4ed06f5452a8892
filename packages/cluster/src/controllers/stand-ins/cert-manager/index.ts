import type { StandIn } from '../../../stand-in.ts';
import { shippedDefinitions } from '../shipped-definitions.ts';
import { challenges, orders } from './acme.ts';
import { certificates } from './certificates.ts';
import { clusterIssuers, issuers } from './issuers.ts';
import { certificateRequests } from './requests.ts';

/**
 * Simulates cert-manager. Self-signed issuers and issuers with a CA sign real certificates, as cert-manager does. Other
 * issuers (ACME, Vault, …) are never called: an authority of the stand-in signs in their place.
 */
export const certManagerStandIn: StandIn = {
  name: 'cert-manager',
  definitions: () => shippedDefinitions('cert-manager.io', 'acme.cert-manager.io'),
  kinds: [issuers, clusterIssuers, certificates, certificateRequests, orders, challenges],
};
