import { TypeKroError, objectName, stringifyJson } from '@typekro/kit/core';
import {
  type AdoptedField,
  type Adoption,
  type BlockedNode,
  adoptionOf,
  refusedAdoptionRemedy,
} from '@typekro/app/plan';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption } from '../command.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { loadFiles } from '../plan/check-files.ts';
import { clusterTarget, planOfFiles } from '../plan/plan-of-files.ts';
import { carryOutPlan, refuseBlocked, refuseReplacement } from './apply-command.ts';
import { FURTHER_CRDS_OPTION, KUBECONFIG_OPTIONS, outputOption } from '../command-options.ts';
import { printableLine } from '@typekro/app/text';
import { SIGNS } from '../plan/printed/paint.ts';

/** The values of `--from`. */
const OWNERS = ['helm', 'flux', 'argocd', 'controller'] as const;

/** `typekro adopt FILE…`: existing objects become children of the instances in the files. */
export const adopt: Command = {
  name: 'adopt',
  description:
    'Plans the instances in the files and shows the existing objects that they would adopt, with each changed field and the field managers that lose it. Then applies the files, and the controller adopts the objects. Applies nothing when there is no such object. An adopted object keeps its UID and the values that the graph does not set. The definition is in the cluster or in the files. Objects of other instances and ApplySets are refused, unless the definition allows it with typekro.dev/adoption. Objects of a Helm release, of Flux, of Argo CD and of other controllers are refused, unless --from names the owner; this owner must release them afterwards. --dry-run applies nothing.',
  positionals: [
    {
      name: 'file',
      summary: 'YAML, JSON, TypeScript or JavaScript files with instances',
      variadic: true,
      required: true,
    },
  ],
  options: [
    {
      name: 'from',
      summary: 'owners whose objects are adopted, too: helm, flux, argocd, controller',
      value: 'owners',
      repeatable: true,
      choices: OWNERS,
    },
    { name: 'dry-run', summary: 'show what would be adopted, and apply nothing' },
    FURTHER_CRDS_OPTION,
    ...KUBECONFIG_OPTIONS,
    outputOption(),
  ],
  examples: [
    {
      command: 'typekro adopt shop.yaml --dry-run',
      summary: 'the objects that the instance would adopt, field by field',
    },
    { command: 'typekro adopt webapp.yaml shop.yaml', summary: 'with a definition that the cluster does not have yet' },
    {
      command: 'typekro adopt shop.yaml --from helm',
      summary: 'objects of a Helm release; delete the record of the release afterwards',
    },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    const allowed = allowedOwners(input);
    const dryRun = input.options['dry-run'] === true;
    const loaded = await loadFiles(context, input.positionals);
    await using target = await clusterTarget(context, input);
    // The planner has an option of the same name with another meaning (how the server checks the writes), so the
    // option of this command is removed.
    const { 'dry-run': _own, ...options } = input.options;
    const made = await planOfFiles(context, { ...input, options }, loaded, target);
    if (made === undefined) return ExitCode.diagnostics;
    const adoption = adoptionOf(made, dryRun);
    print({ data: adoption, lines: () => adoptionLines(adoption) });
    refuseBlocked(made);
    refuseOthers(adoption, allowed);
    refuseReplacement(made);
    if (dryRun || adoption.objects.length === 0) return ExitCode.ok;
    const quiet = textOption(input, 'output') !== 'text';
    return await carryOutPlan(quiet ? withoutOutput(context) : context, target, made);
  },
};

/** A context that prints nothing, so that the command's JSON or YAML output stays one document. */
const withoutOutput = (context: CommandContext): CommandContext => ({ ...context, print: () => undefined });

function allowedOwners(input: CommandInput): ReadonlySet<string> {
  const words = (textOption(input, 'from') ?? '').split(',').filter((word) => word !== '');
  const wrong = words.find((word) => !OWNERS.some((each) => each === word));
  if (wrong === undefined) return new Set(words);
  throw new TypeKroError(`--from takes ${OWNERS.join(', ')}, not "${wrong}"`, { code: 'cli/usage' });
}

/** The remedy for a node that is blocked: release the object from its owner, allow the adoption, or correct a value. */
function blockedRemedy({ node, remedy, unadopted }: BlockedNode): string {
  if (unadopted === 'owned')
    return 'release the object from the other instance, or allow the take-over in the definition: typekro.dev/adoption: NODE=take-over';
  if (unadopted === 'unowned') return `allow it in the definition: typekro.dev/adoption: ${node}=adopt`;
  return remedy ?? 'correct the field in the definition, or the value in the instance';
}

function refuseOthers({ blocked, objects }: Adoption, allowed: ReadonlySet<string>): void {
  const [first, ...more] = blocked;
  if (first !== undefined) {
    const node = first.node === '' ? '' : `${first.node} `;
    const others = more.length === 0 ? '' : `, and ${more.length} more`;
    throw new TypeKroError(`${objectName(first.instance)} cannot adopt all objects: ${node}${first.reason}${others}`, {
      code: 'adopt/blocked',
      remedy: `nothing was applied; ${blockedRemedy(first)}`,
    });
  }
  const refused = objects.find(({ refusal }) => refusal !== undefined);
  if (refused?.refusal !== undefined) {
    const { object, refusal } = refused;
    throw new TypeKroError(`the API server refuses the change of ${objectName(object)}: ${refusal}`, {
      code: 'adopt/blocked',
      remedy: `nothing was applied; ${refusedAdoptionRemedy(refusal, object)}`,
    });
  }
  const owned = objects.flatMap(({ object, owners }) => owners.map((owner) => ({ object, owner })));
  const notAllowed = owned.filter(({ owner }) => !allowed.has(owner.kind));
  if (notAllowed.length === 0) return;
  const names = notAllowed.map(({ object, owner }) => `${objectName(object)} belongs to ${owner.name}`).join('; ');
  const needed = new Set([...allowed, ...notAllowed.map(({ owner }) => owner.kind)]);
  throw new TypeKroError(names, {
    code: 'adopt/other-owner',
    remedy: `nothing was applied, because two programs would write the object; remove it from its owner, or adopt it anyway: --from ${[...needed].join(',')}`,
  });
}

/** Prints an adoption as lines: each object with its changed fields, then the other writes, then the blocked nodes. */
function adoptionLines({ objects, blocked, others }: Adoption): string[] {
  const lines = objects.flatMap(({ instance, node, object, fields, owners, refusal }) => [
    printableLine(`~ ${objectName(object)} (${node}) becomes a child of ${objectName(instance)}`),
    ...owners.map(({ name }) => `    ! ${printableLine(`belongs to ${name}, which continues to write or delete it`)}`),
    ...(refusal === undefined ? [] : [`    ! ${printableLine(`refused: ${refusal}`)}`]),
    ...fields.map((field) => `    ${printableLine(fieldText(field))}`),
    ...(fields.length === 0 && refusal === undefined ? ['    its fields do not change'] : []),
  ]);
  return [
    ...(objects.length === 0 ? ['no existing object becomes a child of these instances'] : lines),
    ...others.map(({ object, node, action }) =>
      printableLine(`${SIGNS[action]} ${objectName(object)}${node === '' ? '' : ` (${node})`} ${action}`),
    ),
    ...blocked.map(({ instance, node, reason }) =>
      printableLine(`! ${objectName(instance)}${node === '' ? '' : ` (${node})`} ${reason}`),
    ),
  ];
}

function fieldText({ path, from, to, managers }: AdoptedField): string {
  const value = (each: AdoptedField['from']) => (each === undefined ? 'nothing' : stringifyJson(each));
  const loses = managers.length === 0 ? '' : `; ${managers.join(', ')} ${managers.length === 1 ? 'loses' : 'lose'} it`;
  return `${path}: ${value(from)} → ${value(to)}${loses}`;
}
