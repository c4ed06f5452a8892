import { type JsonObject, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { yamlOf } from '@typekro/app/text';

/** The contents of a new project. */
export interface ProjectPlan {
  /** Name of the project, also in its `package.json`. */
  readonly name: string;
  /** The dependency on this package, such as `^1.2.3`. */
  readonly typekro: string;
  readonly start: CompositionStart | DefinitionStart;
}

/** A composition in TypeScript. */
export interface CompositionStart {
  readonly kind: 'composition';
}

/** Definitions in YAML, and an instance of the first one. */
export interface DefinitionStart {
  readonly kind: 'definition';
  /** The YAML text of the definitions. */
  readonly text: string;
  readonly instance: JsonObject;
  /** The ids of the nodes whose objects every instance gets immediately: nodes without conditions and dependencies. */
  readonly present: readonly string[];
}

/** The packages, with version ranges, that a project with a composition needs in addition to this package. */
export const PROJECT_PACKAGES = {
  dependencies: { arktype: '^2.2.8' },
  devDependencies: { '@types/node': '^20.19.43', tsx: '^4.23.15', typescript: '^6.0.2' },
} as const;

/** Returns the contents of a new project's files, keyed by path. Each content ends with a newline. */
export function projectFiles(plan: ProjectPlan): Readonly<Record<string, string>> {
  return plan.start.kind === 'composition' ? compositionFiles(plan) : definitionFiles(plan, plan.start);
}

function compositionFiles({ name, typekro }: ProjectPlan): Record<string, string> {
  const scripts = {
    start: 'typekro up app.ts',
    dev: 'typekro dev app.ts',
    check: 'tsc --noEmit && typekro validate app.ts',
    test: 'node --import tsx --test app.test.ts',
  };
  const { dependencies, ...others } = PROJECT_PACKAGES;
  return {
    'package.json': manifest(name, scripts, { typekro, ...dependencies }, others),
    'tsconfig.json': json({
      compilerOptions: {
        target: 'es2023',
        module: 'nodenext',
        strict: true,
        noEmit: true,
        allowImportingTsExtensions: true,
        types: ['node'],
        lib: ['es2023', 'esnext.disposable'],
        skipLibCheck: true,
      },
    }),
    'app.ts': COMPOSITION,
    'app.test.ts': COMPOSITION_TEST,
    ...commonFiles(name, 'app.ts'),
  };
}

function definitionFiles(
  { name, typekro }: ProjectPlan,
  { text, instance, present }: DefinitionStart,
): Record<string, string> {
  const scripts = {
    start: 'typekro up app.yaml example.yaml',
    dev: 'typekro dev app.yaml example.yaml',
    check: 'typekro validate app.yaml example.yaml',
    test: 'typekro test app.test.yaml',
  };
  return {
    'package.json': manifest(name, scripts, { typekro }),
    'app.yaml': `${text.trimEnd()}\n`,
    'app.test.yaml': yamlOf(definitionTest(instance, present)),
    'example.yaml': yamlOf(instance),
    ...commonFiles(name, 'app.yaml'),
  };
}

/**
 * Returns a test that passes for every definition: an instance with the example's spec gets the objects of the nodes
 * `present`.
 */
function definitionTest({ metadata, spec }: JsonObject, present: readonly string[]): JsonObject {
  const name = isJsonObject(metadata) ? (metadata['name'] ?? 'example') : 'example';
  return {
    schemaVersion: 1,
    kind: 'GraphTest',
    definition: 'app.yaml',
    tests: [
      {
        name: 'an instance gets the objects that wait for nothing',
        given: { name, ...(spec === undefined ? {} : { spec }) },
        expect: { children: Object.fromEntries(present.map((id) => [id, 'present'])) },
      },
    ],
  };
}

function manifest(name: string, scripts: JsonObject, dependencies: JsonObject, others: JsonObject = {}): string {
  return json({ name, version: '0.0.0', private: true, type: 'module', scripts, dependencies, ...others });
}

function json(value: JsonObject): string {
  return `${stringifyJson(value, 2)}\n`;
}

/** The files of every project. */
function commonFiles(name: string, file: string): Record<string, string> {
  return {
    '.gitignore': 'node_modules/\n.typekro/\n',
    '.github/workflows/typekro.yml': WORKFLOW,
    'README.md': readme(name, file),
  };
}

const COMPOSITION = `import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment, Service } from 'typekro/simple';

export const app = kubernetesComposition(
  {
    name: 'webapp',
    apiVersion: 'example.com/v1alpha1',
    kind: 'WebApp',
    spec: type({ name: 'string', image: 'string', replicas: 'number.integer' }),
    status: type({ ready: 'boolean', url: 'string' }),
  },
  (spec) => {
    const deploy = Deployment({ id: 'deploy', name: spec.name, image: spec.image, replicas: spec.replicas });
    const svc = Service({ id: 'svc', name: \`\${spec.name}-svc\`, selector: { app: spec.name }, ports: [{ port: 80 }] });
    return {
      ready: deploy.status.readyReplicas >= spec.replicas,
      url: \`http://\${svc.spec.clusterIP}\`,
    };
  },
);

export const hello = app.toInstance({ name: 'hello', image: 'nginx:1.27', replicas: 2 });
`;

const COMPOSITION_TEST = `import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createCluster, type TestCluster } from 'typekro/testing';
import { app } from './app.ts';

let cluster: TestCluster;
before(async () => {
  cluster = await createCluster({ clock: 'real' });
});
after(() => cluster.close());

test('an instance becomes ready, and its status has the address', async () => {
  // This process creates the resources and waits until all of them are ready.
  const factory = app.factory('direct', { namespace: 'default', transport: cluster.transport });
  const instance = await factory.deploy({ name: 'shop', image: 'nginx:1.27', replicas: 2 });
  assert.equal(instance.status.ready, true);
  assert.match(instance.status.url, /^http:\\/\\/\\d/);
});
`;

const WORKFLOW = `name: typekro
on: [push, pull_request]
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v5
        with: { node-version: 22 }
      - run: npm install
      - run: npm run check
      - run: npm test
`;

function readme(name: string, file: string): string {
  return `# ${name}

    npm install
    npm start          # a Kubernetes API on this machine, with ${file} in it
    npm run dev        # the same, again after each save
    npm run check      # every problem of ${file}, with its place and a remedy
    npm test           # as a check in CI

\`npm start\` prints the kubeconfig of its cluster and the address of a page that shows the graph. It needs no Docker and no
network.

    npx typekro graph ${file}      # the resources and what they wait for
    npx typekro install            # kro's CRDs, into the cluster of your kubeconfig
    npx typekro controller         # the controller, against that cluster
    npx typekro --help
`;
}
