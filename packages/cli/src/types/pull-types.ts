import { resolve } from 'node:path';
import { count, TypeKroError } from '@typekro/kit/core';
import { readClusterCrds } from '../cluster-client.ts';
import { type CommandContext, type CommandInput, textOption, usageError } from '../command.ts';
import { writeFiles, exitOfFiles, printFiles } from '../generate/write-files.ts';
import { pulledCrds } from './pulled-crds.ts';

/**
 * Runs `typekro types pull`, which writes the CustomResourceDefinitions of a cluster to a folder.
 *
 * @throws TypeKroError `cli/usage` when a file follows `pull`, `types/nothing` when the cluster has no
 *   CustomResourceDefinition to write, and the errors of an unreachable cluster
 */
export async function pullTypes(context: CommandContext, input: CommandInput): Promise<number> {
  const [, other] = input.positionals;
  if (other !== undefined) {
    throw usageError(
      `pull takes no file, and ${other} is one`,
      'leave the file out; to read a file with the name "pull", write ./pull',
    );
  }
  const group = textOption(input, 'group');
  const { files, generated } = pulledCrds(await readClusterCrds(context, input), group);
  if (files.size === 0) {
    const inGroup = group === undefined ? '' : ` of ${group}`;
    const found = generated === 0 ? '' : ' that was not made from a ResourceGraphDefinition';
    throw new TypeKroError(`the cluster has no CustomResourceDefinition${inGroup}${found}`, {
      code: 'types/nothing',
      remedy:
        generated === 0
          ? `${group === undefined ? '' : 'correct --group, or '}choose another --context`
          : 'download the ResourceGraphDefinitions instead: kubectl get rgd NAME -o yaml',
    });
  }
  const check = input.options['check'] === true;
  const changes = await writeFiles(resolve(context.cwd, textOption(input, 'out') ?? 'crds'), files, { check });
  printFiles(context, changes, check);
  const others = generated === 0 ? '' : `; ${count(generated, 'kind')} of ResourceGraphDefinitions left out`;
  context.print(`${count(files.size, 'kind')}${others}`);
  return exitOfFiles(context, changes, check, 'the cluster');
}
