// Graphs without an API: each is one object of the kind Graph, which kro 0.10 and TypeKro's controller serve. Values from
// outside the function are literals, `def` names a value in the graph, and `patch` adds fields to an object of another owner.
//
// With shop: {}
// Gives: { ConfigMap red-address: { data: { app: shop, ip: "*" } }, ConfigMap dev-cache-users: { data: { color: blue } } }
// With marks: {}
// Gives: { Namespace default: { metadata: { labels: { tier: gold } } } }
import { def, graph, patch } from 'typekro';
import { configMap, service } from 'typekro/kubernetes';

const colors = { eu: 'blue', us: 'green' };

/** A helper with its own names. As in every function, its `naming` is not the `naming` of its caller. */
function cache() {
  const naming = def('cacheNaming', { team: 'dev' });
  return configMap({ id: 'cache', name: `${naming.team}-cache`, data: { size: '1Gi' } });
}

export const shop = graph('shop', () => {
  const naming = def('naming', { team: 'red', app: 'shop' });
  const api = service({
    id: 'api',
    name: `${naming.team}-api`,
    spec: { selector: { app: naming.app }, ports: [{ port: 80 }] },
  });
  configMap({ id: 'address', name: `${naming.team}-address`, data: { ip: api.spec.clusterIP, app: naming.app } });
  configMap({ id: 'users', name: `${cache().metadata.name}-users`, data: { color: colors.eu } });
});

export const marks = graph(
  'marks',
  () => {
    const target = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } };
    patch(target, { metadata: { labels: { tier: 'gold' } } });
  },
  { supportedModes: ['kro'] },
);
