import { type KubeObject, TypeKroError } from '@typekro/kit/core';
import { packageLayout, readPackage } from '@typekro/app/packages';
import { compile } from '@typekro/engine/graph';
import { builtinSource } from '@typekro/engine/schema';
import { parseChallenges } from '../../../packages/oci/src/challenge.ts';
import { buildImage, readPackageManifest } from '../../../packages/oci/src/image-manifest.ts';
import { pathProblem } from '../../../packages/oci/src/package-file.ts';
import { parseReference, formatReference } from '../../../packages/oci/src/reference.ts';
import { readBundle, readPayload } from '../../../packages/oci/src/signature.ts';
import { readTar } from '../../../packages/oci/src/tar-read.ts';
import { writeTar } from '../../../packages/oci/src/tar-write.ts';
import { BUNDLE, PAYLOAD } from '@typekro/oci/test-support/cosign-recordings';
import { type FuzzTarget, FuzzFinding } from '../fuzz-target.ts';

const LIMITS = { maxEntries: 50, maxBytes: 64 * 1024 };
const file = (path: string, text: string) => ({ path, content: Buffer.from(text) });
const TAR = writeTar([file('manifests/a.yaml', 'a: 1\n'), file(`${'n'.repeat(160)}/ä`, 'x')]);

const DEFINITION = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'a' },
  spec: { schema: { apiVersion: 'v1', kind: 'A', spec: {} }, resources: [] },
} as unknown as KubeObject;
/** The files of a package. */
const FILES = (() => {
  const { graph } = compile(DEFINITION, { sources: builtinSource(), target: 'typekro' });
  if (graph === undefined) throw new Error('the definition does not compile');
  const definitions = [{ graph, definition: DEFINITION }];
  const { files } = packageLayout({
    name: 'a',
    version: '1.0.0',
    definitions,
    graphs: [],
    examples: [],
    tests: [],
    needs: [{ reference: 'oci://a.test/b', range: '^1', provides: [] }],
  });
  return files.map(({ path, text }) => file(path, text));
})();
const [INFO, ROLE] = ['typekro.package.json', 'manifests/clusterrole-typekro-package-a.yaml'].map((path) =>
  Buffer.concat([Buffer.from(`\u0004${path}\n`), FILES.find((each) => each.path === path)?.content ?? Buffer.alloc(0)]),
);

/** The readers of the parts of a package. The first byte of an input chooses one. */
const READERS: readonly ((bytes: Buffer) => string)[] = [
  (bytes) => {
    // A valid checksum lets the fuzzer reach the code behind it.
    const archive = Buffer.from(bytes);
    for (let at = 0; at + 512 <= archive.length; at += 512) {
      const block = archive.subarray(at, at + 512);
      if (block.toString('latin1', 257, 262) !== 'ustar') continue;
      block.fill(' ', 148, 156);
      const sum = block.reduce((total, byte) => total + byte, 0);
      block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    }
    const files = readTar(archive, LIMITS);
    const bad = files.find(({ path }) => pathProblem(path) !== undefined);
    if (bad !== undefined) throw new FuzzFinding(`the path ${JSON.stringify(bad.path)} was accepted`);
    const again = readTar(writeTar(files), { ...LIMITS, maxEntries: 10_000 });
    const read = (list: typeof files) => list.map(({ path, content }) => `${path} ${content.length}`).sort();
    if (String(read(again)) !== String(read(files))) throw new FuzzFinding('a second archive has other files');
    return String(read(files));
  },
  (bytes) => JSON.stringify(readPackageManifest(bytes, 1000)),
  (bytes) =>
    JSON.stringify(parseChallenges(bytes.toString('latin1')).map(({ scheme, parameters }) => [scheme, ...parameters])),
  (bytes) => {
    const text = formatReference(parseReference(bytes.toString('utf8')));
    if (formatReference(parseReference(text)) !== text) throw new FuzzFinding(`${text} is read as another reference`);
    return text;
  },
  // A package in which one file, named by the first line, has other content.
  (bytes) => {
    const end = Math.max(0, bytes.indexOf('\n'));
    const path = bytes.toString('utf8', 0, end);
    const others = FILES.filter((each) => each.path !== path);
    const { info, definitions, graphs, rights } = readPackage([...others, { path, content: bytes.subarray(end + 1) }]);
    const kinds = [...definitions, ...graphs, ...rights].map(({ kind }) => kind);
    if (String(kinds) !== 'ResourceGraphDefinition,ClusterRole') throw new FuzzFinding(`it applies ${String(kinds)}`);
    return `${info.name} ${info.version}`;
  },
  (bytes) => JSON.stringify(readBundle(bytes)),
  (bytes) => JSON.stringify(readPayload(bytes, 'AAAA')),
];

/** Reads archives, manifests, challenges, references, signatures and the content of packages. Each error must be a documented one. */
export const target: FuzzTarget = {
  name: 'packages',
  dictionary: [
    'ustar\0',
    '../',
    '/',
    './',
    'path=',
    '\0\0\0\0',
    '"layers":[',
    '"size":',
    'sha256:',
    'Bearer ',
    'realm="',
    'oci://',
    '[::1]',
    '@',
    ':',
    '"formatVersion":1',
    '"provides":[',
    'manifests/',
    'kind: ClusterRole',
    'aggregationRule:',
    '---\n',
  ],
  seeds: () => [
    Buffer.concat([Buffer.of(0), TAR]),
    Buffer.concat([Buffer.of(1), buildImage(Buffer.from('layer'), Buffer.alloc(0), { a: 'b' }).manifest]),
    Buffer.from('\u0002Bearer realm="https://a/t",service="s", Basic realm=x'),
    Buffer.from(`\u0003oci://localhost:5000/a/b:v1@sha256:${'0f'.repeat(32)}`),
    Buffer.from(`\u0005${BUNDLE}`),
    Buffer.from(`\u0006${PAYLOAD}`),
    ...[INFO, ROLE].flatMap((seed) => seed ?? []),
  ],
  generators: [],
  isMutable: true,
  run(input) {
    const read = READERS[(input[0] ?? 0) % READERS.length];
    try {
      return read?.(input.subarray(1)) ?? 'nothing';
    } catch (error) {
      if (error instanceof TypeKroError) return error.code;
      throw error;
    }
  },
};
