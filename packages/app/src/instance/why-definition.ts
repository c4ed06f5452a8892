import {
  type ControllerSettings,
  compileLive,
  declaredKind,
  declaresConditions,
  liveCrd,
  signatureProblem,
} from '@typekro/controller/controller';
import type { Diagnostic, KubeObject, ObjectRef } from '@typekro/kit/core';
import { count, formatDiagnostic, isJsonObject, namespacedName, objectName, refOf, listed } from '@typekro/kit/core';
import { Conversion } from '@typekro/engine/conversion';
import { CrdSchema } from '@typekro/engine/schema';
import { withCommand, type FailedCondition } from '@typekro/controller/inspect';
import { type KubernetesApi, unlessFailed } from '@typekro/kube';
import { age } from '@typekro/kit/kubernetes';
import { type Condition, Finalizers, readConditions, RefusedObject } from '@typekro/engine/runtime';
import { printable, printableLine } from '../text/output-text.ts';
import { instancesOfDefinition } from './revision-rows.ts';
import { limited } from './version-writers.ts';
import { recordedState } from './observation.ts';
import { failedConditionLines } from './why-view.ts';
import { releaseText, withdrawnText } from './without-definition.ts';

/**
 * The report of `typekro why DEFINITION`, as `-o json` prints it. A later release with the same `schemaVersion` only
 * adds fields.
 */
export interface DefinitionWhyReport {
  readonly schemaVersion: 1;
  readonly definition: ObjectRef;
  /** The kind that the definition declares. */
  readonly kind: string;
  /** `status.state`. Empty before a controller has written it. */
  readonly state: string;
  /** The last transition time of the condition `Ready` (RFC 3339). */
  readonly since?: string;
  /**
   * The conditions that are False. `Ready` is left out when another condition is False, because `Ready` repeats that
   * condition.
   */
  readonly refusals: readonly FailedCondition[];
  /** The errors of this version's compiler for the current spec. */
  readonly problems: readonly Diagnostic[];
  /** The number of instances. Absent when the user may not list them, or when the kind is not served. */
  readonly instances?: number;
  /** Instances whose state is not `ACTIVE`. */
  readonly notActive: readonly ObjectRef[];
  /** Notes on the controller, for example that it has not seen the last change or does not run. */
  readonly notes: readonly string[];
}

/** Remedies for messages of kro's controller and of TypeKro's controller. */
const REMEDIES: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [
    /CRD already exists and is not owned by KRO/,
    'another program owns the CustomResourceDefinition: declare another kind or group, or delete the CRD when nothing uses it',
  ],
  [
    /owned by another ResourceGraphDefinition/,
    'two definitions declare one kind: give this one another kind or group, or delete the other',
  ],
  [
    /breaking changes detected/,
    'keep the field that the message names, or, if no instance needs this field, set the annotation kro.run/allow-breaking-changes: "true"; typekro plan FILE shows the instances that need it',
  ],
  [
    /cannot resolve group version|no matches for kind/i,
    'install the CustomResourceDefinition of that kind, or correct apiVersion and kind of the template',
  ],
  [
    /serves only signed ones|signature of the definition/,
    'install it from a package that a publisher has signed: typekro push --sign-definitions, then typekro install; the flag --publisher-keys of the controller has the accepted keys',
  ],
  [/does not know and ignores/, 'install a controller that knows the fields, or remove them from the definition'],
];

const CORRECT_DEFINITION =
  'correct the definition as the message says, and apply it again; typekro plan FILE checks it against this cluster first';

/**
 * Explains why a definition is not served, and lists its instances that are not ACTIVE.
 *
 * @param settings the level and the feature gates of the cluster's controller; the definition is compiled with them
 */
export async function explainDefinition(
  api: KubernetesApi,
  definition: KubeObject,
  signal: AbortSignal,
  settings: ControllerSettings,
): Promise<DefinitionWhyReport> {
  const { state, ready } = recordedState(definition);
  const { name = '' } = definition.metadata;
  const spec = isJsonObject(definition.spec) ? definition.spec : {};
  const [{ graph, errors }, found] = await Promise.all([
    compileLive(api, name, spec, signal, settings),
    instancesOfDefinition(api, definition, { signal }),
  ]);
  const crd =
    graph !== undefined && CrdSchema.versions(graph.instance.crd).length > 1
      ? await unlessFailed(liveCrd(api, graph, signal))
      : undefined;
  return {
    schemaVersion: 1,
    definition: refOf(definition),
    kind: declaredKind(spec).kind,
    state,
    ...(ready?.lastTransitionTime === undefined ? {} : { since: ready.lastTransitionTime }),
    refusals: failedConditionsOf(definition),
    problems: errors,
    ...(found === undefined ? {} : { instances: found.length }),
    notActive: (found ?? []).filter((each) => !isActive(each, spec)).map(refOf),
    notes: [...notesOn(definition, errors, settings), ...(crd === undefined ? [] : unlistedVersions(crd, found ?? []))],
  };
}

/** The instances that cannot be read in each version. An API server then lists nothing in such a version. */
function unlistedVersions(crd: KubeObject, instances: readonly KubeObject[]): string[] {
  const broken = instances.flatMap((each) => {
    const { problem } = Conversion.effectOn(crd, crd, each);
    const advice = 'lists in this version fail: correct the object, or the rule';
    return problem === undefined ? [] : [`${namespacedName(each.metadata)} ${problem}; ${advice}`];
  });
  return limited(broken);
}

const isActive = (instance: KubeObject, spec: KubeObject['spec'] & object): boolean => {
  const { state, ready } = recordedState(instance);
  // Conditions that the definition declares replace the controller's conditions. In that case, only the state counts.
  return state === 'ACTIVE' && (declaresConditions(spec) || ready === undefined || ready.status !== 'False');
};

function failedConditionsOf(definition: KubeObject): FailedCondition[] {
  const failed = readConditions(definition.status?.['conditions']).filter(({ status }) => status === 'False');
  const causes = failed.filter(({ type }) => type !== 'Ready');
  return (causes.length > 0 ? causes : failed).map(({ type, reason = '', message = '' }: Condition) => {
    const known = REMEDIES.find(([pattern]) => pattern.test(message))?.[1];
    const remedy = known ?? RefusedObject.remedy(message, {}) ?? CORRECT_DEFINITION;
    return withCommand({ condition: type, reason, message, remedy });
  });
}

function notesOn(
  definition: KubeObject,
  errors: readonly Diagnostic[],
  { publisherKeys }: ControllerSettings,
): string[] {
  const conditions = readConditions(definition.status?.['conditions']);
  const { generation = 0, deletionTimestamp } = definition.metadata;
  const seen = Math.max(0, ...conditions.map(({ observedGeneration = 0 }) => observedGeneration));
  const isRefused = conditions.some(({ type, status }) => type === 'GraphAccepted' && status === 'False');
  // A deletion also raises the generation.
  const reported = deletionTimestamp === undefined ? 'an older spec' : 'the state before the deletion';
  return [
    ...(deletionTimestamp === undefined ? [] : deletionNotes(definition)),
    ...(conditions.length === 0 ? ['no controller has read the definition: check that the controller runs'] : []),
    ...(conditions.length > 0 && seen < generation
      ? [`the controller has seen generation ${seen} of ${generation}: its report is about ${reported}`]
      : []),
    ...(isRefused && errors.length === 0 && signatureProblem(definition, publisherKeys) === undefined
      ? [
          'this version of typekro finds no error in the spec; the controller may have another version, or know other kinds',
        ]
      : []),
    ...(isRefused ? [] : conditions.filter(isUnknown).map(unknownText)),
  ];
}

/**
 * Returns notes about a deletion: its start and the remaining finalizers. Adds a remedy when the finalizers of other
 * programs delay the deletion.
 */
function deletionNotes(definition: KubeObject): string[] {
  const isHeldByOthers = Finalizers.others(definition).length > 0;
  return [withdrawnText(definition), ...(isHeldByOthers ? [releaseText(definition)] : [])];
}

const isUnknown = ({ status }: Condition): boolean => status === 'Unknown';

/**
 * Conditions are Unknown while the controller works on the definition, and when an earlier condition, such as
 * `GraphAccepted`, is False.
 */
const unknownText = ({ type, message = '' }: Condition): string =>
  `${type} is not known yet${message === '' ? '' : `: ${message}`}`;

/** The maximum number of instances that are listed by name. */
const MAX_NAMED_INSTANCES = 5;

/**
 * Formats the report as lines of text: the head, the notes, each False condition with its remedy, the compiler's
 * errors, and the instances that are not ACTIVE.
 */
export function definitionWhyLines(report: DefinitionWhyReport, now: number, colour: boolean): string[] {
  const { definition, kind, state, since, refusals, problems, notes } = report;
  const changed = since === undefined ? '' : ` ${age(since, now)}`;
  const parts = [
    objectName(definition),
    state === '' ? 'no controller has written its status yet' : `${state}${changed}`,
    `kind ${kind}`,
    instancesText(report),
  ];
  const errors = problems.map((problem) => printable(formatDiagnostic(problem)));
  const isFine = state === 'Active' && refusals.length === 0 && problems.length === 0 && notes.length === 0;
  return [
    parts
      .filter((part) => part !== '')
      .map(printableLine)
      .join('   '),
    ...notes.map((note) => `note: ${printableLine(note)}`),
    ...refusals.flatMap((refusal) => ['', ...failedConditionLines(refusal, colour)]),
    ...(errors.length === 0 ? [] : ['', ...errors]),
    ...(isFine ? ['', 'nothing is wrong with the definition: the controller serves it'] : []),
    ...notActiveLines(report),
  ];
}

function instancesText({ instances, notActive }: DefinitionWhyReport): string {
  if (instances === undefined) return '';
  const served = count(instances, 'instance');
  return notActive.length === 0 ? served : `${served}, ${notActive.length} not ACTIVE`;
}

function notActiveLines({ notActive }: DefinitionWhyReport): string[] {
  if (notActive.length === 0) return [];
  const names = notActive.map(({ kind, namespace, name }) =>
    [kind.toLowerCase(), ...(namespace === undefined ? [] : [namespace]), name].join('/'),
  );
  return [
    '',
    `not ACTIVE: ${listed(names, MAX_NAMED_INSTANCES)}`,
    `   look       typekro why ${printableLine(names[0] ?? '')}`,
  ];
}
