import { refuseOtherVersion } from '@typekro/app/packages';
import { yamlText } from '@typekro/app/text';
import { keptText, safeInstallation } from '@typekro/controller/controller';
import { controllerCrds } from '@typekro/engine/graph';
import { INSTALL_MANAGER } from '../bootstrap/installation.ts';
import { connectToCluster } from '../cluster-client.ts';
import { type Command, type CommandContext, type CommandInput, ExitCode } from '../command.ts';
import { FURTHER_CRDS_OPTION, KUBECONFIG_OR_POD_OPTIONS, LEVEL_OPTION, refuseOptions } from '../command-options.ts';
import { APPLY_OPTIONS, applyPackages } from '../packages/apply-packages.ts';
import { readInstalled } from '../packages/installed-objects.ts';
import { checkLocked, readLocked } from '../packages/locked-packages.ts';
import { REGISTRY_OPTIONS } from '../packages/open-registry.ts';
import { pullChecked } from '../packages/pull-checked.ts';
import { VERIFY_OPTIONS } from '../packages/signature-options.ts';
import { clusterTarget } from '../plan/plan-of-files.ts';

const PACKAGE_OPTIONS = [...APPLY_OPTIONS, ...VERIFY_OPTIONS, ...REGISTRY_OPTIONS, FURTHER_CRDS_OPTION, LEVEL_OPTION];

/** `typekro install`: applies the CRDs of kro, for a controller outside the cluster, or a package. */
export const install: Command = {
  name: 'install',
  description:
    'With a reference: reads a package of definitions from an OCI registry, verifies its digest and its content, prints the rights that it grants and the plan of typekro plan for every live instance, and applies its definitions, Graphs and rights as typekro apply does. The packages that it needs are applied before it, in one version each that all packages accept: the installed one if it fits, or the one in typekro.lock, or the highest; a conflict is refused with the chains of packages that cause it. Nothing of a package is executed, and its examples are not applied. The objects get annotations with the name, the version and the digest of the package. A definition of another package is never replaced, and one that no package has installed only with --adopt. When a write fails, the same command does the rest. typekro.lock in the working directory gets the digests; with --locked, others than those of the file are refused. Another version than the installed one is applied by typekro upgrade, or with --locked if it is that of the file. Without a reference: applies the CustomResourceDefinitions of ResourceGraphDefinition, GraphRevision and Graph to the cluster of the kubeconfig, for a controller outside the cluster (`typekro bootstrap` installs them with the controller). Applying them again changes nothing. An installed CRD that accepts more than the CRD of this version, such as the CRD of a newer kro, is kept, with a message. With --print, the manifests are only printed to stdout.',
  positionals: [{ name: 'reference', summary: 'oci://HOST/REPOSITORY:TAG, or …@sha256:DIGEST, for a package' }],
  options: [
    ...KUBECONFIG_OR_POD_OPTIONS,
    { name: 'print', summary: 'print the manifests of the CRDs as YAML instead of applying them' },
    ...PACKAGE_OPTIONS,
  ],
  examples: [
    { command: 'typekro install --context staging', summary: 'before the first `typekro controller`' },
    {
      command: 'typekro install oci://registry.example.com/platform/web-app:1.2.0 --dry-run',
      summary: 'what the package would change, and what it may do',
    },
    {
      command: 'typekro install oci://registry.example.com/platform/web-app:1.2.0 --locked',
      summary: 'in CI: only the digest in typekro.lock',
    },
  ],
  run(context, input) {
    const [reference] = input.positionals;
    const others = reference === undefined ? PACKAGE_OPTIONS.map(({ name }) => name) : ['print'];
    refuseOptions(input, others, reference === undefined ? 'packages' : 'the CRDs of kro');
    return reference === undefined ? installCrds(context, input) : installPackage(context, input, reference);
  },
};

async function installPackage(context: CommandContext, input: CommandInput, text: string): Promise<number> {
  const checked = await pullChecked(context, input, text);
  const { info } = checked.content;
  await using target = await clusterTarget(context, input);
  const packages = await readInstalled({ api: target.api, signal: context.signal });
  const installed = packages.find(({ name }) => name === info.name);
  const { digest } = checked.reference;
  // First the lock, whose error says that a tag was moved. Its digest may replace what is installed: in CI, one command
  // serves a new cluster and a new version.
  checkLocked(context, input, await readLocked(context), [checked], []);
  if (input.options['locked'] !== true) refuseOtherVersion(installed, info, { digest, reference: text });
  return await applyPackages(context, input, target, checked, packages);
}

async function installCrds(context: CommandContext, input: CommandInput): Promise<number> {
  const objects = controllerCrds();
  if (input.options['print'] === true) {
    context.print(await yamlText(objects), 'document');
    return ExitCode.ok;
  }
  await using connection = await connectToCluster(context, input);
  const { client } = connection;
  const { apply, kept } = await safeInstallation(client, objects, context.signal);
  for (const crd of kept) context.print(keptText(crd));
  for (const object of apply) {
    await client.apply(object, { fieldManager: INSTALL_MANAGER, force: true, signal: context.signal });
    context.print(`applied ${object.kind} ${object.metadata.name ?? ''}`);
  }
  return ExitCode.ok;
}
