import { type JsonObject, type KubeObject, hasErrors, isJsonObject, TypeKroError } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import { declaredKind } from '@typekro/controller/controller';
import { GraphObject, isDefinition, Kinds, parseDefinitions } from '@typekro/engine/graph';
import { badPackage, type PackageFile } from '@typekro/oci';
import { isTooDeepValue, kubeObject } from '../plan/file-shape.ts';
import { INFO_FILE, isOlder, type PackageInfo, type ProvidedKind, readInfo } from './package-info.ts';
import { MANIFESTS, servedVersions } from './package-layout.ts';
import { isRightsObject, rightsDigest, rightsProblem } from './package-rights.ts';

/** The checked content of a package. What `info` says is what the manifests have. */
export interface PackageContent {
  readonly info: PackageInfo;
  readonly definitions: readonly KubeObject[];
  readonly graphs: readonly KubeObject[];
  readonly rights: readonly KubeObject[];
  /** The CustomResourceDefinitions of the provided kinds. */
  readonly crds: readonly KubeObject[];
  readonly files: readonly PackageFile[];
}

const KUSTOMIZATION = 'kustomization.yaml';
const KUSTOMIZATION_FIELDS: readonly string[] = ['apiVersion', 'kind', 'resources'];
const SCHEMAS = 'schemas';
/** The maximum size of a file that is parsed. An object of a cluster is smaller. */
const MAX_FILE_BYTES = 2 * 1024 * 1024;
/** The maximum size of all of them, because the parser needs seconds for a file of a few bytes in each line. */
const MAX_PARSED_BYTES = 8 * 1024 * 1024;

/**
 * Reads the files of a package as data. Nothing in them is executed or imported. The files of a package from outside
 * must agree: what a Kustomization applies is what `manifests` has, which are definitions, Graphs and rights only, and
 * what `typekro.package.json` says.
 *
 * @throws TypeKroError `oci/package` for a package that is refused
 */
export function readPackage(files: readonly PackageFile[]): PackageContent {
  refuseLargeFiles(files);
  const byPath = new Map(files.map((file) => [file.path, file.content]));
  const described = byPath.get(INFO_FILE);
  if (described === undefined) {
    throw badPackage(`it has no ${INFO_FILE}, so it was not made by typekro push`);
  }
  const info = readInfo(described);
  checkKustomization(byPath, KUSTOMIZATION, [MANIFESTS]);
  const paths = [...byPath.keys()].filter(
    (path) => path.startsWith(`${MANIFESTS}/`) && path !== `${MANIFESTS}/${KUSTOMIZATION}`,
  );
  const names = paths.map((path) => path.slice(MANIFESTS.length + 1));
  checkKustomization(byPath, `${MANIFESTS}/${KUSTOMIZATION}`, names);
  const objects = paths.flatMap((path) => objectsOf(path, byPath.get(path)));
  const foreign = objects.find(
    ({ object }) => !isDefinition(object) && !GraphObject.is(object) && !isRightsObject(object),
  );
  if (foreign !== undefined) {
    throw badPackage(
      `${foreign.path} has the kind ${foreign.object.kind}, and only definitions, Graphs and rights are applied`,
    );
  }
  const all = objects.map(({ object }) => object);
  const content = {
    info,
    definitions: all.filter(isDefinition),
    graphs: all.filter(GraphObject.is),
    rights: all.filter(isRightsObject),
    crds: [...byPath.keys()]
      .filter((path) => path.startsWith(`${SCHEMAS}/`))
      .flatMap((path) => objectsOf(path, byPath.get(path)).map(({ object }) => object))
      .filter(Kinds.isCrd),
    files,
  };
  checkKinds(content);
  if (rightsDigest(content.rights) !== info.rights.digest) {
    throw badPackage(`its rights do not have the digest that ${INFO_FILE} says`);
  }
  const problem = rightsProblem(content.rights, {
    used: [...content.definitions, ...content.graphs].flatMap(({ spec }) => Kinds.used(spec)),
    crds: content.crds.filter((crd) => info.provides.some((kind) => isSchemaOf(crd, kind))),
  });
  if (problem !== undefined) throw badPackage(problem);
  return content;
}

/**
 * Refuses files that are too large to be parsed by whoever reads the package.
 *
 * @throws TypeKroError `oci/package`
 */
export function refuseLargeFiles(files: readonly PackageFile[]): void {
  const parsed = files.filter(({ path }) => path.startsWith(`${MANIFESTS}/`) || path.startsWith(`${SCHEMAS}/`));
  const large = parsed.find(({ content }) => content.length > MAX_FILE_BYTES);
  if (large !== undefined) throw badPackage(`${large.path} has more than ${MAX_FILE_BYTES} bytes`);
  if (parsed.reduce((sum, { content }) => sum + content.length, 0) > MAX_PARSED_BYTES) {
    throw badPackage(`${MANIFESTS} and ${SCHEMAS} have more than ${MAX_PARSED_BYTES} bytes`);
  }
}

/**
 * Refuses a package that needs a newer typekro.
 *
 * @param version of this program
 * @throws TypeKroError `oci/newer-engine`
 */
export function refuseNewerEngine({ name, version: own, engine }: PackageInfo, version: string): void {
  if (!isOlder(version, engine.typekro)) return;
  throw new TypeKroError(`the package ${name} ${own} needs typekro ${engine.typekro}, and this is ${version}`, {
    code: 'oci/newer-engine',
    remedy: 'install a newer typekro, or use an older version of the package',
  });
}

function checkKustomization(files: ReadonlyMap<string, Uint8Array>, path: string, resources: readonly string[]): void {
  const [value, ...others] = documentsOf(path, files.get(path));
  if (value === undefined || others.length > 0) throw badPackage(`${path} does not have exactly one document`);
  const more = Object.keys(value).find((field) => !KUSTOMIZATION_FIELDS.includes(field));
  if (more !== undefined)
    throw badPackage(`${path} has the field ${JSON.stringify(more)}, which can change what is applied`);
  const listed: readonly unknown[] = Array.isArray(value['resources']) ? value['resources'] : [];
  const known = new Set<unknown>(resources);
  if (listed.length !== known.size || !listed.every((each) => known.has(each))) {
    throw badPackage(`${path} does not list exactly ${resources.length === 0 ? 'nothing' : [...resources].join(', ')}`);
  }
}

function objectsOf(
  path: string,
  content: Uint8Array | undefined,
): { readonly path: string; readonly object: KubeObject }[] {
  return documentsOf(path, content).map((value) => {
    if (!kubeObject(value) || isTooDeepValue(value))
      throw badPackage(`${path} has a document that is no Kubernetes object`);
    return { path, object: value as KubeObject };
  });
}

function documentsOf(path: string, content: Uint8Array | undefined): JsonObject[] {
  if (content === undefined) throw badPackage(`it has no ${path}`);
  const { documents, diagnostics } = parseDefinitions(Buffer.from(content).toString('utf8'), path);
  const problem = hasErrors(diagnostics) ? diagnostics[0] : undefined;
  if (problem !== undefined) throw badPackage(`${path} is no valid YAML: ${problem.message}`);
  return documents.flatMap(({ value }) => (isJsonObject(value) ? [value] : []));
}

/** Checks that a package provides what it says, with the schemas for it. */
function checkKinds({ info, definitions, crds }: Pick<PackageContent, 'info' | 'definitions' | 'crds'>): void {
  const made = new Map(definitions.map(({ metadata, spec }) => [metadata.name, declaredKind(spec ?? {})]));
  const wrong =
    made.size !== info.provides.length ||
    info.provides.some(({ definition, group, kind }) => {
      const own = made.get(definition);
      return own?.kind !== kind || own.group !== group;
    });
  if (wrong) throw badPackage(`its definitions do not make the kinds that ${INFO_FILE} says`);
  const lacking = info.provides.find((provided) => !crds.some((crd) => isSchemaOf(crd, provided)));
  if (lacking !== undefined)
    throw badPackage(`${SCHEMAS} has no schema of ${lacking.kind} with the versions that ${INFO_FILE} says`);
}

function isSchemaOf(crd: KubeObject, { group, kind, versions }: ProvidedKind): boolean {
  const served = servedVersions(crd);
  return (
    textAt(crd.spec, 'group') === group &&
    textAt(crd.spec, 'names', 'kind') === kind &&
    served.length === versions.length &&
    served.every((name) => versions.includes(name))
  );
}
