import { existsSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { type Diagnostic, type KubeObject, gvkOf, hasErrors } from '@typekro/kit/core';
import { GraphObject, isDefinition } from '@typekro/engine/graph';
import { ObjectKey } from '@typekro/engine/runtime';
import { type PackageParts, packagedTest, type TextFile } from '@typekro/app/packages';
import { inputPosition, type InputObject } from '@typekro/app/plan';
import { noDefinition } from '../choose-definitions.ts';
import { type CommandContext, type CommandInput, usageError } from '../command.ts';
import { readChecked } from '../checks/checked.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { shownName, statOf } from '../file-paths.ts';
import { TEST_FILE } from '../graph-test/find-test-files.ts';
import { snapshotFileOf } from '../graph-test/test-snapshot-file.ts';
import { isTestFile, manifestsIn } from '../inputs/load-inputs.ts';
import { readTextFile } from '../inputs/read-manifest.ts';

/** What the files of a package are made of. The name, the version and the needs come from the command line. */
export type LoadedParts = Omit<PackageParts, 'name' | 'version' | 'needs' | 'sign'>;

const README = /^readme\.md$/i;

/**
 * Reads and checks the files of a package, and prints all problems: definitions, Graphs, instances as examples, tests
 * and a README. Returns `undefined` when one problem is an error.
 *
 * @param crds the CustomResourceDefinitions of other packages, which the definitions may use
 * @throws TypeKroError `input/empty` without a definition and a Graph, and the codes of `readChecked`
 */
export async function loadParts(
  context: CommandContext,
  input: CommandInput,
  names: readonly string[],
  crds: readonly KubeObject[],
): Promise<LoadedParts | undefined> {
  const found = names.flatMap((name) => besides(context, name));
  const readmes = found.filter((path) => README.test(basename(path)));
  if (readmes.length > 1) throw usageError('the files have several READMEs', 'name one folder, or the files of one');
  const manifests = names
    .filter((name) => !found.includes(resolve(context.cwd, name)))
    .flatMap((name) => manifestsIn(resolve(context.cwd, name), name, (text) => context.printError(text), isTestFile))
    .map(([, name]) => name);
  if (manifests.length === 0) throw usageError('no file with a definition is named', 'name it before its tests');
  const others = crds.map((object): InputObject => ({ object, file: `${object.kind} ${object.metadata.name ?? ''}` }));
  const checked = await readChecked(context, input, manifests, (loaded) => ({
    ...loaded,
    objects: [...loaded.objects, ...others],
  }));
  const { failed, graphs, graphObjects, inputs } = checked;
  const own = inputs.objects.filter((each) => !others.includes(each));
  const kinds = new Set(graphs.map(({ instance }) => ObjectKey.groupKind(instance)));
  const isExample = (object: KubeObject): boolean => kinds.has(ObjectKey.groupKind(gvkOf(object)));
  const isPart = ({ object }: InputObject) => isDefinition(object) || GraphObject.is(object) || isExample(object);
  const problems = own.flatMap((each) => (isPart(each) ? [] : [foreign(each)]));
  // The kind of an instance is not known when its definition has errors.
  if (!failed) printDiagnostics(context, problems, inputs.texts);
  const tests = await loadTests(
    context,
    found.filter((path) => TEST_FILE.test(path)),
    graphs.map(({ name }) => name),
  );
  if (failed || problems.length > 0 || tests === undefined) return undefined;
  if (graphs.length + graphObjects.length === 0) throw noDefinition([]);
  const objects = own.map(({ object }) => object);
  const [readme] = readmes;
  return {
    definitions: graphs.flatMap((graph) => {
      const definition = objects.find((each) => isDefinition(each) && each.metadata.name === graph.name);
      return definition === undefined ? [] : [{ graph, definition }];
    }),
    graphs: graphObjects,
    examples: objects.filter(isExample),
    tests,
    readme: readme === undefined ? undefined : await readTextFile(readme, shownName(readme, context.cwd, readme)),
  };
}

/** The paths of the tests and READMEs among the names, and those in a named folder. */
function besides(context: CommandContext, name: string): string[] {
  const path = resolve(context.cwd, name);
  const isOther = (file: string): boolean => TEST_FILE.test(file) || README.test(file);
  if (statOf(path)?.isDirectory() !== true) return isOther(basename(path)) ? [path] : [];
  const entries = readdirSync(path, { withFileTypes: true }).filter((entry) => isOther(entry.name));
  // A link could lead to a file that nobody wants to publish.
  const links = entries.filter((entry) => entry.isSymbolicLink()).map((entry) => JSON.stringify(entry.name));
  if (links.length > 0)
    context.printError(
      `note: of the folder ${name}, these links are not read: ${links.join(', ')}; name one to read it`,
    );
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name: file }) => join(path, file))
    .toSorted();
}

/** The checked tests, with their definitions and snapshots in the package. Returns `undefined` when one has an error. */
async function loadTests(
  context: CommandContext,
  paths: readonly string[],
  definitions: readonly string[],
): Promise<TextFile[] | undefined> {
  if (paths.length === 0) return [];
  // The simulated cluster of tests is most of the code that the command would load.
  const { readTestFile } = await import('../graph-test/run-test-file.ts');
  const loaded = new Map<string, string>();
  let failed = false;
  for (const path of paths) {
    const file = shownName(path, context.cwd, path);
    const { before, ready } = await readTestFile(context, { path, file, inFolder: true });
    printDiagnostics(context, before.diagnostics, before.texts);
    failed ||= hasErrors(before.diagnostics);
    const definition = ready?.loaded.graph?.name;
    const why =
      ready !== undefined && ready.file.crds.length > 0
        ? 'it needs files of CustomResourceDefinitions, which a package does not have'
        : definition === undefined || !definitions.includes(definition)
          ? 'it tests no definition of the package'
          : undefined;
    if (why !== undefined || definition === undefined) {
      if (!failed) context.printError(`note: the test ${file} is left out: ${why}`);
      continue;
    }
    const name = basename(path);
    if (loaded.has(name)) throw usageError(`two tests are named ${name}`, 'give one of them another name');
    loaded.set(name, packagedTest(await readTextFile(path, file), definition));
    const snapshots = snapshotFileOf(path);
    if (existsSync(snapshots)) loaded.set(snapshotFileOf(name), await readTextFile(snapshots, snapshotFileOf(file)));
  }
  return failed ? undefined : [...loaded].map(([path, text]) => ({ path, text }));
}

function foreign(input: InputObject): Diagnostic {
  const { kind, metadata }: KubeObject = input.object;
  const source = inputPosition(input, []);
  return {
    code: 'input/not-for-a-package',
    severity: 'error',
    message: `${kind} ${metadata.name ?? ''} cannot be part of a package`,
    hint: 'a package has definitions, Graphs, and instances of its definitions as examples; put the object into a definition, or apply it on its own',
    ...(source === undefined ? {} : { source }),
  };
}
