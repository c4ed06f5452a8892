import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { JsonObject, KubeObject } from '../../core/index.ts';
import { TypeKroError } from '../../core/index.ts';
import { withoutServerFields } from '../../kubernetes/index.ts';
import type { Command, CommandContext, CommandInput } from '../command.ts';
import { ExitCode, STANDARD_INPUT, textOption } from '../command.ts';
import type { ProjectPlan } from '../init/project-files.ts';
import { projectFiles } from '../init/project-files.ts';
import { sampleInstance } from '../init/sample-instance.ts';
import { packageVersion } from '../package-version.ts';
import { shellWord } from '../shell-word.ts';
import { readChecked } from '../up/checked.ts';
import { CRD_OPTIONS } from '../up/known-crds.ts';
import { writeFile } from '../write-file.ts';

/** `typekro init [DIR]`: a project that runs at once. */
export const init: Command = {
  name: 'init',
  description:
    'Writes a project that runs at once: package.json, a composition in TypeScript with its test (or, with --from, the definition of a YAML file with an example of an instance), a workflow for CI and a README. No file is replaced: when one is there already, nothing is written.',
  positionals: [{ name: 'dir', summary: 'the folder of the project; the current one by default' }],
  options: [
    { name: 'from', summary: 'a YAML file with a ResourceGraphDefinition, or -', value: 'file' },
    { name: 'name', summary: 'name of the project; that of the folder by default', value: 'name' },
    ...CRD_OPTIONS,
  ],
  examples: [
    { command: 'typekro init my-platform && cd my-platform && npm install && npm start', summary: 'a composition' },
    { command: 'typekro init shop --from shop.rgd.yaml', summary: 'a project around a definition' },
    {
      command: 'kubectl get rgd shop -o yaml | typekro init shop --from -',
      summary: 'around a definition of a cluster',
    },
  ],
  async run(context, input) {
    const [dir = '.'] = input.positionals;
    const folder = resolve(context.cwd, dir);
    const start = await startOf(context, input);
    if (start === undefined) return ExitCode.diagnostics;
    const name = textOption(input, 'name') ?? packageName(basename(folder));
    checkName(name);
    const files = Object.entries(projectFiles({ name, version: packageVersion(), start }));
    const taken = files.map(([file]) => file).filter((file) => existsSync(join(folder, file)));
    if (taken.length > 0) {
      throw new TypeKroError(`${dir} has ${taken.join(', ')} already; nothing was written`, {
        code: 'init/exists',
        remedy: 'name another folder, as in typekro init my-platform',
      });
    }
    for (const [file, text] of files) {
      const remedy = 'name a folder that you may write';
      writeFile(join(folder, file), text, { code: 'init/not-written', remedy });
    }
    context.print(`wrote  ${files.map(([file]) => file).join(' ')}  (${files.length} files)`);
    const enter = dir === '.' ? '' : `cd ${shellWord(dir)} && `;
    context.print(`next   ${enter}npm install && npm start   # runs now, no cluster needed`);
    return ExitCode.ok;
  },
};

/** What the project begins with; undefined when the definition has errors, which are printed. */
async function startOf(context: CommandContext, input: CommandInput): Promise<ProjectPlan['start'] | undefined> {
  const from = textOption(input, 'from');
  if (from === undefined) return { kind: 'composition' };
  const { failed, graphs, inputs } = await readChecked(context, input, [from]);
  if (failed) return undefined;
  const [graph] = graphs;
  const text = inputs.texts.get(from === '-' ? STANDARD_INPUT : from);
  if (graph === undefined || text === undefined || !/\.ya?ml$|^-$/.test(from)) {
    throw new TypeKroError(`${from} is no YAML file with a ResourceGraphDefinition`, {
      code: 'init/no-definition',
      remedy: 'name a YAML file with kind: ResourceGraphDefinition, or leave --from out for a composition',
    });
  }
  const objects = inputs.objects.map(({ object }) => object);
  return { kind: 'definition', text: ownText(text, objects), instance: sampleInstance(graph) };
}

/** The text as it is; of objects that a cluster printed, without what the API server and controllers wrote. */
function ownText(text: string, objects: readonly KubeObject[]): string {
  if (objects.every(({ metadata }) => metadata.uid === undefined)) return text;
  return objects.map((object) => stringify(ownFields(object))).join('---\n');
}

function ownFields(object: KubeObject): JsonObject {
  const { finalizers: _finalizers, annotations = {}, ...metadata } = object.metadata;
  const own = Object.entries(annotations).filter(([key]) => key !== LAST_APPLIED);
  const kept = own.length === 0 ? metadata : { ...metadata, annotations: Object.fromEntries(own) };
  return withoutServerFields({ ...object, metadata: kept });
}

/** The annotation in which `kubectl apply` keeps what it sent. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/** The name of a package, made of the name of a folder. */
function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[._-]+|-+$/g, '');
  return name === '' ? 'typekro-project' : name.slice(0, 214);
}

function checkName(name: string): void {
  if (/^(?:@[a-z0-9._~-]+\/)?[a-z0-9~][a-z0-9._~-]{0,213}$/.test(name)) return;
  throw new TypeKroError(`--name ${name} is no name of a package`, {
    code: 'cli/usage',
    remedy: 'write lower-case letters, digits, "-", "_" and "."',
  });
}
