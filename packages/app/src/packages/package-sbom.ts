import { definedMembers, isJsonObject, type JsonValue, objectName, refOf, stringifyJson } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { sha256Digest } from '@typekro/oci';
import type { RequiredKind } from './package-info.ts';
import { MANIFESTS } from './package-layout.ts';
import type { PackageContent } from './read-package.ts';

/** The media type of the list of components. */
export const SBOM_TYPE = 'application/vnd.cyclonedx+json';

/** The images that the templates of a package name. */
export interface PackageImages {
  /** As they are written, such as `nginx:1.27`, sorted. */
  readonly named: readonly string[];
  /** Texts of images with expressions, whose values only the instances decide, sorted. */
  readonly computed: readonly string[];
}

const IMAGE = /^((?:[\w.-]+(?::\d+)?\/)?[\w./-]+?)(?::(\w[\w.-]{0,127}))?(?:@(sha256:[\da-f]{64}))?$/;

/** The images in the templates, patches and subgraphs of the definitions and Graphs: all fields with the name `image`. */
export function imagesOf({ definitions, graphs }: Pick<PackageContent, 'definitions' | 'graphs'>): PackageImages {
  const found = new Set<string>();
  // A loop instead of recursion, because the author decides the depth.
  const open: (JsonValue | undefined)[] = [...definitions, ...graphs].flatMap(({ spec }) =>
    isJsonObject(spec) ? [spec['resources'], spec['nodes']] : [],
  );
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    for (const [name, member] of Object.entries(value)) {
      if (name === 'image' && typeof member === 'string') found.add(member);
      open.push(member);
    }
  }
  const texts = [...found].toSorted(compareText);
  return {
    named: texts.filter((text) => !text.includes('${') && IMAGE.test(text)),
    computed: texts.filter((text) => text.includes('${')),
  };
}

/**
 * The list of what a package has and needs, as CycloneDX 1.6: definitions, Graphs, images and required kinds. Equal
 * packages have equal bytes, wherever they are, so a reader can compare it with the content.
 *
 * @param digest of the package
 */
export function sbomOf(content: PackageContent, digest: string): Buffer {
  const { info, files, definitions, graphs } = content;
  const { named, computed } = imagesOf(content);
  const manifests = files
    .filter(({ path }) => path.startsWith(`${MANIFESTS}/`))
    .toSorted((a, b) => compareText(a.path, b.path));
  const components = [
    ...manifests.map(({ path, content: bytes }) => ({
      type: 'file',
      'bom-ref': path,
      name: path,
      hashes: [{ alg: 'SHA-256', content: sha256Digest(bytes).slice('sha256:'.length) }],
    })),
    ...named.map(imageComponent),
    ...info.requires.map(kindComponent),
  ];
  const root = {
    type: 'application',
    'bom-ref': 'package',
    name: info.name,
    version: info.version,
    purl: packageUrl(info.name, digest),
  };
  const text = stringifyJson(
    {
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: { component: root },
      components,
      dependencies: [{ ref: root['bom-ref'], dependsOn: components.map((each) => each['bom-ref']) }],
      // Without the instances, nobody knows the images that they name.
      ...(computed.length === 0 ? {} : { compositions: [{ aggregate: 'incomplete', dependencies: ['package'] }] }),
      properties: [
        ...[...definitions, ...graphs].map((object) => ({ name: 'typekro:applies', value: objectName(refOf(object)) })),
        ...computed.map((value) => ({ name: 'typekro:computed-image', value })),
      ],
    },
    2,
  );
  return Buffer.from(`${text}\n`);
}

function imageComponent(text: string) {
  const [, name = '', tag, digest] = IMAGE.exec(text) ?? [];
  const [host = '', ...path] = name.split('/');
  const isHost = path.length > 0 && /[.:]|^localhost$/.test(host);
  const repository = isHost ? name : `docker.io/${path.length === 0 ? 'library/' : ''}${name}`;
  const purl = packageUrl(repository, digest, { repository_url: repository, ...definedMembers({ tag }) });
  return { type: 'container', 'bom-ref': `image:${text}`, name, version: digest ?? tag ?? 'latest', purl };
}

function kindComponent({ group, kind, versions }: RequiredKind) {
  const name = group === '' ? kind : `${kind}.${group}`;
  return { type: 'platform', 'bom-ref': `kind:${name}`, name, version: versions.join(', ') };
}

/** The package URL of an image. Without qualifiers, it says what the image is, and not where. */
function packageUrl(repository: string, digest: string | undefined, qualifiers: Readonly<Record<string, string>> = {}) {
  const name = repository.slice(repository.lastIndexOf('/') + 1).toLowerCase();
  const version = digest === undefined ? '' : `@${encodeURIComponent(digest)}`;
  const words = Object.entries(qualifiers).map(
    ([key, value]) => `${key}=${encodeURIComponent(value).replaceAll('%2F', '/').replaceAll('%3A', ':')}`,
  );
  return `pkg:oci/${encodeURIComponent(name)}${version}${words.length === 0 ? '' : `?${words.join('&')}`}`;
}
