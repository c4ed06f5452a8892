/**
 * Reads the files that the package ships, and returns the URLs of files of the package. Each call reads its file again.
 * No other module of `packages/` reads a file by its location in the package.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** Do the sources run, and not the built package? */
const isSource = import.meta.url.endsWith('.ts');
const packageUrl = (path: string): URL => new URL(`${isSource ? '../../../..' : '../..'}/${path}`, import.meta.url);
/** The URL of a file in the folder of the built code, which has another name while the build runs. */
const builtUrl = (path: string): URL =>
  isSource ? packageUrl(`dist/${path}`) : new URL(`../${path}`, import.meta.url);
const textAt =
  (path: string): (() => string) =>
  () =>
    readFileSync(packageUrl(path), 'utf8');
/** The types of Kubernetes 1.36, as JSON. */
export const kubernetesTypesText: () => string = /* @__PURE__ */ textAt('data/kubernetes-1.36/types.json');

/** The types of the API groups that few clients use: devices, flow control and APIServices. */
export const kubernetesFurtherTypesText: () => string = /* @__PURE__ */ textAt(
  'data/kubernetes-1.36/further-types.json',
);

/** The responses to `/api` and `/apis` of Kubernetes 1.36, as JSON. */
export const kubernetesDiscoveryText: () => string = /* @__PURE__ */ textAt('data/kubernetes-1.36/discovery.json');

/** The columns of the kinds of Kubernetes 1.36, as JSON. */
export const kubernetesTableColumnsText: () => string = /* @__PURE__ */ textAt(
  'data/kubernetes-1.36/table-columns.json',
);

/** The hashes of storage versions that Kubernetes 1.36 publishes, as JSON. */
export const kubernetesStorageHashesText: () => string = /* @__PURE__ */ textAt(
  'data/kubernetes-1.36/storage-version-hashes.json',
);

/** The roles and bindings that Kubernetes 1.36 starts with, as JSON. */
export const kubernetesRbacDefaultsText: () => string = /* @__PURE__ */ textAt(
  'data/kubernetes-1.36/rbac-defaults.json',
);

/** The APIServices, FlowSchemas and PriorityLevelConfigurations that Kubernetes 1.36 starts with, as JSON. */
export const kubernetesSystemObjectsText: () => string = /* @__PURE__ */ textAt(
  'data/kubernetes-1.36/system-objects.json',
);

/** The differences of the API of Kubernetes 1.35 from that of 1.36, as JSON. */
export const kubernetes135DifferenceText: () => string = /* @__PURE__ */ textAt('data/kubernetes-1.35/difference.json');

/** The differences of the API of Kubernetes 1.34 from that of 1.35, as JSON. */
export const kubernetes134DifferenceText: () => string = /* @__PURE__ */ textAt('data/kubernetes-1.34/difference.json');

/** The descriptions of the kinds, types and fields of Kubernetes 1.36, as JSON. */
export const kubernetesDescriptionsText: () => string = /* @__PURE__ */ textAt(
  'data/kubernetes-1.36/descriptions.json',
);

/**
 * The CustomResourceDefinitions of all projects for which the package has factories, as JSON: an array of one
 * Kubernetes List per project.
 */
export const shippedDefinitionsText = (): string => {
  const folder = packageUrl('data/crds/');
  const files = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return `[${files.map((name) => readFileSync(new URL(name, folder), 'utf8')).join(',')}]`;
};

/** The CustomResourceDefinitions of Flux: a Kubernetes List, as JSON. */
export const fluxDefinitionsText: () => string = /* @__PURE__ */ textAt('data/crds/flux.json');

/** The stand-ins that are data, as JSON: an object that maps the name of a stand-in to its YAML. */
export const standInsText = (): string => {
  const folder = packageUrl('data/stand-ins/');
  const texts = readdirSync(folder).map((name) => [
    name.slice(0, -'.yaml'.length),
    readFileSync(new URL(name, folder), 'utf8'),
  ]);
  return JSON.stringify(Object.fromEntries(texts));
};

/** The `package.json` of the package. */
export const packageManifestText: () => string = /* @__PURE__ */ textAt('package.json');

/**
 * The files of the dashboard's page, as JSON: an object that maps the path of a file to its content. The build makes
 * it, so a process that runs the sources reads the file of the last build.
 */
export const dashboardFilesText = (): string => builtText('dashboard/page.json');

/**
 * The files of the dashboard's playground, in the same form, compressed with Brotli. `undefined` in a bundle, because they
 * are large.
 */
export const playgroundFiles = (): Uint8Array | undefined => readFileSync(builtUrl('dashboard/playground.json.br'));

const builtText = (path: string): string => readFileSync(builtUrl(path), 'utf8');

/** The folder of the package, with a slash at its end; `undefined` in a bundle. */
export const packageFolder = (): URL | undefined => packageUrl('');

/** The folder with the code of all packages, with a slash at its end; `undefined` in a bundle. */
export const codeFolder = (): URL | undefined => (isSource ? packageUrl('packages/') : builtUrl(''));

/** The folders of the sources that have modules which a host loads by their path, by the folder of the built module. */
const SOURCES = { cli: 'packages/cli/src', transform: 'packages/sdk/src/transform' } as const;

/**
 * The URL of a module that a host loads by its path.
 *
 * @param folder of the built module
 * @param name path of the module below the folder, without extension
 * @returns `undefined` in a bundle
 */
export const moduleUrl = (folder: keyof typeof SOURCES, name: string): URL | undefined =>
  isSource ? packageUrl(`${SOURCES[folder]}/${name}.ts`) : builtUrl(`${folder}/${name}.js`);
