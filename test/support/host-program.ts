/**
 * A program in every module format. Its compositions use many names from outer scopes. Every host (a runtime, a loader
 * or a bundler) must create the same graph from it.
 */
const HELPER = `
const limit = 3
export function size(n) { return n > limit ? 'large' : 'small' }
export default function (name) { return prefix + name }
const prefix = 'p-'
`;

/**
 * The source has no semicolons. It uses shadowed names, helpers of another module, a local helper, a loop and a class
 * field.
 */
const COMPOSITION = `'use strict'
import { createResource, kubernetesComposition } from 'typekro'
import named, { size } from './helper.js'
import { zones } from './zones.js'
const property = { string: { type: 'string' }, boolean: { type: 'boolean' }, integer: { type: 'integer' } }
const spec = {
  type: 'object',
  properties: { name: property.string, on: property.boolean, replicas: property.integer, regions: { type: 'array', items: property.string } },
  required: ['name', 'on', 'replicas', 'regions'],
}
class Platform {
  make = kubernetesComposition({ name: 'demo', spec }, (s) => {
    const local = (id, name, data) => createResource({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }, { id })
    if (s.on) { const zones = 'inner'; local('first', named(s.name), { size: size(s.replicas), zones }) }
    for (const region of s.regions) local('regional', s.name + '-' + region, { zones: zones.join() })
    return {}
  })
}
export const composition = new Platform().make
`;

export const HOST_PROGRAM: Readonly<Record<string, string>> = {
  'package.json': '{ "type": "module" }',
  'helper.js': HELPER,
  'zones.js': "export const zones = ['a', 'b']",
  'composition.js': COMPOSITION,
  // The program loads the helper before the loader can see that a composition uses it.
  'main.js':
    "import { size } from './helper.js'\nimport { composition } from './composition.js'\nif (size(9) !== 'large') throw new Error('changed')\nconsole.log(composition.toYaml())",
  'helper.cjs': HELPER.replaceAll('export default function (', 'exports.named = function (').replace(
    'export function size',
    'exports.size = size\nfunction size',
  ),
  'composition.cjs': COMPOSITION.replace(/import \{ (.*) \} from 'typekro'/, "const { $1 } = require('typekro')")
    .replace("import named, { size } from './helper.js'", "const { named, size } = require('./helper.cjs')")
    .replace("import { zones } from './zones.js'", "const zones = ['a', 'b']")
    .replace('export const composition', 'exports.composition'),
  'main.cjs': "console.log(require('./composition.cjs').composition.toYaml())",
  'broken.ts': `import { createResource, kubernetesComposition } from 'typekro';
interface Spec { readonly name: string }
type Wider = Spec & { readonly nmae: string };
const spec = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } as const;
export const composition = kubernetesComposition({ name: 'demo', spec } as never, (s: Spec) => {
  createResource({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: (s as Wider).nmae } } as never, { id: 'c' });
});
`,
};

/** The same composition with types. The source uses only erasable TypeScript syntax. */
export const TYPED_PROGRAM: Readonly<Record<string, string>> = {
  'composition-typed.ts': (HOST_PROGRAM['composition.js'] ?? '')
    .replace(
      "'use strict'\n",
      "'use strict'\ninterface Wanted { readonly name: string; readonly regions: readonly string[] }\n",
    )
    .replace('(s) => {', '(s: Wanted & Record<string, any>) => {')
    .replace('(id, name, data) =>', '(id: string, name: string, data: Record<string, string>) =>'),
  'main-typed.ts': "import { composition } from './composition-typed.ts'\nconsole.log(composition.toYaml())",
};
