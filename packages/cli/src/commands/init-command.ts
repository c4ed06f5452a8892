import { lstatSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { TypeKroError } from '@typekro/kit/core';
import { type Command, ExitCode, textOption, usageError } from '../command.ts';
import { projectFiles } from '../init/project-files.ts';
import { projectStart } from '../init/project-start.ts';
import { packageDependency } from '../package-version.ts';
import { shellWord } from '@typekro/app/text';
import { CRD_OPTIONS } from '../checks/known-crds.ts';
import { statOf } from '../file-paths.ts';
import { writeFile } from '../write-file.ts';

/** `typekro init [DIR]`: writes a project that runs without changes. */
export const init: Command = {
  name: 'init',
  description:
    'Writes a project that runs at once: package.json, a composition in TypeScript with its test, a workflow for CI and a README. With --from, the project has a definition, a test and an example of an instance. The definition comes from a file or from the cluster, or is made from manifests, as by typekro convert. With --package, the project is an npm package: its tarball has the composition as JavaScript with types, and as manifests, and a workflow publishes both. When one of the files exists already, nothing is written.',
  positionals: [{ name: 'dir', summary: 'the folder of the project; the current one by default' }],
  options: [
    {
      name: 'from',
      summary: 'a YAML file or a folder with a definition or with manifests, -, or rgd/NAME of the cluster',
      value: 'source',
    },
    {
      name: 'package',
      summary: 'a composition as an npm package that others install, with a workflow that publishes it',
    },
    { name: 'name', summary: 'name of the project; that of the folder by default', value: 'name' },
    ...CRD_OPTIONS,
  ],
  examples: [
    { command: 'typekro init my-platform && cd my-platform && npm install && npm start', summary: 'a composition' },
    { command: 'typekro init platform --package --name @acme/platform', summary: 'a package for other teams' },
    { command: 'typekro init shop --from shop.rgd.yaml', summary: 'a project around a definition' },
    { command: 'typekro init shop --from rgd/shop --context prod', summary: 'around a definition of a cluster' },
    { command: 'helm template shop ./chart | typekro init shop --from -', summary: 'manifests become a definition' },
  ],
  async run(context, input) {
    const [dir = '.'] = input.positionals;
    const folder = resolve(context.cwd, dir);
    const name = textOption(input, 'name') ?? packageName(basename(folder));
    checkName(name);
    const start = await projectStart(context, input, name);
    if (start === undefined) return ExitCode.diagnostics;
    const files = Object.entries(projectFiles({ name, typekro: packageDependency(folder), start }));
    // Writing reports what is at the place of the folder.
    const isFolder = statOf(folder)?.isDirectory() === true;
    const taken = (isFolder ? files : [])
      .map(([file]) => file)
      .filter((file) => lstatSync(join(folder, file), { throwIfNoEntry: false }) !== undefined);
    if (taken.length > 0) {
      throw new TypeKroError(`${dir} has ${taken.join(', ')} already; nothing was written`, {
        code: 'init/exists',
        remedy: 'name another folder, as in typekro init my-platform',
      });
    }
    for (const [file, text] of files) {
      const remedy = 'name a folder that you may write';
      const isSource = start.kind === 'definition' && file === 'app.yaml';
      await writeFile(join(folder, file), text, { code: 'init/not-written', remedy, within: folder, isSource });
    }
    context.print(`wrote  ${files.map(([file]) => file).join(' ')}  (${files.length} files)`);
    const enter = dir === '.' ? '' : `cd ${shellWord(dir.startsWith('-') ? `./${dir}` : dir)} && `;
    context.print(`next   ${enter}npm install && npm start   # runs now, no cluster needed`);
    return ExitCode.ok;
  },
};

/** Makes the name of a package from the name of a folder. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|-+$/g, '');
  return name === '' ? 'typekro-project' : name.slice(0, 214);
}

function checkName(name: string): void {
  if (/^(?:@[a-z0-9._~-]+\/)?[a-z0-9~][a-z0-9._~-]{0,213}$/.test(name)) return;
  throw usageError(`--name ${name} is not a valid package name`, 'write lower-case letters, digits, "-", "_" and "."');
}
