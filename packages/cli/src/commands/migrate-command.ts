import { controllerSettings } from '@typekro/app/controllers';
import { DEFINITION_KIND, definitionRevisions, liveDefinition } from '@typekro/controller/controller';
import type { JsonObject, KubeObject, ObjectRef } from '@typekro/kit/core';
import { formatRef, objectName, parseApiVersion, refOf, TypeKroError, withGroup } from '@typekro/kit/core';
import type { ControllerInstance, DirectDeployment } from '@typekro/sdk/deploy';
import {
  findDirectDeployments,
  hasInventoryOf,
  instanceOfDeployment,
  moveToController,
  moveToDirect,
  observeMembers,
  recordRefOf,
} from '@typekro/sdk/deploy';
import { type Graph, isDefinition } from '@typekro/engine/graph';
import { type KubernetesApi, KubeError } from '@typekro/kube';
import { Failure, keys } from '@typekro/engine/runtime';
import { namedOwners, findInstance } from '@typekro/app/instance';
import { DEFINITION_OPTION, onlyDefinition } from '../choose-definitions.ts';
import { connectToCluster } from '../cluster-client.ts';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { reportPrinter } from '../instance/print-report.ts';
import type { MovedInstance, Owner } from '../migrate/migration.ts';
import {
  changedParts,
  lostInDirectMode,
  migrationReport,
  notesOf,
  refusalOfDefinition,
  refusalOfInstance,
  refusalOfPresent,
  writesOf,
} from '../migrate/migration.ts';
import { type CheckedFiles, readChecked } from '../checks/checked.ts';
import { KUBECONFIG_OPTIONS, outputOption } from '../command-options.ts';

/** The migration of one instance: its plan, and a function that carries it out. */
interface Step {
  readonly plan: MovedInstance;
  /** Makes the writes. With `isCheck`, the server checks the writes and stores nothing. */
  readonly carryOut: (isCheck: boolean) => Promise<void>;
}

interface Task {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** `typekro migrate NAME… --to kro|direct`: moves instances to another owner without changing their objects. */
export const migrate: Command = {
  name: 'migrate',
  description:
    'Moves instances between direct mode (the deployments of factory("direct")) and the controller of their definition. No object of an instance is written, deleted or created again: the inventory moves. First all instances are planned, the server checks every write, and the plan is printed; if one instance cannot move, nothing is written. --to direct needs the composition or definition in --file, because direct mode keeps it in its record; --to kro takes the definition of the cluster, which must be Active. To continue an interrupted migration, run the command again.',
  positionals: [
    {
      name: 'name',
      summary: 'instances as NAME or NAMESPACE/NAME; with --to direct also KIND/NAMESPACE/NAME',
      variadic: true,
      required: true,
    },
  ],
  options: [
    { name: 'to', summary: 'the new owner', value: 'owner', choices: ['kro', 'direct'] },
    {
      name: 'file',
      short: 'f',
      summary: 'the composition or definition that direct mode continues with',
      value: 'file',
    },
    DEFINITION_OPTION,
    { name: 'dry-run', summary: 'show the plan, let the server check the writes, and store nothing' },
    { name: 'yes', short: 'y', summary: 'do not ask; required where there is no terminal' },
    { name: 'namespace', short: 'n', summary: 'namespace of names without one', value: 'namespace' },
    ...KUBECONFIG_OPTIONS,
    outputOption(),
  ],
  examples: [
    { command: 'typekro migrate shop --to kro --dry-run', summary: 'the planned migration of a direct deployment' },
    { command: 'typekro migrate shop --to kro --yes', summary: 'the controller works on it from now on' },
    {
      command: 'typekro migrate team-a/shop --to direct --file app.ts --yes',
      summary: 'factory("direct") of app.ts works on it from now on',
    },
  ],
  async run(context, input) {
    const to = ownerOf(input);
    const dryRun = input.options['dry-run'] === true;
    const print = reportPrinter(context, input);
    const files = to === 'direct' ? await filesOf(context, input) : undefined;
    if (files?.failed === true) return ExitCode.diagnostics;
    await using connection = await connectToCluster(context, input);
    const { client, namespace: own } = connection;
    const { signal } = context;
    const steps: Step[] = [];
    for (const text of new Set(input.positionals)) {
      const { namespace, name } = placeOf(text, textOption(input, 'namespace') ?? own);
      const task = { api: client, namespace, signal };
      const only = textOption(input, 'definition');
      const step =
        files === undefined ? await stepToKro(task, name, only) : await stepToDirect(task, text, name, { files, only });
      // Two names can mean the same instance: `shop` and `team-a/shop`.
      if (!steps.some(({ plan }) => formatRef(plan.instance) === formatRef(step.plan.instance))) steps.push(step);
    }
    for (const step of steps) await checkWrites(step);
    print(migrationReport({ schemaVersion: 1, to, dryRun, instances: steps.map(({ plan }) => plan) }));
    const open = steps.filter(({ plan }) => plan.state !== 'done');
    if (dryRun || open.length === 0) return ExitCode.ok;
    if (input.options['yes'] !== true && !(await isConfirmed(context)))
      return signal.aborted ? ExitCode.interrupted : ExitCode.failed;
    for (const { plan, carryOut } of open) {
      await carryOut(false);
      if (textOption(input, 'output') === 'text') context.print(`${objectName(plan.instance)} moved`);
    }
    return ExitCode.ok;
  },
};

function ownerOf(input: CommandInput): Owner {
  const to = textOption(input, 'to');
  if (to === 'kro' || to === 'direct') return to;
  const message = to === undefined ? 'the new owner is missing' : `--to ${to} is not an owner of instances`;
  throw usageError(message, 'write --to kro or --to direct');
}

async function filesOf(context: CommandContext, input: CommandInput): Promise<CheckedFiles> {
  const file = textOption(input, 'file');
  if (file !== undefined) return readChecked(context, input, [file]);
  throw usageError(
    '--to direct needs the composition or the definition that direct mode continues with',
    'name its file: typekro migrate NAME --to direct --file app.ts',
  );
}

/** Splits an argument into the name of the instance and its namespace. */
function placeOf(text: string, fallback: string): { readonly namespace: string; readonly name: string } {
  const parts = text.split('/');
  const name = parts.at(-1) ?? '';
  return { name, namespace: parts.length > 1 ? (parts.at(-2) ?? fallback) : fallback };
}

/** Lets the server check the writes of a step. */
async function checkWrites({ plan, carryOut }: Step): Promise<void> {
  if (plan.state === 'done') return;
  try {
    await carryOut(true);
  } catch (error) {
    if (!(error instanceof KubeError) || error.status !== 403) throw error;
    const message = `the server refuses a write of the migration of ${objectName(plan.instance)}: ${error.message}`;
    throw new TypeKroError(message, { ...refusalDetails(error), cause: error });
  }
}

/** A response with status 403 means a missing right, or a refusal by a quota, a policy or a webhook. */
function refusalDetails({ status, message }: KubeError): { readonly code: string; readonly remedy: string } {
  return Failure.missingRight(status, message) === undefined
    ? {
        code: 'migrate/refused',
        remedy: 'nothing was written; the message names the quota, the policy or the webhook that refuses the write',
      }
    : { code: 'migrate/forbidden', remedy: 'nothing was written; get the missing right, or use another --context' };
}

async function stepToKro(task: Task, name: string, only: string | undefined): Promise<Step> {
  const { api, signal } = task;
  const deployment = await directDeployment(task, name, only);
  if (deployment === undefined) return doneOrMissing(task, name);
  const wanted = instanceOfDeployment(deployment);
  const definition = await api.find({ ...DEFINITION_KIND, name: deployment.definition }, { signal });
  const refused = refusalOfDefinition(definition, deployment.definition);
  if (refused !== undefined) throw refused;
  const live = await api.find(refOf(wanted), { signal });
  const isOfMigration = live !== undefined && hasInventoryOf(live, deployment.parent);
  const present = refusalOfPresent(live, isOfMigration);
  if (present !== undefined) throw present;
  const children = await childrenOf(task, recordAsInstance(wanted, deployment));
  return {
    plan: planned('kro', wanted, refOf(deployment.parent), {
      children,
      isBegun: isOfMigration,
      changed: changedParts(deployment.record.definition, definition as KubeObject),
    }),
    carryOut: (isCheck) => moveToController(api, deployment, signal, isCheck),
  };
}

/**
 * Finds the direct deployment of an instance. Throws `cli/usage` when several definitions have one and `only` names
 * none of them.
 */
async function directDeployment(
  { api, namespace, signal }: Task,
  name: string,
  only: string | undefined,
): Promise<DirectDeployment | undefined> {
  const found = await findDirectDeployments(api, name, namespace, signal, only);
  const [deployment, ...others] = found;
  if (others.length === 0) return deployment;
  throw usageError(
    `several definitions have a direct deployment ${name}`,
    `choose one: ${found.map(({ definition }) => `--definition ${definition}`).join(', ')}`,
  );
}

/** Returns the instance with the labels and annotations of the record, because they contain the inventory. */
function recordAsInstance(wanted: KubeObject, { parent }: DirectDeployment): KubeObject {
  const { labels = {}, annotations = {} } = parent.metadata;
  return { ...wanted, metadata: { ...wanted.metadata, labels, annotations } };
}

/**
 * Plans an instance that has no direct deployment. Such an instance already belongs to its controller, so nothing is
 * written. Throws `cli/no-instance` when it does not exist.
 */
async function doneOrMissing({ api, namespace, signal }: Task, name: string): Promise<Step> {
  try {
    const { instance } = await findInstance(api, `${namespace}/${name}`, namespace, signal, 'instance');
    return done(instance);
  } catch (error) {
    if (!(error instanceof TypeKroError) || error.code !== 'cli/no-instance') throw error;
    throw new TypeKroError(`there is no direct deployment ${name} in namespace ${namespace}`, {
      code: 'cli/no-instance',
      remedy:
        'name another namespace with -n; kubectl get configmap -l typekro.dev/definition -A lists all direct deployments',
    });
  }
}

/** The files that contain the definition for direct mode. */
interface DirectFiles {
  readonly files: CheckedFiles;
  /** The name of the definition in `--definition`. */
  readonly only: string | undefined;
}

async function stepToDirect(task: Task, text: string, name: string, { files, only }: DirectFiles): Promise<Step> {
  const { api, namespace, signal } = task;
  let instance: KubeObject;
  let live: KubeObject | undefined;
  try {
    ({ instance, definition: live } = await findInstance(api, text, namespace, signal, 'instance'));
  } catch (error) {
    if (!(error instanceof TypeKroError) || error.code !== 'cli/no-instance') throw error;
    const deployment = await directDeployment(task, name, only);
    if (deployment === undefined) throw error;
    return done(instanceOfDeployment(deployment));
  }
  const { kind } = instance;
  const graph = graphOfKind(instance, { files, only });
  const definition = files.inputs.objects.find(
    ({ object }) => isDefinition(object) && object.metadata.name === graph.name,
  )?.object;
  if (definition === undefined) throw new Error(`the definition of ${kind} has no object`);
  const place = instance.metadata.namespace ?? namespace;
  const moved: ControllerInstance = { graph, definition, instance, namespace: place };
  const { deletionTimestamp, finalizers = [], labels = {} } = instance.metadata;
  const isReleased = deletionTimestamp !== undefined && !finalizers.includes(keys.FINALIZER);
  if (deletionTimestamp !== undefined && !isReleased) {
    throw new TypeKroError(`${objectName(refOf(instance))} is being deleted with all of its objects`, {
      code: 'migrate/being-deleted',
      remedy: 'wait until it is deleted, and deploy it again',
    });
  }
  const refused = refusalOfInstance(instance, namedOwners(instance), labels[keys.INSTANCE_NAME_LABEL]);
  if (refused !== undefined) throw refused;
  const children = await childrenOf(task, { ...instance, metadata: withoutDeletion(instance) });
  const served = live === undefined ? undefined : await servedDefinition(task, live, instance);
  const hasRecord = (await api.find(recordRefOf(moved), { signal })) !== undefined;
  return {
    plan: planned('direct', instance, recordRefOf(moved), {
      children,
      isBegun: hasRecord || isReleased,
      changed: served === undefined ? undefined : changedParts(served, moved.definition),
      lost: lostInDirectMode(instance),
    }),
    carryOut: (isCheck) => moveToDirect(api, moved, signal, isCheck),
  };
}

/** Returns the graph of the definition in the files that declares the kind of the instance. */
function graphOfKind({ apiVersion, kind }: KubeObject, { files, only }: DirectFiles): Graph {
  const { group } = parseApiVersion(apiVersion);
  const graphs = files.graphs.filter(
    ({ instance: type, name }) => type.kind === kind && type.group === group && (only === undefined || name === only),
  );
  if (graphs.length === 0) {
    const which =
      only === undefined ? 'no definition of the file makes' : `the file has no definition ${only} that makes`;
    throw usageError(
      `${which} the kind ${withGroup(kind, group)}`,
      `name the file of the composition or definition of ${kind}`,
    );
  }
  return onlyDefinition(graphs, `several definitions of the file make the kind ${withGroup(kind, group)}`);
}

/**
 * Returns the definition that the controller uses for an instance. Because of a pin, a rollout, or an error in the
 * newest spec, this may be an earlier revision. Returns `undefined` when no revision compiles, or when the revision
 * cannot be read.
 */
async function servedDefinition(
  { api, signal }: Task,
  live: KubeObject,
  instance: KubeObject,
): Promise<JsonObject | undefined> {
  const { graph, revision } = await liveDefinition(api, live, instance, signal, await controllerSettings(api, signal));
  if (graph === undefined) return undefined;
  if (revision === 0) return live;
  const revisions = await definitionRevisions(api, live.metadata.name ?? '', signal);
  const spec = revisions.find(({ number }) => number === revision)?.spec;
  return spec === undefined ? undefined : { spec };
}

function withoutDeletion({ metadata }: KubeObject): KubeObject['metadata'] {
  const { deletionTimestamp: _deleted, ...rest } = metadata;
  return rest;
}

function planned(
  to: Owner,
  instance: KubeObject,
  record: ObjectRef,
  { children, isBegun, changed, lost = [] }: Movement,
): MovedInstance {
  const ref = refOf(instance);
  const writes = writesOf(to, ref, record);
  return {
    instance: ref,
    state: isBegun ? 'goes on' : 'moves',
    writes,
    children,
    notes: [...notesOf(to, children, changed), ...lost],
  };
}

/** The facts about an instance that its migration plan reports. */
interface Movement {
  readonly children: readonly ObjectRef[];
  /** Did an earlier run of the command begin this migration? */
  readonly isBegun: boolean;
  /**
   * The paths at which the new owner's definition differs from the former owner's definition; `undefined` when the
   * former definition is unknown.
   */
  readonly changed: readonly string[] | undefined;
  /** Sentences about settings, such as a pin, that the new owner does not keep. */
  readonly lost?: readonly string[];
}

const done = (instance: KubeObject): Step => ({
  plan: { instance: refOf(instance), state: 'done', writes: [], children: [], notes: [] },
  carryOut: () => Promise.resolve(),
});

/** Returns references to the objects in the inventory of an instance. */
async function childrenOf({ api, signal }: Task, instance: KubeObject): Promise<ObjectRef[]> {
  const { nodes } = await observeMembers({ api, instance, signal });
  return nodes.flatMap(({ objects }) => objects.map(({ object }) => object));
}

/** Asks the user on a terminal. Throws `TypeKroError` `cli/usage` without a terminal. */
async function isConfirmed(context: CommandContext): Promise<boolean> {
  const { keyboard, signal } = context;
  if (keyboard === undefined) {
    throw usageError(
      'there is no terminal for the confirmation',
      'nothing was written; write --yes to carry the plan out',
    );
  }
  context.print('Carry it out? [y]es [n]o');
  const key = await new Promise<string>((resolve) => {
    const stop = keyboard.listen((pressed) => {
      stop();
      resolve(pressed);
    });
    signal.addEventListener('abort', () => {
      stop();
      resolve('');
    });
  });
  if (key === 'y' || key === 'Y') return true;
  context.printError('nothing was written');
  return false;
}
