import { type Diagnostic, type KubeObject, formatRef, grouped, refOf, yamlLibrary } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { LAST_APPLIED_ANNOTATION, withoutServerFields } from '@typekro/kit/kubernetes';
import { definitionRoles, graphRoles, SIGNATURE_ANNOTATION, signedBytes } from '@typekro/controller/controller';
import { type Graph, Kinds } from '@typekro/engine/graph';
import { builtinSource, CrdSchema } from '@typekro/engine/schema';
import { kustomization, manifestFolder, printYaml } from '@typekro/sdk/compose';
import { DEFAULT_CONTROLLER } from '../controllers/controller-settings.ts';
import { INFO_FILE, infoText, type PackageInfo, type ProvidedKind, type RequiredKind } from './package-info.ts';
import { withoutPackage } from './installed-package.ts';
import { needText, type PackageNeed } from './package-needs.ts';
import { rightsDigest } from './package-rights.ts';

/** A file of a package, as text. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/** Another package that a package needs, with the kinds that it provides. */
export interface NeededPackage extends PackageNeed {
  readonly provides: readonly ProvidedKind[];
}

/** What a package is made of. The definitions and Graphs have no errors. */
export interface PackageParts {
  readonly name: string;
  readonly version: string;
  readonly definitions: readonly { readonly graph: Graph; readonly definition: KubeObject }[];
  readonly graphs: readonly Graph[];
  /** Instances of the definitions. */
  readonly examples: readonly KubeObject[];
  /** Files of the folder `tests`, by `packagedTest`, and the snapshots of the tests. */
  readonly tests: readonly TextFile[];
  /** Other packages. */
  readonly needs: readonly NeededPackage[];
  /** Signs the bytes of a definition for controllers that serve only signed ones. Default: none is signed. */
  readonly sign?: ((bytes: Uint8Array) => string) | undefined;
  /** Default: a page that the content is written into. */
  readonly readme?: string | undefined;
}

/** The files of a package, and problems of its rights. The files must not be used if one is an error. */
export interface PackageLayout {
  readonly info: PackageInfo;
  readonly files: readonly TextFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The folder of what is applied. */
export const MANIFESTS = 'manifests';
const TESTS = 'tests';

/**
 * The smallest version of typekro that can use a package of this layout, whose definitions need none of
 * `featuresOf`. It rises when the layout or the language of definitions gets a part that earlier versions refuse.
 */
const SMALLEST_ENGINE = '1.0.0-alpha.0';

/**
 * The files of a package. Equal parts in any order give equal files. `kubectl apply -k`, Flux and Argo CD find a
 * `kustomization.yaml` in the root and in `manifests`, which name the definitions, the Graphs and their rights, and
 * nothing else of the package.
 */
export function packageLayout(parts: PackageParts): PackageLayout {
  const { name, version, tests } = parts;
  const definitions = parts.definitions.toSorted((a, b) => compareText(a.graph.name, b.graph.name));
  const graphs = parts.graphs.toSorted((a, b) => compareText(keyOf(a), keyOf(b)));
  const rights = rightsOf(name, definitions, graphs);
  const objects = [
    ...definitions.map(({ definition }) => signed(asWritten(definition), parts.sign)),
    ...graphs.map(({ definition }) => asWritten(definition as KubeObject)),
  ];
  const requires = requiredBy(
    objects,
    definitions.map(({ graph }) => graph),
  );
  const info: PackageInfo = {
    name,
    version,
    engine: { typekro: SMALLEST_ENGINE, features: featuresOf(definitions, graphs) },
    provides: definitions.map(({ graph }) => providedBy(graph)),
    requires,
    needs: parts.needs
      .toSorted((a, b) => compareText(a.reference, b.reference))
      .map(({ reference, range, provides }) => ({
        reference,
        range,
        kinds: requires.filter((each) => isProvidedBy(each, provides)),
      })),
    rights: { digest: rightsDigest(rights.objects) },
  };
  const examples = parts.examples.toSorted((a, b) => compareText(formatRef(refOf(a)), formatRef(refOf(b))));
  const files = [
    ...manifestFolder(MANIFESTS, [...objects, ...rights.objects]),
    ...manifestFolder('examples', examples.map(asWritten)),
    ...definitions.map(({ graph: { instance } }): [string, string] => [
      `schemas/${instance.crd.metadata.name}.yaml`,
      printYaml(instance.crd),
    ]),
    ['kustomization.yaml', kustomization([MANIFESTS])],
    [INFO_FILE, infoText(info)],
    ['README.md', parts.readme ?? readmeOf(info)],
  ].map(([path = '', text = '']) => ({ path, text }));
  return {
    info,
    files: [...files, ...tests.map(({ path, text }) => ({ path: `${TESTS}/${path}`, text }))],
    diagnostics: rights.diagnostics,
  };
}

const keyOf = ({ definition }: Graph): string => formatRef(refOf(definition as KubeObject));

/** The author's part of an object. */
function asWritten(object: KubeObject): KubeObject {
  const written = withoutPackage(withoutServerFields(object) as KubeObject);
  const { [LAST_APPLIED_ANNOTATION]: applied, ...annotations } = written.metadata.annotations ?? {};
  return applied === undefined ? written : { ...written, metadata: { ...written.metadata, annotations } };
}

function signed(definition: KubeObject, sign: PackageParts['sign']): KubeObject {
  if (sign === undefined) return definition;
  const { metadata } = definition;
  const annotations = { ...metadata.annotations, [SIGNATURE_ANNOTATION]: sign(signedBytes(definition)) };
  return { ...definition, metadata: { ...metadata, annotations } };
}

/** The roles of `typekro rbac`, with names that no other package has. */
function rightsOf(name: string, definitions: PackageParts['definitions'], graphs: readonly Graph[]) {
  const [namespace = '', account = ''] = DEFAULT_CONTROLLER.split('/');
  const controller = { namespace, name: account };
  const role = `typekro:package:${name.replaceAll('/', ':')}`;
  const [own, others] = [
    definitionRoles(definitions, { name: role, controller }),
    graphRoles(graphs, controller, `${role}:graphs`),
  ];
  const found = [...own.diagnostics, ...others.diagnostics];
  return {
    objects: [...own.objects, ...others.objects].toSorted((a, b) =>
      compareText(formatRef(refOf(a)), formatRef(refOf(b))),
    ),
    // Which identity the controller uses is the choice of who installs the package.
    diagnostics: found.filter(({ code }) => code !== 'rbac/controller-identity'),
  };
}

/** The feature gates without which a controller does not serve the package, or serves it without its former versions. */
function featuresOf(definitions: PackageParts['definitions'], graphs: readonly Graph[]): string[] {
  const isVersioned = definitions.some(({ graph }) => CrdSchema.versions(graph.instance.crd).length > 1);
  return [...(isVersioned ? ['APIVersions'] : []), ...(graphs.length > 0 ? ['GraphKind'] : [])];
}

function providedBy({ name, instance: { group, kind, crd } }: Graph): ProvidedKind {
  return { group, kind, versions: servedVersions(crd).toSorted(compareText), definition: name };
}

/** The names of the versions that a CustomResourceDefinition serves. */
export const servedVersions = (crd: KubeObject): string[] =>
  CrdSchema.facts(crd).flatMap(({ name, served }) => (served ? [name] : []));

/** The kinds that the objects use, without those of Kubernetes and of the package itself. */
export function requiredBy(objects: readonly KubeObject[], own: readonly Pick<Graph, 'instance'>[]): RequiredKind[] {
  const provided = new Set(own.map(({ instance: { group, kind } }) => `${group}/${kind}`));
  const used = objects
    .flatMap(({ spec }) => Kinds.used(spec))
    .filter((type) => !provided.has(`${type.group}/${type.kind}`) && builtinSource().resourceOf(type) === undefined);
  return [...grouped(used, ({ group, kind }) => `${group}/${kind}`)]
    .toSorted(([a], [b]) => compareText(a, b))
    .flatMap(([, types]) => {
      const [first] = types;
      if (first === undefined) return [];
      const versions = [...new Set(types.map(({ version }) => version))].toSorted(compareText);
      return [{ group: first.group, kind: first.kind, versions }];
    });
}

/** A test file that finds its definition in the package. */
export function packagedTest(text: string, definition: string): string {
  const document = yamlLibrary().parseDocument(text);
  document.set('definition', `../${MANIFESTS}`);
  document.set('name', definition);
  return document.toString({ lineWidth: 0 });
}

/** Do packages with these kinds provide a required kind in all versions? */
export const isProvidedBy = (required: RequiredKind, provides: readonly ProvidedKind[]): boolean =>
  provides.some(
    ({ group, kind, versions }) =>
      group === required.group && kind === required.kind && required.versions.every((each) => versions.includes(each)),
  );

function readmeOf({ name, version, provides, requires, needs }: PackageInfo): string {
  const kindOf = ({ group, kind, versions }: RequiredKind) =>
    `- ${kind} (${group === '' ? '' : `${group}/`}${versions.join(', ')})`;
  const kinds = requires.length === 0 ? [] : ['', 'It needs these kinds in the cluster:', '', ...requires.map(kindOf)];
  const packages =
    needs.length === 0 ? [] : ['', 'It needs these packages:', '', ...needs.map((each) => `- ${needText(each)}`)];
  const makes = provides.length === 0 ? [] : ['', 'It provides these kinds:', '', ...provides.map(kindOf)];
  return `${[`# ${name} ${version}`, ...makes, ...kinds, ...packages, '', 'Apply it with `kubectl apply -k manifests`.'].join('\n')}\n`;
}
