import { namespacedName } from '@typekro/kit/core';
import { printableLine } from '@typekro/app/text';
import { kindWithVersions, rightsLines } from '@typekro/app/packages';
import { formatReference } from '@typekro/oci';
import { type Command, ExitCode } from '../command.ts';
import { outputOption } from '../command-options.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { REGISTRY_OPTIONS } from '../packages/open-registry.ts';
import { type CheckedPackage, pullChecked } from '../packages/pull-checked.ts';

/** `typekro inspect REFERENCE`: prints what a package has and needs. */
export const inspect: Command = {
  name: 'inspect',
  description:
    'Reads a package from an OCI registry, verifies its digest and its content, and prints its name, version and digest, the kinds that it provides and needs, the rights that it grants, and its files. Writes nothing, and executes nothing of the package.',
  positionals: [{ name: 'reference', summary: 'oci://HOST/REPOSITORY:TAG, or …@sha256:DIGEST', required: true }],
  options: [...REGISTRY_OPTIONS, outputOption()],
  examples: [
    { command: 'typekro inspect oci://registry.example.com/platform/web-app:1.2.0', summary: 'before it is used' },
    {
      command: 'typekro inspect oci://registry.example.com/platform/web-app:1.2.0 -o json',
      summary: 'for another program',
    },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    const checked = await pullChecked(context, input, input.positionals[0] ?? '');
    const { content, reference, annotations } = checked;
    const files = content.files.map(({ path, content: bytes }) => ({ path, bytes: bytes.length }));
    print({
      data: {
        schemaVersion: 1,
        reference: formatReference(reference),
        digest: reference.digest,
        ...content.info,
        rights: { ...content.info.rights, objects: content.rights },
        annotations,
        files,
      },
      lines: () => inspectLines(checked),
    });
    return ExitCode.ok;
  },
};

function inspectLines({ content: { info, rights, graphs, files }, reference, annotations }: CheckedPackage): string[] {
  const { name, version, engine, provides, requires } = info;
  const { 'org.opencontainers.image.source': source, 'org.opencontainers.image.revision': revision } = annotations;
  const gates = engine.features.length === 0 ? '' : `, with the feature gates ${engine.features.join(', ')}`;
  const origin = [source, revision].filter((each) => each !== undefined).join(' at ');
  return [
    `${name} ${version}`,
    `  digest    ${reference.digest}`,
    ...(origin === '' ? [] : [`  source    ${printableLine(origin)}`]),
    `  needs     typekro ${engine.typekro}${gates}`,
    ...requires.map((each) => `            ${kindWithVersions(each)}`),
    ...titled('provides', [
      ...provides.map((each) => `${kindWithVersions(each)}  by the definition ${each.definition}`),
      ...graphs.map(({ metadata }) => printableLine(`the Graph ${namespacedName(metadata)}`)),
    ]),
    ...titled(
      'rights',
      rightsLines(rights).map((line) => (line.startsWith(' ') ? `  ${printableLine(line)}` : printableLine(line))),
    ),
    ...titled(
      'files',
      files.map(({ path }) => path),
    ),
  ];
}

const titled = (title: string, lines: readonly string[]): string[] =>
  lines.map((line, index) => `  ${(index === 0 ? title : '').padEnd(10)}${line}`);
