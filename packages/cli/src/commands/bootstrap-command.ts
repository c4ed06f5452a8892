import { type KubeObject, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { parseControllerFlags } from '@typekro/controller/controller';
import { systemClock } from '@typekro/kube';
import { type BootstrapReport, bootstrapLines } from '../bootstrap/bootstrap-lines.ts';
import { configuredManifests } from '../bootstrap/configured-manifests.ts';
import { type FlagTexts, flagTexts } from '../bootstrap/controller-arguments.ts';
import { isOfManifest, keptFlags, refuseInvalidFlags } from '../bootstrap/kept-flags.ts';
import type { InstalledObject } from '../bootstrap/installation.ts';
import { applyInstallation, findInstallation, pruneInstallation, waitUntilReady } from '../bootstrap/installation.ts';
import { INSTALLATION_OPTIONS, installationOf, manifestsFromInput } from '../bootstrap/manifests-from-input.ts';
import { refuseLostRights } from '../bootstrap/refuse-lost-rights.ts';
import { type ControllerDeployment, runningControllers } from '@typekro/app/controllers';
import type { ClusterWriter } from '../bootstrap/scale-down.ts';
import { inPlaceOf, stoppedKro } from '../bootstrap/take-over.ts';
import { connectToCluster } from '../cluster-client.ts';
import { type Command, type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { parseDuration } from '../parse-duration.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { writeResultFile } from '../write-file.ts';
import { yamlText } from '@typekro/app/text';
import { KUBECONFIG_OR_POD_OPTIONS, outputOption } from '../command-options.ts';

/** `typekro bootstrap`: installs the controller with its CRDs, or upgrades it. */
export const bootstrap: Command = {
  name: 'bootstrap',
  description:
    'Applies the CRDs, the namespace, the account with its rights and the Deployment of the controller, deletes objects that only an earlier version of the installation had, and waits until the controller is ready. Prints for each object whether it is created, configured, unchanged, pruned or kept. Flags of the installed controller are kept, unless --flags sets them or this version does not know them. Before anything changes, the server checks every apply and every deletion by a dry run; --dry-run ends there. A dry run cannot check objects in a namespace that does not exist. While a controller of kro runs, nothing is changed. --take-over first creates a missing namespace, so that the server checks every object. It then scales the controller of kro to 0, waits until its pods are gone, and starts the TypeKro controller with the flags of kro, except those that an installed TypeKro controller sets (docs/takeover.md). --export writes the manifests and needs no cluster.',
  positionals: [],
  options: [
    ...INSTALLATION_OPTIONS,
    {
      name: 'flags',
      summary: "flags of the controller, separated by spaces: '--kro-compatibility=0.10'",
      value: 'flags',
    },
    {
      name: 'take-over',
      summary: 'stop a running controller of kro, and start the TypeKro controller with the flags of kro',
    },
    { name: 'dry-run', summary: 'let the server check every apply and deletion, and store nothing' },
    { name: 'export', summary: 'write the manifests into a file, or - for the standard output', value: 'file' },
    {
      name: 'timeout',
      summary: 'time limit for old pods to end and new pods to become ready',
      value: 'duration',
      defaultValue: '5m',
    },
    ...KUBECONFIG_OR_POD_OPTIONS,
    outputOption(),
  ],
  examples: [
    { command: 'typekro bootstrap --image registry.example.com/typekro:1.0 --dry-run', summary: 'what would change' },
    { command: 'typekro bootstrap --image registry.example.com/typekro:1.1', summary: 'installs, or upgrades' },
    { command: 'typekro bootstrap --image registry.example.com/typekro:1.1 --take-over', summary: 'instead of kro' },
    {
      command: 'typekro bootstrap --image registry.example.com/typekro:1.1 --export typekro.yaml',
      summary: 'for GitOps',
    },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    const manifests = manifestsFromInput(input);
    const given = givenFlags(input);
    const file = textOption(input, 'export');
    if (file !== undefined) {
      refuseClusterOptions(input);
      const exported = configuredManifests(manifests, given, installationOf(input));
      refuseInvalidFlags(exported);
      return exportTo(context, file, exported);
    }
    await using connection = await connectToCluster(context, input);
    const { client } = connection;
    const timeoutMs = parseDuration(textOption(input, 'timeout') ?? '5m', '--timeout');
    const writer = { api: client, clock: systemClock, signal: context.signal, timeoutMs };
    const report = await install(context, writer, input, manifests, given);
    print({ data: report, lines: () => bootstrapLines(report) });
    return ExitCode.ok;
  },
};

/**
 * Installs the controller. A dry run first checks every apply and every deletion, so that kro's controller is stopped
 * only when this controller can be installed. Before kro's controller is stopped, a missing namespace is created and
 * the dry run is repeated, because the server cannot check objects in a missing namespace.
 */
async function install(
  context: CommandContext,
  writer: ClusterWriter,
  input: CommandInput,
  manifests: readonly KubeObject[],
  given: FlagTexts,
): Promise<BootstrapReport> {
  const { name, namespace } = installationOf(input);
  const dryRun = input.options['dry-run'] === true;
  const takesOver = input.options['take-over'] === true;
  const { found, limit } = await runningControllers(writer.api, namespace, writer.signal);
  const own = found.find((each) => each.project === 'typekro' && each.namespace === namespace && each.name === name);
  const running = found.filter((each) => each !== own && each.replicas > 0);
  refuseRunning(running, takesOver);
  const [kro = takesOver ? stoppedKro(found, own) : undefined] = running;
  const { flags, notes } = keptFlags(own, kro, given, manifests);
  const configured = configuredManifests(manifests, flags, { name, namespace });
  const objects = configured.map((object) => withReplicas(object, own?.wanted ?? 1));
  refuseInvalidFlags(objects);
  const planned = await applyInstallation(writer, objects, true);
  const takeover = kro === undefined ? undefined : { kro, account: { namespace, name }, objects };
  const rightsNotes = takeover === undefined ? [] : await refuseLostRights(writer.api, takeover, writer.signal);
  const former = await findInstallation(writer, name);
  const plannedPrunes = await pruneInstallation(writer, former.objects, objects, true);
  const lacksNamespace = planned.some(({ object, result }) => object.kind === 'Namespace' && result === 'created');
  const unchecked = `the namespace ${namespace} does not exist, so the server did not check the objects in it`;
  const report = {
    schemaVersion: 1,
    dryRun,
    controller: { namespace, name, image: textOption(input, 'image') ?? '' },
    stopped: running.map(({ object }) => refOf({ ...object, apiVersion: 'apps/v1', kind: 'Deployment' })),
    flags: [...flags.values()].filter((text) => !isOfManifest(manifests, text) && ![...given.values()].includes(text)),
    notes: [
      ...(limit === undefined ? [] : [limit]),
      ...(dryRun && lacksNamespace ? [unchecked] : []),
      ...notes,
      ...rightsNotes,
      ...former.limits,
    ],
  } as const;
  if (dryRun) return { ...report, objects: [...planned, ...plannedPrunes] };
  const [stopping] = running;
  const created = stopping !== undefined && lacksNamespace ? await createNamespace(writer, objects) : [];
  const applyAll = async (): Promise<BootstrapReport> => {
    const applied = await applyInstallation(writer, objects, false);
    const pruned = await pruneInstallation(writer, former.objects, objects, false);
    await waitUntilReady(writer, { apiVersion: 'apps/v1', kind: 'Deployment', name, namespace });
    const results = applied.map((each) => created.find(({ object }) => object.kind === each.object.kind) ?? each);
    return { ...report, objects: [...results, ...pruned] };
  };
  return stopping === undefined ? applyAll() : inPlaceOf(context, writer, stopping, applyAll);
}

/** Creates the namespace of the installation, and lets the server check the objects in it. */
async function createNamespace(
  writer: ClusterWriter,
  objects: readonly KubeObject[],
): Promise<readonly InstalledObject[]> {
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  const created = await applyInstallation(writer, namespaces, false);
  await applyInstallation(writer, objects, true);
  return created;
}

function refuseRunning(running: readonly ControllerDeployment[], takesOver: boolean): void {
  const others = running.filter(({ project }) => project === 'typekro');
  if (others.length > 0) {
    const places = others.map(placeOf).join(', ');
    const upgrades = others.map(({ namespace, name }) => `typekro bootstrap --namespace ${namespace} --name ${name}`);
    const isOne = others.length === 1;
    throw new TypeKroError(
      isOne
        ? `another installation of the controller runs: ${places}`
        : `other installations of the controller run: ${places}`,
      {
        code: 'bootstrap/other-installation',
        remedy: isOne
          ? `upgrade that one: ${upgrades.join()}; or scale it to 0 first`
          : `upgrade one of them (${upgrades.join(', or ')}), and scale the others to 0 first; or scale all of them to 0 first`,
      },
    );
  }
  const [kro] = running;
  if (kro === undefined || (takesOver && running.length === 1)) return;
  const named = running.map((each) => `${placeOf(each)} (${each.image})`).join(', ');
  const scales = running.map(({ namespace, name }) => `kubectl -n ${namespace} scale deployment ${name} --replicas=0`);
  if (running.length > 1) {
    throw new TypeKroError(`several controllers of kro run: ${named}; --take-over stops one`, {
      code: 'bootstrap/kro-runs',
      remedy: `nothing was changed; stop all but the one whose flags the TypeKro controller should take: ${scales.join(', or ')}; then run this command again with --take-over (docs/takeover.md)`,
    });
  }
  throw new TypeKroError(`a controller of kro runs: ${named}; two controllers would write the same objects`, {
    code: 'bootstrap/kro-runs',
    remedy: `nothing was changed; check its definitions: typekro upgrade --check; then let this command stop it: --take-over; or by hand: ${scales.join()}, wait until its pods are gone, and run this command again (docs/takeover.md)`,
  });
}

const placeOf = ({ namespace, name }: ControllerDeployment): string => `${namespace}/${name}`;

function givenFlags(input: CommandInput): FlagTexts {
  const words = (textOption(input, 'flags') ?? '').split(/\s+/).filter((word) => word !== '');
  const { flags, unknown } = flagTexts(words);
  // With an invalid value, the installed controller would exit at each start.
  const [wrong] = [...flags.values()].flatMap((text) => parseControllerFlags([text]).errors.filter(isAboutValue));
  const problem = unknown.length > 0 ? `the controller has no flag ${unknown[0] ?? ''}` : wrong;
  if (problem === undefined) return flags;
  throw usageError(`--flags: ${problem}`, 'typekro controller --help lists its flags');
}

/**
 * Is the error about the value of one flag? Other errors depend on several flags. `refuseInvalidFlags` checks the
 * combination of all flags later.
 */
const isAboutValue = (error: string): boolean => error.startsWith('invalid value');

/** Refuses options that have no effect on exported manifests. */
function refuseClusterOptions(input: CommandInput): void {
  const ofManifests = new Set(['export', 'flags', ...INSTALLATION_OPTIONS.map(({ name }) => name)]);
  const given = bootstrap.options.filter(({ name, defaultValue }) => {
    const value = input.options[name];
    return !ofManifests.has(name) && value !== undefined && value !== defaultValue;
  });
  if (given.length === 0) return;
  const names = given.map(({ name }) => `--${name}`).join(', ');
  throw usageError(
    `--export only writes the manifests, without a cluster: it does not take ${names}`,
    `leave out ${names}, or leave out --export`,
  );
}

/**
 * Keeps the number of replicas of an installed controller that has more than one replica. A controller that was scaled
 * to 0 gets the manifest's number of replicas.
 */
function withReplicas(object: KubeObject, replicas: number): KubeObject {
  if (object.kind !== 'Deployment' || replicas <= 1) return object;
  return { ...object, spec: { ...object.spec, replicas } };
}

async function exportTo(context: CommandContext, file: string, objects: readonly KubeObject[]): Promise<number> {
  const text = await yamlText(objects);
  if (file === '-') context.print(text, 'document');
  else {
    const print = await writeResultFile(context, file, `${text}\n`, { code: 'bootstrap/not-written' });
    const [deployment] = objects.filter(({ kind }) => kind === 'Deployment');
    const of = deployment === undefined ? '' : `, with ${objectName(refOf(deployment))}`;
    print(`${file}: ${objects.length} objects${of}`);
  }
  return ExitCode.ok;
}
