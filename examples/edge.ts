// An application with a DNS name: Cilium allows traffic only to the application's port, and external-dns writes the DNS
// record.
//
// With edge: { name: shop, image: shop:1, host: shop.example.com }
// CiliumNetworkPolicy reports: { conditions: [{ type: Valid, status: "True" }] }
// Gives: { address: "*", allowed: true }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { ciliumNetworkPolicy } from 'typekro/cilium';
import { dnsEndpoint } from 'typekro/external-dns';
import { Deployment, Service } from 'typekro/simple';

export const edge = kubernetesComposition(
  {
    name: 'edge',
    kind: 'Edge',
    spec: type({ name: 'string', image: 'string', host: 'string' }),
    status: type({ address: 'string', allowed: 'boolean' }),
  },
  ({ name, image, host }) => {
    const app = Deployment({ id: 'app', name, image, ports: [8080] });
    const policy = ciliumNetworkPolicy({
      id: 'policy',
      name,
      spec: {
        endpointSelector: { matchLabels: { app: app.metadata.name } },
        ingress: [{ fromEntities: ['world'], toPorts: [{ ports: [{ port: '8080', protocol: 'TCP' }] }] }],
      },
    });
    const front = Service({
      id: 'front',
      name,
      type: 'LoadBalancer',
      selector: { app: name },
      ports: [{ port: 443, targetPort: 8080 }],
      waitForReady: true,
    });
    const address = front.status.loadBalancer.ingress[0].ip;
    dnsEndpoint({
      id: 'record',
      name,
      spec: { endpoints: [{ dnsName: host, recordType: 'A', recordTTL: 60, targets: [address] }] },
    });
    return {
      address,
      allowed: policy.status.conditions.some(
        ({ type: condition, status }) => condition === 'Valid' && status === 'True',
      ),
    };
  },
);
