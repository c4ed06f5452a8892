import { definitionRoles, graphRoles } from '@typekro/controller/controller';
import { type Diagnostic, type KubeObject, count, hasErrors, TypeKroError } from '@typekro/kit/core';
import { isDefinition } from '@typekro/engine/graph';
import { noDefinition } from '../choose-definitions.ts';
import { DEFAULT_CONTROLLER } from '@typekro/app/controllers';
import type { Command, CommandContext, CommandInput } from '../command.ts';
import { ExitCode, namesCluster, textOption, usageError } from '../command.ts';
import { readChecked } from '../checks/checked.ts';
import { CRD_OPTIONS } from '../checks/known-crds.ts';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import { yamlText } from '@typekro/app/text';

const DEFAULT_ROLE = 'typekro:definitions';

/**
 * `typekro rbac FILE…`: prints the rights that definitions and Graphs need, as YAML.
 * `packages/controller/src/controller/install/definition-roles.ts` and `graph-roles.ts` compute the rights.
 */
export const rbac: Command = {
  name: 'rbac',
  description:
    'Compiles the definitions and Graphs in the files and prints, as YAML, exactly the rights that they need. The rights of definitions are a ClusterRole. Its label adds it to the ClusterRole that the chart gives to the controller. A definition can name a ServiceAccount (annotation typekro.dev/service-account): that account then gets the rights on the resources, and the controller gets the right to impersonate it. The rights of a Graph go to the ServiceAccount that it names, in the namespaces of its objects. Name all definitions in one call: the ClusterRole has the rights of these definitions only, and replaces the ClusterRole of the same name in the cluster. With --kubeconfig or --context, a warning names each right that the cluster would lose. Warnings go to stderr.',
  positionals: [
    { name: 'file', summary: 'YAML, JSON, TypeScript or JavaScript files', variadic: true, required: true },
  ],
  options: [
    {
      name: 'name',
      summary: `name of the ClusterRole (default: ${DEFAULT_ROLE}); use another name for each set of files: a ClusterRole of the same name is replaced`,
      value: 'name',
    },
    {
      name: 'controller',
      summary: 'ServiceAccount of the controller, as namespace/name',
      value: 'account',
      defaultValue: DEFAULT_CONTROLLER,
    },
    {
      name: 'instance-service-account',
      summary:
        "value of the controller's flag --instance-service-account; rights on children become roles that you bind in each namespace",
      value: 'name',
    },
    {
      name: 'per-definition',
      summary:
        "gives each definition without a ServiceAccount its own account, definition-<name> in the controller's namespace; also prints the definition, with the annotation that names the account",
    },
    ...CRD_OPTIONS,
  ],
  examples: [
    {
      command: 'typekro rbac definitions/*.yaml | kubectl apply -f -',
      summary: 'grant exactly what these definitions need',
    },
    {
      command: 'typekro rbac --per-definition my-application.yaml | kubectl apply -f -',
      summary: 'an identity for each definition, and the definition itself',
    },
    { command: 'typekro rbac graph.yaml', summary: 'the rights of the ServiceAccount of a Graph' },
  ],
  async run(context, input) {
    const instanceServiceAccount = textOption(input, 'instance-service-account');
    const perDefinition = input.options['per-definition'] === true;
    for (const other of ['name', 'instance-service-account']) {
      if (perDefinition && textOption(input, other) !== undefined) throw conflict(other);
    }
    const [namespace = '', account = '', ...more] = (textOption(input, 'controller') ?? '').split('/');
    if (namespace === '' || account === '' || more.length > 0) {
      throw usageError(
        '--controller names no ServiceAccount',
        `write it as namespace/name, e.g. ${DEFAULT_CONTROLLER}`,
      );
    }
    const { failed, graphs, graphObjects, inputs } = await readChecked(context, input);
    if (failed) return ExitCode.diagnostics;
    const objects = inputs.objects.map(({ object }) => object).filter(isDefinition);
    const definitions = graphs.flatMap((graph) => {
      const definition = objects.find(({ metadata }) => metadata.name === graph.name);
      return definition === undefined ? [] : [{ graph, definition }];
    });
    if (definitions.length === 0 && graphObjects.length === 0) throw noDefinition(graphObjects);
    const name = textOption(input, 'name') ?? DEFAULT_ROLE;
    const roles = definitionRoles(definitions, {
      name,
      controller: { namespace, name: account },
      perDefinition,
      ...(instanceServiceAccount === undefined ? {} : { instanceServiceAccount }),
    });
    const ofGraphs = graphRoles(graphObjects, { namespace, name: account });
    const isRefused = hasErrors(roles.diagnostics);
    const shared = isRefused ? undefined : roles.objects.find(({ metadata }) => metadata.name === name);
    const replaced = shared === undefined ? {} : await replacedRole(context, input, shared, definitions.length);
    const warnings = replaced.warning === undefined ? [] : [replaced.warning];
    printDiagnostics(context, [...roles.diagnostics, ...ofGraphs.diagnostics, ...warnings], inputs.texts);
    if (replaced.note !== undefined) context.printError(replaced.note);
    if (isRefused) return ExitCode.diagnostics;
    context.print(await yamlText([...roles.objects, ...ofGraphs.objects]), 'document');
    return ExitCode.ok;
  },
};

/**
 * Reports the rights that other definitions lose when the printed ClusterRole replaces the existing ClusterRole of this
 * name. When no cluster is named, or the user may not read its ClusterRole, a note says that the printed ClusterRole
 * replaces an existing ClusterRole of this name. The note is printed only for the default name, because a caller that
 * chooses a name knows which files belong to the ClusterRole.
 */
async function replacedRole(
  context: CommandContext,
  input: CommandInput,
  role: KubeObject,
  definitions: number,
): Promise<{ readonly warning?: Diagnostic; readonly note?: string }> {
  if (namesCluster(input)) {
    const lost = await (await import('../rbac/lost-rights.ts')).lostRights(context, input, role);
    if (lost === 'none') return {};
    if (lost !== 'unknown') return { warning: lost };
  }
  if (textOption(input, 'name') !== undefined) return {};
  return {
    note: `note: ClusterRole ${DEFAULT_ROLE} has the rights of ${count(definitions, 'definition')} only. If you apply it, all other definitions lose the rights that this ClusterRole gave them. Name all definitions in one call, or use --name or --per-definition`,
  };
}

const conflict = (other: string): TypeKroError =>
  new TypeKroError(`--per-definition and --${other} exclude each other`, {
    code: 'cli/usage',
    remedy:
      other === 'name'
        ? 'leave out --name: each definition has a ClusterRole typekro:definition:<name>:instances'
        : 'choose one identity: an account of each definition, or an account of each namespace',
  });
