import {
  type DefinitionRevision,
  compileLive,
  definitionRevisions,
  liveChange,
  SIGNATURE_ANNOTATION,
  signatureOf,
  signatureProblem,
} from '@typekro/controller/controller';
import { type KubeObject, isJsonObject, refOf, TypeKroError } from '@typekro/kit/core';
import { revisionHash } from '@typekro/engine/graph';
import type { KubernetesApi } from '@typekro/kube';
import { type Command, textOption } from '../../command.ts';
import { reportChange } from '../../instance/change-instance.ts';
import { CHANGE_OPTIONS, CLI_MANAGER } from '../../instance/change-report.ts';
import { controllerSettings } from '@typekro/app/controllers';
import { changeNotes } from '@typekro/app/plan';
import { DEFINITION_POSITIONAL, findDefinition, graphDifferences } from '@typekro/app/instance';
import { INSTANCE_OPTIONS } from '../../instance/report-on-instance.ts';

/** `typekro rollback DEFINITION`: restores the spec of an earlier revision. */
export const rollback: Command = {
  name: 'rollback',
  description:
    'Replaces the spec of a definition by the spec of one of its revisions. By default, this is the revision before the newest; it is the newest itself when the present spec has an error and therefore got no revision. The command does not know whether the default revision worked: choose another revision with --to. The controller gives the restored spec a new number, and all instances without a pin follow it. With the annotation typekro.dev/canary, the instances of the canary follow it before the others, as with any other revision. When another program applies the definition, for example from a repository, it reverts the rollback: roll back there. A rollback that the controller would refuse changes nothing: a schema that loses fields needs the annotation kro.run/allow-breaking-changes, as with any other change.',
  positionals: [DEFINITION_POSITIONAL],
  options: [
    {
      name: 'to',
      summary:
        'number of the revision; by default the one before the newest; the newest itself when the present spec has an error and therefore got no revision',
      value: 'number',
    },
    ...CHANGE_OPTIONS,
    ...INSTANCE_OPTIONS.filter(({ name }) => name !== 'namespace'),
  ],
  examples: [
    { command: 'typekro rollback webapps --dry-run', summary: 'what would change' },
    { command: 'typekro rollback webapps --to 3', summary: 'back to revision 3' },
  ],
  run: (context, input) =>
    reportChange(context, input, async ({ api, text, dryRun, signal }) => {
      const definition = await findDefinition(api, text, signal);
      const object = refOf(definition);
      const { number, spec, object: revision } = await chosenRevision(api, definition, textOption(input, 'to'), signal);
      const currentSpec = isJsonObject(definition.spec) ? definition.spec : {};
      const next = `typekro revisions ${object.name}`;
      const command = `typekro rollback ${object.name} --to ${number}`;
      if (revisionHash(currentSpec) === revisionHash(spec)) {
        return { object, result: 'unchanged', effect: `its spec is that of revision ${number}`, command, next };
      }
      // A signature is for one spec.
      const { [SIGNATURE_ANNOTATION]: _signature, ...others } = definition.metadata.annotations ?? {};
      const annotations = { ...others, ...signatureOf(revision) };
      const restored = { ...definition, metadata: { ...definition.metadata, annotations }, spec };
      const notes = await refuseRefused(api, restored, number, signal);
      // The update contains the resourceVersion that was read, so a concurrent change of the definition is a conflict.
      await api.update(restored, { fieldManager: CLI_MANAGER, dryRun, signal });
      const changes = graphDifferences(currentSpec, spec);
      const changed = changes.length === 0 ? '' : `; changed: ${changes.join(', ')}`;
      const effect = [`its spec becomes that of revision ${number}${changed}`, ...notes].join('; ');
      return { object, result: 'configured', effect, command, next };
    }),
};

/**
 * Refuses a rollback that the controller would refuse, for example to a revision without the version in which objects
 * are stored now. Returns what versions of instances no longer show, if the definition allows that.
 *
 * @throws TypeKroError `rollback/refused`.
 */
async function refuseRefused(
  api: KubernetesApi,
  restored: KubeObject,
  number: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { name = '' } = restored.metadata;
  const settings = await controllerSettings(api, signal);
  const { graph, errors } = await compileLive(api, name, restored.spec ?? {}, signal, settings);
  const change = graph && (await liveChange(api, restored, graph, settings, signal));
  const refusal =
    signatureProblem(restored, settings.publisherKeys) ?? (change === undefined ? errors[0]?.message : change.refusal);
  if (refusal === undefined) return changeNotes(change?.effects);
  throw new TypeKroError(`the controller would refuse revision ${number} of ${name}: ${refusal}`, {
    code: 'rollback/refused',
    remedy: 'nothing was changed; correct the definition as the message says, and look at it first: typekro plan FILE',
  });
}

/**
 * Returns the revision that the instances followed before the current spec. If the newest revision has the current spec,
 * this is the revision before the newest. Otherwise it is the newest revision: the current spec does not compile, its CRD
 * is refused, or the controller has not processed it yet.
 */
function previousRevision({ spec }: KubeObject, all: readonly DefinitionRevision[]): DefinitionRevision | undefined {
  const newest = all.at(-1);
  const isIssued = newest !== undefined && revisionHash(isJsonObject(spec) ? spec : {}) === revisionHash(newest.spec);
  return isIssued ? all.at(-2) : newest;
}

async function chosenRevision(api: KubernetesApi, definition: KubeObject, to: string | undefined, signal: AbortSignal) {
  const name = definition.metadata.name ?? '';
  const all = await definitionRevisions(api, name, signal);
  const chosen = to === undefined ? previousRevision(definition, all) : all.find(({ number }) => String(number) === to);
  if (chosen !== undefined) return chosen;
  const numbers = all.map(({ number }) => number).join(', ');
  throw new TypeKroError(to === undefined ? `${name} has no earlier revision` : `${name} has no revision ${to}`, {
    code: 'cli/usage',
    remedy:
      numbers === ''
        ? 'no revision was issued yet; correct the definition and apply it again'
        : `its revisions are ${numbers} (typekro revisions ${name} shows them)`,
  });
}
