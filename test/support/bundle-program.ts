/**
 * A program that a test bundles together with the package: a composition with conditions, a loop, and helpers from
 * another module. The program prints the definition of the composition and the objects of an instance, and deploys the
 * instance to an embedded cluster. The output of the bundle must equal the output of the sources.
 */
export const BUNDLE_PROGRAM: Readonly<Record<string, string>> = {
  'helpers.js': `const BASE = 8000
export function portOf(n) { return BASE + n }
export const labelsFor = (name) => ({ app: name, tier: 'web' })
`,
  'shop.js': `import { kubernetesComposition } from 'typekro'
import { ConfigMap, Deployment, Service } from 'typekro/simple'
import { createCluster } from 'typekro/testing'
import { labelsFor, portOf } from './helpers.js'

const spec = {
  type: 'object',
  properties: {
    name: { type: 'string', pattern: '^[a-z]+$' },
    replicas: { type: 'integer' },
    cache: { type: 'boolean' },
    regions: { type: 'array', items: { type: 'string' } },
  },
  required: ['name', 'replicas', 'cache', 'regions'],
}
const shop = kubernetesComposition({ name: 'shop', kind: 'Shop', spec }, (s) => {
  const size = s.replicas > 3 ? 'large' : 'small'
  const web = Deployment({ id: 'web', name: s.name, image: 'nginx', replicas: s.replicas, labels: labelsFor(s.name) })
  Service({ id: 'service', name: s.name, selector: labelsFor(s.name), ports: [{ port: portOf(s.replicas), targetPort: 80 }] })
  if (s.cache) ConfigMap({ id: 'cache', name: s.name + '-cache', data: { size } })
  for (const region of s.regions) ConfigMap({ id: 'regional', name: s.name + '-' + region, data: { region: region.toUpperCase() } })
  return { ready: web.status.readyReplicas === s.replicas, size }
})

async function main() {
  console.log(shop.toYaml())
  const instance = { name: 'demo', replicas: 2, cache: true, regions: ['eu', 'us'] }
  console.log(shop.factory('direct', { namespace: 'default' }).toYaml(instance))
  const cluster = await createCluster()
  try {
    await cluster.listen()
    const factory = shop.factory('direct', { namespace: 'default', transport: cluster.transport })
    const { status } = await factory.deploy(instance)
    console.log('ready', status.ready, status.size, status.state)
    const { items } = await cluster.client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' })
    console.log(items.map((object) => object.metadata.name).filter((name) => name.startsWith('demo')).join())
    try { shop.toYaml({ ...instance, name: 'Not Valid' }) }
    catch (error) { console.log(error.message.split('\\n')[0]) }
  } finally {
    await cluster.close()
  }
}
main().catch((error) => { console.error(error); process.exitCode = 1 })
`,
};

/**
 * Restores the iterator `region` in the printed YAML. A minifier shortens the name of the loop variable, and therefore
 * also the iterator of the collection.
 */
export function withAuthorsNames(yaml: string): string {
  const name = /- '?([\w$]+)'?: \$\{schema\.spec\.regions\}/.exec(yaml)?.[1] ?? 'region';
  const literal = name.replaceAll('$', '\\$');
  return yaml.replaceAll(new RegExp(`(- |\\$\\{)'?${literal}'?(?=[:}.])`, 'g'), '$1region');
}
