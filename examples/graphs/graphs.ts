// The Graphs of this folder in TypeScript. Each Graph is exported under its name. The second version of a Graph, if
// any, is exported under this name followed by `Then`.
import { createResource, def, externalRef, externalRefs, graph, patch } from 'typekro';
import { configMap, deployment, service } from 'typekro/kubernetes';

const options = { namespace: 'team-a' } as const;
const kroOnly = { ...options, supportedModes: ['kro'] } as const;

export const oven = graph(
  'oven',
  () => {
    configMap({ id: 'settings', name: 'oven', data: { degrees: '220' } });
  },
  options,
);

export const bakery = graph(
  'bakery',
  () => {
    const naming = def('naming', { shop: 'corner', product: 'bread' });
    configMap({ id: 'sign', name: `${naming.shop}-${naming.product}`, data: { open: 'yes' } });
  },
  options,
);

export const till = graph(
  'till',
  () => {
    const api = service({ id: 'service', name: 'till', spec: { selector: { app: 'till' }, ports: [{ port: 80 }] } });
    configMap({ id: 'address', name: 'till-address', data: { ip: api.spec.clusterIP } });
  },
  options,
);

export const bakers = graph(
  'bakers',
  () => {
    const labels = { app: 'bakers' };
    const made = deployment({
      id: 'bakers',
      name: 'bakers',
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'baker', image: 'nginx' }] } },
      },
    }).withReadyWhen((self) => self.status.readyReplicas === 2);
    configMap({ id: 'note', name: 'bakers-note', data: { of: made.metadata.name } });
  },
  options,
);

export const menu = graph(
  'menu',
  () => {
    const season = externalRef<{ data: { vegetable: string } }>({
      id: 'season',
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'season' },
    });
    configMap({ id: 'menu', name: 'menu', data: { soup: season.data.vegetable } });
  },
  options,
);

export const guests = graph(
  'guests',
  () => {
    const tables = externalRefs({
      id: 'tables',
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'team-a', selector: { matchLabels: { guest: 'yes' } } },
    });
    if (tables.length > 0) {
      const names = tables.map((table) => table.metadata.name).join(',');
      configMap({ id: 'list', name: 'guests', data: { count: `${tables.length}`, names } });
    }
  },
  options,
);

const loavesOf = (grains: string[]) =>
  graph(
    'loaves',
    () => {
      const shelf = def('shelf', { grains });
      for (const grain of shelf.grains) {
        const loaf = configMap({ id: 'loaf', name: `loaf-${grain}`, data: { weight: '500' } });
        loaf.withReadyWhen((self) => self.data['weight'] === '500');
      }
    },
    options,
  );

export const loaves = loavesOf(['rye', 'oat', 'nut']);
export const loavesThen = loavesOf(['rye', 'nut']);

export const boxes = graph(
  'boxes',
  () => {
    const stock = def('stock', { sizes: ['big', 'small'], colors: ['red', 'blue'] });
    for (const size of stock.sizes) {
      for (const color of stock.colors) configMap({ id: 'box', name: `${size}-${color}`, data: { size } });
    }
  },
  options,
);

const partyIf = (celebrate: boolean) =>
  graph(
    'party',
    () => {
      const wishes = def('wishes', { celebrate });
      const made = configMap({ id: 'party', name: 'party', data: { guests: '9' } }).withIncludeWhen(wishes.celebrate);
      configMap({ id: 'plan', name: 'party-plan', data: { of: made.metadata.name } });
      configMap({ id: 'kitchen', name: 'kitchen', data: { open: 'yes' } });
    },
    options,
  );

export const party = partyIf(false);
export const partyThen = partyIf(true);

export const marks = graph(
  'marks',
  () => {
    const target = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'street' } };
    patch(target, { metadata: { labels: { tier: 'gold' } } }, { id: 'mark' });
  },
  kroOnly,
);
export const marksThen = graph(
  'marks',
  () => {
    def('nothing', { mark: 'none' });
  },
  kroOnly,
);

export const inspector = graph(
  'inspector',
  () => {
    const widgets = externalRefs<{ status: { seen: boolean } }>({
      id: 'widgets',
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { namespace: 'team-a', selector: {} },
    });
    for (const widget of widgets) patch(widget, { status: { seen: true } }, { id: 'seen' });
  },
  kroOnly,
);

const benchOf = (name: string, color: string) =>
  graph(
    name,
    () => {
      configMap({ id: 'bench', name: 'bench', data: { color } });
    },
    kroOnly,
  );

export const gardener = benchOf('gardener', 'green');
export const painterThen = benchOf('painter', 'white');

/** The store has its own `place`, which is independent of the `place` of the house. */
function store() {
  const place = def('storePlace', { name: 'cellar' });
  return configMap({ id: 'wine', name: `${place.name}-wine`, data: { cool: 'yes' } });
}

export const house = graph(
  'house',
  () => {
    const place = def('place', { name: 'house' });
    configMap({ id: 'list', name: `${store().metadata.name}-list`, data: { of: place.name } });
  },
  options,
);

export const company = graph(
  'company',
  () => {
    const region = def('region', { name: 'north' });
    // oxlint-disable-next-line no-template-curly-in-string -- the text is an expression of the inner Graph
    const till = { name: "${own.region + '-till'}" };
    createResource<{ status: { conditions: { type: string; status: string }[] } }>({
      id: 'branch',
      apiVersion: 'kro.run/v1alpha1',
      kind: 'Graph',
      metadata: { name: `${region.name}-branch` },
      spec: {
        nodes: [
          { id: 'own', def: { region: region.name } },
          { id: 'till', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: till, data: { open: 'yes' } } },
        ],
      },
    }).withReadyWhen((self) => self.status.conditions.some((c) => c.type === 'Ready' && c.status === 'True'));
  },
  kroOnly,
);

export const workshop = graph(
  'workshop',
  () => {
    const catalog = def('catalog', { version: 'example.com/v1' });
    createResource({
      id: 'gadget',
      apiVersion: catalog.version,
      kind: 'Gadget',
      metadata: { name: 'first' },
      spec: { size: 3 },
    });
  },
  kroOnly,
);

export const intruder = graph(
  'intruder',
  () => {
    configMap({ id: 'keys', metadata: { name: 'keys', namespace: 'team-a' }, data: { door: 'open' } });
  },
  { namespace: 'kro-system', serviceAccountName: 'typekro', supportedModes: ['kro'] },
);

const dayOf = (name: string) =>
  graph(
    'day',
    () => {
      configMap({ id: 'meal', name, data: { soup: 'pea' } });
    },
    options,
  );

export const day = dayOf('monday');
export const dayThen = dayOf('tuesday');
