import { resolve } from 'node:path';
import { TypeKroError } from '../../core/index.ts';
import { readClusterCrds } from '../cluster-crds.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { textOption } from '../command.ts';
import { exitOfFiles, printFiles } from '../generate/report-files.ts';
import { writeFiles } from '../generate/write-files.ts';
import { count } from '../up/print-diagnostics.ts';
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
    throw new TypeKroError(`pull takes no file, and ${other} is one`, {
      code: 'cli/usage',
      remedy: 'leave the file out, or name a file "pull" as ./pull',
    });
  }
  const group = textOption(input, 'group');
  const { files, generated } = pulledCrds(await readClusterCrds(context, input), group);
  if (files.size === 0) {
    throw new TypeKroError(`the cluster has no CustomResourceDefinition${group === undefined ? '' : ` of ${group}`}`, {
      code: 'types/nothing',
      remedy:
        generated === 0
          ? 'correct --group, or choose another --context'
          : 'its kinds come from ResourceGraphDefinitions: get these instead of the kinds',
    });
  }
  const check = input.options['check'] === true;
  const changes = writeFiles(resolve(context.cwd, textOption(input, 'out') ?? 'crds'), files, { check });
  printFiles(context, changes, check);
  const others = generated === 0 ? '' : `; ${count(generated, 'kind')} of ResourceGraphDefinitions left out`;
  context.print(`${count(files.size, 'kind')}${others}`);
  return exitOfFiles(context, changes, check, 'the cluster');
}
