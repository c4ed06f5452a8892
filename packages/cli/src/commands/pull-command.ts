import { resolve } from 'node:path';
import { formatReference, writeFolder } from '@typekro/oci';
import { type Command, ExitCode } from '../command.ts';
import { outputOption } from '../command-options.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { REGISTRY_OPTIONS } from '../packages/open-registry.ts';
import { pullChecked } from '../packages/pull-checked.ts';
import { explainedError } from '../write-file.ts';

/** `typekro pull REFERENCE FOLDER`: writes the files of a package into a new folder. */
export const pull: Command = {
  name: 'pull',
  description:
    'Reads a package from an OCI registry, verifies its digest and its content, and writes its files into a folder that does not exist or is empty. All files appear at once, or none. kubectl apply -k FOLDER then applies the definitions with the rights that they need. Nothing of the package is executed. A tag can be moved; a reference with a digest always names the same package.',
  positionals: [
    { name: 'reference', summary: 'oci://HOST/REPOSITORY:TAG, or …@sha256:DIGEST', required: true },
    { name: 'folder', summary: 'a new or empty folder', required: true },
  ],
  options: [...REGISTRY_OPTIONS, outputOption()],
  examples: [
    {
      command: 'typekro pull oci://registry.example.com/platform/web-app:1.2.0 web-app',
      summary: 'then kubectl apply -k web-app, or typekro plan web-app/manifests',
    },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    const [target = '', folder = ''] = input.positionals;
    const { content, reference } = await pullChecked(context, input, target);
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
      data: { schemaVersion: 1, folder, reference: pinned, digest: reference.digest, ...info },
      lines: () => [`pulled ${info.name} ${info.version}  ${pinned}  into ${folder}`],
    });
    return ExitCode.ok;
  },
};
