import { definedMembers, hasErrors } from '@typekro/kit/core';
import {
  isPackageName,
  isVersion,
  packageLayout,
  readPackage,
  refuseLargeFiles,
  repositoryOf,
  SBOM_TYPE,
  sbomOf,
  versionOfTag,
} from '@typekro/app/packages';
import {
  attachContent,
  formatReference,
  type OciReference,
  packFiles,
  parseReference,
  pushPackage,
  signerOf,
  signPackage,
} from '@typekro/oci';
import { type Command, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { outputOption } from '../command-options.ts';
import { CRD_OPTIONS } from '../checks/known-crds.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { loadParts } from '../packages/load-parts.ts';
import { NEEDS_OPTION, noteOtherKinds, readNeeds } from '../packages/needs-option.ts';
import { REGISTRY_OPTIONS, withRegistry } from '../packages/open-registry.ts';
import { SIGN_OPTIONS, signingKeyOf } from '../packages/signature-options.ts';

/** `typekro push REFERENCE FILE…`: writes definitions into a registry as a package. */
export const push: Command = {
  name: 'push',
  description:
    'Checks the definitions and Graphs in the files as validate does, and writes them into an OCI registry as a package of one layer: manifests with the rights that they need, the schemas of their kinds, their instances as examples, tests (*.test.yaml) and README.md, the last two also of a named folder. Flux, Argo CD and, after a pull, kubectl apply -k can use the package. Equal files give the same digest on every machine. The tag is the version of the package; for another tag, name the version. The login is that of docker login. A tag that names another package is moved only with --replace. A signature is written before the tag, in the form of cosign and Flux. --needs names another package with a range of versions, which typekro install then installs, too; the definitions may use its kinds without --crds. --sbom attaches a list of what the package has and needs (CycloneDX 1.6), with equal bytes for equal packages.',
  positionals: [
    { name: 'reference', summary: 'oci://HOST/REPOSITORY:TAG', required: true },
    {
      name: 'file',
      summary: 'YAML, JSON, TypeScript or JavaScript files, or a folder of YAML and JSON files',
      variadic: true,
      required: true,
    },
  ],
  options: [
    { name: 'package-version', summary: 'the semantic version of the package; default: the tag', value: 'version' },
    { name: 'name', summary: 'the name of the package; default: the repository', value: 'name' },
    NEEDS_OPTION,
    { name: 'source', summary: 'the URL of the source code, for those who find the package', value: 'url' },
    { name: 'revision', summary: 'the revision of the source code', value: 'text' },
    { name: 'replace', summary: 'move a tag that names another package' },
    { name: 'strict', summary: 'count warnings as errors' },
    { name: 'sbom', summary: 'attach a list of the manifests, images and required kinds, as CycloneDX' },
    ...SIGN_OPTIONS,
    ...REGISTRY_OPTIONS,
    ...CRD_OPTIONS,
    outputOption(),
  ],
  examples: [
    {
      command: 'typekro push oci://registry.example.com/platform/web-app:1.2.0 web-app.yaml',
      summary: 'version 1.2.0 of the package platform/web-app',
    },
    {
      command: 'typekro push oci://registry.example.com/platform/web-app:1.2.0 web-app.yaml --sign-key cosign.key',
      summary: 'with a signature that typekro pull --verify-key cosign.pub and cosign verify --key cosign.pub require',
    },
    {
      command:
        'typekro push oci://registry.example.com/platform/apps:latest definitions/ --package-version 1.2.0 --replace',
      summary: 'the definitions, tests and README of a folder',
    },
    {
      command:
        "typekro push oci://registry.example.com/platform/shop:1.0.0 shop/ --needs 'oci://registry.example.com/platform/web-app@^1.2'",
      summary: 'uses the kinds of another package',
    },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    const [target = '', ...files] = input.positionals;
    const reference = parseReference(target);
    const { tag } = reference;
    if (tag === undefined || reference.digest !== undefined) {
      throw usageError('a package is pushed to a tag, not to a digest', 'write oci://HOST/REPOSITORY:TAG');
    }
    const { name, version } = identityOf(reference, tag, input);
    const key = await signingKeyOf(context, input);
    const { needs, crds } = await readNeeds(context, input, { reference: repositoryOf(target), name, version });
    const parts = await loadParts(context, input, files, crds);
    if (parts === undefined) return ExitCode.diagnostics;
    const signs = input.options['sign-definitions'] === true;
    if (signs && key === undefined) throw usageError('--sign-definitions needs a key', 'name it with --sign-key');
    const sign = signs && key ? await signerOf(key) : undefined;
    const layout = packageLayout({ ...parts, name, version, needs, sign });
    printDiagnostics(context, layout.diagnostics, new Map());
    noteOtherKinds(context, layout.info);
    if (hasErrors(layout.diagnostics)) return ExitCode.diagnostics;
    const annotations = definedMembers({
      'org.opencontainers.image.title': name,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.source': textOption(input, 'source'),
      'org.opencontainers.image.revision': textOption(input, 'revision'),
    });
    const contents = layout.files.map(({ path, text }) => ({ path, content: Buffer.from(text) }));
    refuseLargeFiles(contents);
    const image = packFiles(contents, annotations);
    const place = { ...reference, tag, digest: image.digest };
    const sbom = input.options['sbom'] === true ? sbomOf(readPackage(contents), image.digest) : undefined;
    let attached: 'attached' | 'unchanged' | undefined;
    let signature: 'signed' | 'unchanged' | undefined;
    const result = await withRegistry(context, input, reference, (client) =>
      pushPackage(client, { ...reference, tag }, image, input.options['replace'] === true, async () => {
        if (sbom !== undefined) attached = await attachContent(client, image, SBOM_TYPE, sbom);
        if (key !== undefined) signature = await signPackage(client, place, key);
      }),
    );
    const pinned = formatReference(place);
    print({
      data: {
        schemaVersion: 1,
        result,
        reference: formatReference(reference),
        digest: image.digest,
        ...definedMembers({ sbom: attached, signature }),
        ...layout.info,
      },
      lines: () => [
        `${result} ${name} ${version}  ${pinned}`,
        ...(sbom === undefined ? [] : [attached === 'attached' ? 'attached the SBOM' : 'the SBOM is attached already']),
        ...(key === undefined ? [] : [`${signature === 'signed' ? 'signed' : 'already signed'} with ${key.name}`]),
      ],
    });
    return ExitCode.ok;
  },
};

/** The name and the version of the package. Throws `cli/usage` for those that a package cannot have. */
function identityOf({ repository }: OciReference, tag: string, input: CommandInput) {
  const [givenName, givenVersion] = [textOption(input, 'name'), textOption(input, 'package-version')];
  const name = givenName ?? repository;
  if (!isPackageName(name)) {
    throw usageError(
      `${JSON.stringify(name)} cannot be the name of a package`,
      'give --name with at most 200 lower-case letters, digits, "-", "_", "." and "/"',
    );
  }
  const version = givenVersion ?? versionOfTag(tag);
  if (isVersion(version)) return { name, version };
  throw givenVersion === undefined
    ? usageError(`the tag ${tag} is not a semantic version`, 'name the version: --package-version 1.2.0')
    : usageError(
        `--package-version ${version} is not a semantic version`,
        'write three numbers: --package-version 1.2.0',
      );
}
