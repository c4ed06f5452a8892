import { resolve } from 'node:path';
import { definedMembers } from '@typekro/kit/core';
import { formatReference, writeFolder } from '@typekro/oci';
import { type Command, ExitCode } from '../command.ts';
import { outputOption } from '../command-options.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { REGISTRY_OPTIONS } from '../packages/open-registry.ts';
import { pullChecked } from '../packages/pull-checked.ts';
import { VERIFY_OPTIONS, verifiedLines } from '../packages/signature-options.ts';
import { explainedError } from '../write-file.ts';

/** `typekro pull REFERENCE FOLDER`: writes the files of a package into a new folder. */
export const pull: Command = {
  name: 'pull',
  description:
    'Reads a package from an OCI registry, verifies its digest and its content, and writes its files into a folder that does not exist or is empty. All files appear at once, or none. kubectl apply -k FOLDER then applies the definitions with the rights that they need. Nothing of the package is executed. A tag can be moved; a reference with a digest always names the same package. With --verify-key, a package without a signature of this key at this tag is refused.',
  positionals: [
    { name: 'reference', summary: 'oci://HOST/REPOSITORY:TAG, or …@sha256:DIGEST', required: true },
    { name: 'folder', summary: 'a new or empty folder', required: true },
  ],
  options: [...VERIFY_OPTIONS, ...REGISTRY_OPTIONS, outputOption()],
  examples: [
    {
      command: 'typekro pull oci://registry.example.com/platform/web-app:1.2.0 web-app',
      summary: 'then kubectl apply -k web-app, or typekro plan web-app/manifests',
    },
    {
      command: 'typekro pull oci://registry.example.com/platform/web-app:1.2.0 web-app --verify-key cosign.pub',
      summary: 'only if it is signed with this key',
    },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    const [target = '', folder = ''] = input.positionals;
    const { content, reference, signedBy } = await pullChecked(context, input, target);
    const { info, files } = content;
    const path = resolve(context.cwd, folder);
    try {
      writeFolder(path, files, folder);
    } catch (error) {
      const remedy = 'name a folder that you may write to';
      throw explainedError(path, { code: 'oci/not-written', remedy, shown: folder }, error);
    }
    const pinned = formatReference(reference);
    print({
      data: {
        schemaVersion: 1,
        folder,
        reference: pinned,
        digest: reference.digest,
        ...definedMembers({ signedBy }),
        ...info,
      },
      lines: () => [`pulled ${info.name} ${info.version}  ${pinned}  into ${folder}`, ...verifiedLines(signedBy)],
    });
    return ExitCode.ok;
  },
};
