import { count, definedMembers, namespacedName, objectName, refOf } from '@typekro/kit/core';
import { printableLine } from '@typekro/app/text';
import {
  imagesOf,
  type InstalledPackage,
  kindWithVersions,
  needText,
  packageOf,
  rightsLines,
  SBOM_TYPE,
  sbomOf,
} from '@typekro/app/packages';
import { attachedContent, countSignatures, formatReference, sha256Digest } from '@typekro/oci';
import { connectToCluster } from '../cluster-client.ts';
import { type Command, type CommandContext, type CommandInput, ExitCode } from '../command.ts';
import { KUBECONFIG_OPTIONS, outputOption, refuseOptions } from '../command-options.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { installedWith, readInstalled } from '../packages/installed-objects.ts';
import { REGISTRY_OPTIONS } from '../packages/open-registry.ts';
import { type CheckedPackage, pullChecked } from '../packages/pull-checked.ts';
import { VERIFIED, VERIFY_OPTIONS, verifiedLines } from '../packages/signature-options.ts';

/** A list of components that is attached to a package. */
interface AttachedSbom {
  readonly digest: string;
  /** Does it have the bytes that this program writes for the content? */
  readonly isOwn: boolean;
}

/** `typekro inspect REFERENCE`: prints what a package has and needs. `typekro inspect`: the installed packages. */
export const inspect: Command = {
  name: 'inspect',
  description:
    'Reads a package from an OCI registry, verifies its digest and its content, and prints its name, version and digest, its signatures, the kinds and packages that it needs, the kinds that it provides, the rights that it grants, the images that it names, and its files. Without a reference: prints the packages that are installed in the cluster, or the one with this name, with their versions, digests and objects. Writes nothing, and executes nothing of the package. Signatures are verified only with --verify-key.',
  positionals: [
    { name: 'package', summary: 'oci://HOST/REPOSITORY:TAG, or …@sha256:DIGEST; or the name of an installed package' },
  ],
  options: [...VERIFY_OPTIONS, ...REGISTRY_OPTIONS, ...KUBECONFIG_OPTIONS, outputOption()],
  examples: [
    { command: 'typekro inspect oci://registry.example.com/platform/web-app:1.2.0', summary: 'before it is used' },
    { command: 'typekro inspect', summary: 'which packages are installed' },
    {
      command: 'typekro inspect oci://registry.example.com/platform/web-app:1.2.0 -o json',
      summary: 'for another program',
    },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    const [text] = input.positionals;
    if (text?.startsWith('oci://') !== true) {
      refuseOptions(input, VERIFIED, 'packages of a registry');
      const packages = await installedIn(context, input, text);
      print({
        data: { schemaVersion: 1, packages: packages.map(installedData) },
        lines: () => installedLines(packages),
      });
      return ExitCode.ok;
    }
    let signatures = 0;
    let sboms: readonly AttachedSbom[] = [];
    const checked = await pullChecked(context, input, text, async (client, { content: read, reference: place }) => {
      signatures = await countSignatures(client, place);
      const own = sha256Digest(sbomOf(read, place.digest));
      const attached = await attachedContent(client, place.digest, SBOM_TYPE);
      sboms = attached.map(({ digest, content: has }) => ({ digest, isOwn: has === own }));
    });
    const { content, reference, annotations, signedBy } = checked;
    const files = content.files.map(({ path, content: bytes }) => ({ path, bytes: bytes.length }));
    print({
      data: {
        schemaVersion: 1,
        reference: formatReference(reference),
        digest: reference.digest,
        signatures,
        ...definedMembers({ signedBy }),
        images: imagesOf(content),
        sboms,
        ...content.info,
        rights: { ...content.info.rights, objects: content.rights },
        annotations,
        files,
      },
      lines: () => inspectLines(checked, signatures, sboms),
    });
    return ExitCode.ok;
  },
};

async function installedIn(context: CommandContext, input: CommandInput, name: string | undefined) {
  await using connection = await connectToCluster(context, input);
  const packages = await readInstalled({ api: connection.client, signal: context.signal });
  return name === undefined ? packages : [installedWith(packages, name)];
}

const installedData = ({ objects, current, ...rest }: InstalledPackage): object => ({
  ...rest,
  reference: current.reference,
  needs: current.needs,
  isDependency: current.isDependency,
  objects: objects.map((object) => ({ ...refOf(object), version: packageOf(object)?.version })),
});

/** Several versions are there after an upgrade that has not ended, or that has kept definitions of the former one. */
const installedLines = (packages: readonly InstalledPackage[]): string[] =>
  packages.length === 0
    ? ['no package is installed']
    : packages.flatMap(({ name, versions, digests, objects, current }) => [
        `${printableLine(`${name} ${versions.join(' and ')}`)}${current.isDependency ? '  installed for others' : ''}`,
        ...titled('digest', digests.map(printableLine)),
        ...titled('needs', current.needs.map(needText)),
        ...titled(
          'objects',
          objects.map((object) =>
            printableLine(
              `${objectName(refOf(object))}${versions.length > 1 ? `  of ${packageOf(object)?.version}` : ''}`,
            ),
          ),
        ),
      ]);

function inspectLines(
  { content, reference, annotations, signedBy }: CheckedPackage,
  signatures: number,
  sboms: readonly AttachedSbom[],
): string[] {
  const { info, rights, graphs, files } = content;
  const { name, version, engine, provides, requires, needs } = info;
  const { named, computed } = imagesOf(content);
  const { 'org.opencontainers.image.source': source, 'org.opencontainers.image.revision': revision } = annotations;
  const gates = engine.features.length === 0 ? '' : `, with the feature gates ${engine.features.join(', ')}`;
  const unverified = signatures === 0 ? 'no signature' : `${count(signatures, 'signature')}, not verified`;
  const origin = [source, revision].filter((each) => each !== undefined).join(' at ');
  return [
    `${name} ${version}`,
    `  digest    ${reference.digest}`,
    ...titled('trust', signedBy === undefined ? [unverified] : verifiedLines(signedBy)),
    ...(origin === '' ? [] : [`  source    ${printableLine(origin)}`]),
    `  needs     typekro ${engine.typekro}${gates}`,
    ...requires.map((each) => `            ${kindWithVersions(each)}`),
    ...needs.map(
      (each) =>
        `            ${needText(each)}${each.kinds.length === 0 ? '' : '  for '}${each.kinds.map(({ kind }) => kind).join(', ')}`,
    ),
    ...titled('provides', [
      ...provides.map((each) => `${kindWithVersions(each)}  by the definition ${each.definition}`),
      ...graphs.map(({ metadata }) => printableLine(`the Graph ${namespacedName(metadata)}`)),
    ]),
    ...titled(
      'rights',
      rightsLines(rights).map((line) => (line.startsWith(' ') ? `  ${printableLine(line)}` : printableLine(line))),
    ),
    ...titled('images', [
      ...named.map(printableLine),
      ...computed.map((text) => `${printableLine(text)}  computed for each instance`),
    ]),
    ...titled(
      'sbom',
      sboms.map(
        ({ digest, isOwn }) => `${digest}  ${isOwn ? 'equals the content' : 'of another writer, not verified'}`,
      ),
    ),
    ...titled(
      'files',
      files.map(({ path }) => path),
    ),
  ];
}

const titled = (title: string, lines: readonly string[]): string[] =>
  lines.map((line, index) => `  ${(index === 0 ? title : '').padEnd(10)}${line}`);
