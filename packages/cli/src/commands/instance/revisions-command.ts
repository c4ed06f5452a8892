import { definitionRevisions } from '@typekro/controller/controller';
import { type KubeObject, refOf } from '@typekro/kit/core';
import { readSession, systemClock } from '@typekro/kube';
import { age } from '@typekro/kit/kubernetes';
import { connectToCluster } from '../../cluster-client.ts';
import { type Command, ExitCode } from '../../command.ts';
import { DEFINITION_POSITIONAL, type RevisionRow, findDefinition, readPins, revisionRows } from '@typekro/app/instance';
import { INSTANCE_OPTIONS } from '../../instance/report-on-instance.ts';
import { reportPrinter } from '../../instance/print-report.ts';
import { printableLine } from '@typekro/app/text';

/** `typekro revisions DEFINITION`: lists the revisions of a definition with their changes and pinned instances. */
export const revisions: Command = {
  name: 'revisions',
  description:
    'Lists the stored revisions of a definition, newest first, each with its changes and its pinned instances. Writes nothing. `typekro rollback` restores a revision.',
  positionals: [DEFINITION_POSITIONAL],
  options: INSTANCE_OPTIONS.filter(({ name }) => name !== 'namespace'),
  examples: [
    { command: 'typekro revisions webapps', summary: 'of one definition' },
    { command: 'typekro revisions webapp -o json', summary: 'by its kind, for another program' },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    await using connection = await connectToCluster(context, input);
    const { client } = connection;
    const api = readSession(client);
    const { signal } = context;
    const definition = await findDefinition(api, input.positionals[0] ?? '', signal);
    const pinnedTo = await readPins(api, definition, signal);
    const issued = await definitionRevisions(api, definition.metadata.name ?? '', signal);
    const rows = revisionRows(definition, issued, pinnedTo);
    print({
      data: { schemaVersion: 1, definition: refOf(definition), revisions: rows },
      lines: () => linesOf(definition, rows, systemClock.now()),
    });
    return ExitCode.ok;
  },
};

function linesOf({ metadata: { name = '' } }: KubeObject, rows: readonly RevisionRow[], now: number): string[] {
  if (rows.length === 0)
    return [`${name} has no revision: its controller has not accepted the definition, or keeps no revisions`];
  return rows.flatMap(({ revision, created, current, pinned, changes }) => [
    [`revision ${revision}`, `${age(created, now)} ago`, ...(current ? ['is the definition'] : [])].join('   '),
    ...(changes.length === 0 ? [] : [`   changed  ${printableLine(changes.join(', '))}`]),
    ...(pinned.length === 0 ? [] : [`   pinned   ${printableLine(pinned.join(', '))}`]),
  ]);
}
