import { definitionRevisions, pinnedRevision } from '../../controller/index.ts';
import type { KubeObject } from '../../core/index.ts';
import { isJsonObject, refOf } from '../../core/index.ts';
import { graphDifferences } from '../instance/revision-difference.ts';
import { revisionHash } from '../../graph/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { readSession, systemClock } from '../../kube/index.ts';
import { age } from '../../kubernetes/index.ts';
import { connectToCluster } from '../cluster-client.ts';
import type { Command } from '../command.ts';
import { ExitCode } from '../command.ts';
import { instancesOfDefinition } from '../instance/definition-instances.ts';
import { DEFINITION_POSITIONAL, findDefinition } from '../instance/find-definition.ts';
import { INSTANCE_OPTIONS } from '../instance/observation.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { printableLine } from '../printable.ts';

/** A row of `typekro revisions`. */
interface RevisionRow {
  readonly revision: number;
  readonly created: string;
  /** True when the definition is equal to this revision, and the revision is the newest. */
  readonly current: boolean;
  /** Instances that are pinned to the revision, as `namespace/name`. */
  readonly pinned: readonly string[];
  /** The nodes and parts of the schema that differ from the previous revision. */
  readonly changes: readonly string[];
}

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
    const { client } = await connectToCluster(context, input);
    try {
      const api = readSession(client);
      const { signal } = context;
      const definition = await findDefinition(api, input.positionals[0] ?? '', signal);
      const rows = await rowsOf(api, definition, signal);
      print({
        data: { schemaVersion: 1, definition: refOf(definition), revisions: rows },
        lines: () => linesOf(definition, rows, systemClock.now()),
      });
      return ExitCode.ok;
    } finally {
      await client.close();
    }
  },
};

async function rowsOf(api: KubernetesApi, definition: KubeObject, signal: AbortSignal): Promise<RevisionRow[]> {
  const all = await definitionRevisions(api, definition.metadata.name ?? '', signal);
  const spec = isJsonObject(definition.spec) ? definition.spec : {};
  const currentHash = revisionHash(spec);
  const instances = (await instancesOfDefinition(api, definition, { metadataOnly: true, signal })) ?? [];
  return all
    .map(({ number, spec: of, object }, index): RevisionRow => {
      const before = all[index - 1]?.spec;
      return {
        revision: number,
        created: object.metadata.creationTimestamp ?? '',
        current: revisionHash(of) === currentHash && index === all.length - 1,
        pinned: instances
          .filter((instance) => pinnedRevision(instance) === number)
          .map(({ metadata: { namespace, name = '' } }) => (namespace === undefined ? name : `${namespace}/${name}`)),
        changes: before === undefined ? [] : graphDifferences(before, of),
      };
    })
    .toReversed();
}

function linesOf({ metadata: { name = '' } }: KubeObject, rows: readonly RevisionRow[], now: number): string[] {
  if (rows.length === 0) return [`${name} has no revision: its controller has not accepted it, or keeps none`];
  return rows.flatMap(({ revision, created, current, pinned, changes }) => [
    [`revision ${revision}`, `${age(created, now)} ago`, ...(current ? ['is the definition'] : [])].join('   '),
    ...(changes.length === 0 ? [] : [`   changed  ${printableLine(changes.join(', '))}`]),
    ...(pinned.length === 0 ? [] : [`   pinned   ${printableLine(pinned.join(', '))}`]),
  ]);
}
