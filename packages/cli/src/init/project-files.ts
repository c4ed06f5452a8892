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

/** A composition in TypeScript, alone or in a package that others install. */
export interface CompositionStart {
  readonly kind: 'composition' | 'package';
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
  if (plan.start.kind === 'definition') return definitionFiles(plan, plan.start);
  return plan.start.kind === 'package' ? packageFiles(plan) : compositionFiles(plan);
}

function compositionFiles({ name, typekro }: ProjectPlan): Record<string, string> {
  const { dependencies, ...others } = PROJECT_PACKAGES;
  const compilerOptions = { ...COMPILER_OPTIONS, noEmit: true, allowImportingTsExtensions: true };
  return {
    'package.json': manifest(name, scriptsOf('app.ts'), { typekro, ...dependencies }, others),
    'tsconfig.json': json({ compilerOptions }),
    'app.ts': `${COMPOSITION}\n${INSTANCE}`,
    'app.test.ts': COMPOSITION_TEST,
    ...commonFiles(name, 'app.ts'),
  };
}

/**
 * An npm package with compiled JavaScript for those who use the composition from TypeScript, and with manifests for all
 * others. What it needs is a peer dependency, because a program can have one copy of this package only.
 */
function packageFiles({ name, typekro }: ProjectPlan): Record<string, string> {
  const scripts = {
    ...scriptsOf('src/app.ts', ' example.yaml'),
    build: 'tsc && typekro gitops src/app.ts --out manifests',
    prepack: 'npm run build',
  };
  const peers = { typekro, ...PROJECT_PACKAGES.dependencies };
  const compilerOptions = {
    ...COMPILER_OPTIONS,
    declaration: true,
    rootDir: 'src',
    outDir: 'dist',
    rewriteRelativeImportExtensions: true,
  };
  const others = { devDependencies: { ...peers, ...PROJECT_PACKAGES.devDependencies } };
  const { 'README.md': start = '', '.gitignore': ignored = '', ...common } = commonFiles(name, 'src/app.ts');
  return {
    'package.json': json({
      name,
      version: '0.1.0',
      type: 'module',
      files: ['dist', 'manifests'],
      exports: { '.': { types: './dist/app.d.ts', default: './dist/app.js' } },
      scripts,
      peerDependencies: peers,
      ...others,
    }),
    'tsconfig.json': json({ compilerOptions, include: ['src'] }),
    'src/app.ts': COMPOSITION,
    'app.test.ts': COMPOSITION_TEST.replace('./app.ts', './src/app.ts'),
    'example.yaml': yamlOf(EXAMPLE),
    ...common,
    '.gitignore': `${ignored}dist/\nmanifests/\n*.tgz\n`,
    '.github/workflows/publish.yml': PUBLISH,
    'README.md': `${start}${packageReadme(name)}`,
  };
}

/** The scripts of a project with a composition. */
const scriptsOf = (file: string, instances = '') => ({
  start: `typekro up ${file}${instances}`,
  dev: `typekro dev ${file}${instances}`,
  check: `tsc --noEmit && typekro validate ${file}${instances}`,
  test: 'node --import tsx --test app.test.ts',
});

const COMPILER_OPTIONS = {
  target: 'es2023',
  module: 'nodenext',
  strict: true,
  types: ['node'],
  lib: ['es2023', 'esnext.disposable'],
  skipLibCheck: true,
};

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
`;

const INSTANCE = `export const hello = app.toInstance({ name: 'hello', image: 'nginx:1.27', replicas: 2 });
`;

/** The same instance as an object. */
const EXAMPLE: JsonObject = {
  apiVersion: 'example.com/v1alpha1',
  kind: 'WebApp',
  metadata: { name: 'hello', namespace: 'default' },
  spec: { name: 'hello', image: 'nginx:1.27', replicas: 2 },
};

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

/** Needs the secret NPM_TOKEN. The registry of GitHub accepts the token of the workflow. */
const PUBLISH = `name: publish
on:
  push:
    tags: ['v*']
permissions: { contents: read, id-token: write, packages: write }
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v5
        with: { node-version: 22, registry-url: 'https://registry.npmjs.org' }
      - run: npm install
      - run: npm test
      - run: npm version --no-git-tag-version --allow-same-version "\${GITHUB_REF_NAME#v}"
      - run: npm publish --provenance --access public
        env: { NODE_AUTH_TOKEN: '\${{ secrets.NPM_TOKEN }}' }
      - run: docker login ghcr.io -u "$GITHUB_ACTOR" --password-stdin <<< '\${{ secrets.GITHUB_TOKEN }}'
      - run: npx typekro push "oci://ghcr.io/\${GITHUB_REPOSITORY,,}:\${GITHUB_REF_NAME#v}" src/app.ts example.yaml
`;

const packageReadme = (name: string): string => `
## Publish

A tag such as \`v1.0.0\` starts \`.github/workflows/publish.yml\`. It publishes the package to npm, and the definition to an
OCI registry. \`npm pack\` makes the tarball here.

## Use

    npm install ${name}                                     # import { app } from '${name}'
    kubectl apply -k node_modules/${name}/manifests         # the definition alone
    npx typekro install oci://ghcr.io/OWNER/REPOSITORY:VERSION     # with a plan for each instance
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
