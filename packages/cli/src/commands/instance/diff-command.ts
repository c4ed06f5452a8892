import { TypeKroError } from '@typekro/kit/core';
import type { DiffReport } from '@typekro/controller/inspect';
import { type Command, ExitCode, usageError } from '../../command.ts';
import { refuseOptions } from '../../command-options.ts';
import { REGISTRY_OPTIONS } from '../../packages/open-registry.ts';
import { VERIFIED, VERIFY_OPTIONS } from '../../packages/signature-options.ts';
import { diffReport, differenceLines, withFindings } from '@typekro/app/instance';
import { INSTANCE_NODE_POSITIONAL, DECIDING_OPTIONS, reportOnInstance } from '../../instance/report-on-instance.ts';

/** `typekro diff INSTANCE[/NODE]`: prints the changes that the controller would make. Or compares two packages. */
export const diff: Command = {
  name: 'diff',
  description:
    'Compares the objects of an instance with what its graph wants, field by field, as the controller does: only fields that the graph sets are compared. Shows the owner of each differing field, what the controller will do, and the refusals of the API server (found by a dry run). Values of Secrets, and of fields that are computed from Secrets, are hidden. The exit code is 4 when there is a difference, or else 1 when some objects could not be compared. Two references of packages (oci://…) are compared with each other, without a cluster: schemas, nodes, rights, required kinds and needs, and whether a change can break existing instances. Writes nothing.',
  positionals: [
    { ...INSTANCE_NODE_POSITIONAL, summary: `${INSTANCE_NODE_POSITIONAL.summary}; or oci://… of a package` },
    { name: 'other', summary: 'oci://… of the package to compare with' },
  ],
  options: [...DECIDING_OPTIONS, ...VERIFY_OPTIONS, ...REGISTRY_OPTIONS],
  examples: [
    { command: 'typekro diff team-a/shop', summary: 'all objects of the instance' },
    { command: 'typekro diff team-a/shop/deployment -o json', summary: 'those of one node, for another program' },
    {
      command:
        'typekro diff oci://registry.example.com/platform/web-app:1.2.0 oci://registry.example.com/platform/web-app:2.0.0',
      summary: 'what a new version of a package changes',
    },
  ],
  run: async (context, input) => {
    const [one = '', other] = input.positionals;
    if (one.startsWith('oci://')) {
      return (await import('../../packages/compare-references.ts')).compareReferences(context, input, one, other);
    }
    if (other !== undefined) {
      throw usageError(
        'diff compares one instance with its graph',
        `leave out ${other}, or name two packages: oci://…`,
      );
    }
    refuseOptions(input, VERIFIED, 'packages of a registry');
    return reportOnInstance(context, input, async (observation, api) => {
      const { graph, missing } = observation;
      if (graph === undefined) {
        throw new TypeKroError(`the desired objects are not known: ${missing}`, {
          code: 'instance/no-graph',
          remedy: 'typekro why shows what is known about the instance',
        });
      }
      const data = diffReport(await withFindings(api, observation, context.signal), graph);
      return { data, lines: () => differenceLines(data), code: codeOf(data) };
    });
  },
};

/** The exit code for a difference has precedence over the code for objects that could not be compared. */
function codeOf({ changes, notCompared }: DiffReport): number {
  if (changes.length > 0) return ExitCode.drift;
  return notCompared.length > 0 ? ExitCode.failed : ExitCode.ok;
}
