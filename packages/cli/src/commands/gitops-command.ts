import { join, relative, resolve } from 'node:path';
import { type GitOpsOptions, gitOpsFiles } from '@typekro/sdk/compose';
import { noDefinition } from '../choose-definitions.ts';
import { type Command, type CommandInput, ExitCode, textOption } from '../command.ts';
import { readChecked } from '../checks/checked.ts';
import { CRD_OPTIONS } from '../checks/known-crds.ts';
import { writeFile } from '../write-file.ts';

/** `typekro gitops FILE…`: writes a folder for Kustomize, Flux and Argo CD. */
export const gitops: Command = {
  name: 'gitops',
  description:
    'Checks the definitions in the files and writes them, with the instances and other objects of the files, into a folder that `kubectl apply -k` takes. With --flux-source, the folder also has the Kustomizations of Flux. With --argocd-repo, the folder also has an Application of Argo CD and the health checks that the Application needs. Existing files with the same names are replaced. Other files are kept.',
  positionals: [
    { name: 'file', summary: 'YAML, JSON, TypeScript or JavaScript files', variadic: true, required: true },
  ],
  options: [
    { name: 'out', summary: 'the folder to write', value: 'dir', defaultValue: 'gitops' },
    {
      name: 'name',
      summary: 'name of the Argo CD Application, and first part of the names of the Flux Kustomizations',
      value: 'name',
      defaultValue: 'app',
    },
    { name: 'path', summary: 'path of the folder in the repository; that of --out by default', value: 'path' },
    { name: 'flux-source', summary: 'name of the GitRepository that holds the folder', value: 'name' },
    { name: 'argocd-repo', summary: 'URL of the repository that holds the folder', value: 'url' },
    ...CRD_OPTIONS,
  ],
  examples: [
    { command: 'typekro gitops app.yaml --out deploy', summary: 'then kubectl apply -k deploy' },
    { command: 'typekro gitops app.ts --flux-source infra --path clusters/app', summary: 'with Flux' },
  ],
  async run(context, input) {
    const { failed, graphs, graphObjects, inputs } = await readChecked(context, input);
    if (failed) return ExitCode.diagnostics;
    if (graphs.length === 0) throw noDefinition(graphObjects);
    const out = textOption(input, 'out') ?? 'gitops';
    const objects = inputs.objects.map(({ object }) => object);
    const folder = resolve(context.cwd, out);
    for (const [file, text] of Object.entries(gitOpsFiles(objects, optionsOf(input, out)))) {
      const path = join(folder, file);
      const remedy = 'use --out to name a folder that you may write to';
      await writeFile(path, text, { code: 'gitops/not-written', remedy, within: folder });
      context.print(relative(context.cwd, path));
    }
    return ExitCode.ok;
  },
};

function optionsOf(input: CommandInput, out: string): GitOpsOptions {
  const path = textOption(input, 'path') ?? out;
  const source = textOption(input, 'flux-source');
  const repoURL = textOption(input, 'argocd-repo');
  return {
    name: textOption(input, 'name') ?? 'app',
    ...(source === undefined ? {} : { flux: { source: { name: source }, path: `./${path.replace(/^\.?\//, '')}` } }),
    ...(repoURL === undefined ? {} : { argocd: { repoURL, path } }),
  };
}
