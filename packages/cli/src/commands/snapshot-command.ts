import { resolve } from 'node:path';
import { count, isoTime } from '@typekro/kit/core';
import { systemClock } from '@typekro/kube';
import { type Command, ExitCode } from '../command.ts';
import { controllerSettings } from '@typekro/app/controllers';
import { clusterTarget } from '../plan/plan-of-files.ts';
import { snapshotText, takeSnapshot } from '@typekro/app/plan';
import { requireFolder, writeResultFile } from '../write-file.ts';
import { KUBECONFIG_OPTIONS, LEVEL_OPTION, levelOption } from '../command-options.ts';

/** `typekro snapshot FILE`: writes one file with the parts of a cluster that plans use. */
export const snapshot: Command = {
  name: 'snapshot',
  description:
    'Reads definitions, their revisions, the CustomResourceDefinitions of the kinds that they use, all instances and the objects that they own, and all objects of kinds that definitions refer to, and writes them into one file. The values of Secrets, the literals in the templates of Secrets, and the spec fields that feed only Secrets become salted hashes, also in definitions and revisions. Long values become hashes in all other fields, too. All other data of instances and ConfigMaps is written unchanged. typekro plan --snapshot reads the file and needs neither the cluster nor its credentials.',
  positionals: [
    { name: 'file', summary: 'the file to write, in a folder that exists; - for the standard output', required: true },
  ],
  options: [LEVEL_OPTION, ...KUBECONFIG_OPTIONS],
  examples: [
    {
      command: 'typekro snapshot prod.json',
      summary: 'then, in a pull request: typekro plan app.yaml --snapshot prod.json',
    },
  ],
  async run(context, input) {
    const [file = ''] = input.positionals;
    const isOutput = file === '-';
    if (!isOutput) requireFolder(resolve(context.cwd, file), 'snapshot/not-written');
    await using target = await clusterTarget(context, input);
    const { api, namespace, source } = target;
    const { signal } = context;
    const readAt = isoTime(systemClock.now());
    const settings = await controllerSettings(api, signal, levelOption(input));
    const taken = await takeSnapshot({ api, namespace, signal, settings, source: { ...source, readAt } });
    const text = snapshotText(taken);
    if (isOutput) context.print(text.trimEnd(), 'document');
    const print = isOutput
      ? undefined
      : await writeResultFile(context, file, text, { code: 'snapshot/not-written', mode: 0o600 });
    for (const limit of taken.limits) context.printError(`not seen: ${limit}`);
    const objects = taken.kinds.reduce((sum, kind) => sum + kind.objects.length, 0);
    const written = `${count(objects, 'object')} of ${count(taken.kinds.filter((kind) => kind.objects.length > 0).length, 'kind')}, values of Secrets as hashes`;
    if (print === undefined) context.printError(written);
    else print(`${file}: ${written}`);
    return ExitCode.ok;
  },
};
