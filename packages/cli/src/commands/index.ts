import type { CommandEntry } from '../command.ts';

/** All commands, in the order of the help text. The module of a command is loaded when the command runs. */
export const commands: readonly CommandEntry[] = [
  ...under('Write definitions', [
    {
      name: 'init',
      summary: 'make a project from a composition, a definition or manifests',
      load: () => import('./init-command.ts').then(({ init }) => init),
    },
    {
      name: 'validate',
      summary: 'check definitions without a cluster',
      load: () => import('./validate-command.ts').then(({ validate }) => validate),
    },
    {
      name: 'graph',
      summary: 'show the nodes of definitions and the dependencies between them',
      load: () => import('./graph-command.ts').then(({ graph }) => graph),
    },
    {
      name: 'render',
      summary: 'print the objects that an instance gets, without a cluster',
      load: () => import('./render-command.ts').then(({ render }) => render),
    },
    {
      name: 'explain',
      summary: 'explain a field, a kind or the code of a problem',
      load: () => import('./explain-command.ts').then(({ explain }) => explain),
    },
    {
      name: 'types',
      summary: 'print the kind of a definition as TypeScript, JSON Schema, CRD or example',
      load: () => import('./types-command.ts').then(({ types }) => types),
    },
    { name: 'fmt', summary: 'format definitions', load: () => import('./fmt-command.ts').then(({ fmt }) => fmt) },
    {
      name: 'lint',
      summary: 'check definitions; each warning is a rule that you can configure',
      load: () => import('./lint-command.ts').then(({ lint }) => lint),
    },
    {
      name: 'test',
      summary: 'run tests of definitions: objects, their order and the status, over time',
      load: () => import('./test-command.ts').then(({ test }) => test),
    },
    {
      name: 'convert',
      summary: 'make a definition or a composition from manifests',
      load: () => import('./convert-command.ts').then(({ convert }) => convert),
    },
    {
      name: 'generate',
      summary: 'write typed factories for custom kinds',
      load: () => import('./generate-command.ts').then(({ generate }) => generate),
    },
    {
      name: 'lsp',
      summary: 'check, complete and explain files in an editor (Language Server Protocol)',
      readsMany: true,
      load: () => import('./lsp-command.ts').then(({ lsp }) => lsp),
    },
  ]),
  ...under('Run', [
    {
      name: 'up',
      summary: 'run definitions on an embedded cluster',
      load: () => import('./up-command.ts').then(({ up }) => up),
    },
    {
      name: 'dev',
      summary: 'run your files here, and apply them again whenever you save',
      load: () => import('./dev-command.ts').then(({ dev }) => dev),
    },
    {
      name: 'envtest',
      summary: 'print the path of a folder with an API server for envtest, for tests in any language',
      load: () => import('./envtest-command.ts').then(({ envtest }) => envtest),
    },
    {
      name: 'cluster',
      summary: 'start, stop, fill and list named clusters that outlive the command',
      writes: true,
      load: () => import('./cluster-command.ts').then(({ cluster }) => cluster),
    },
    {
      name: 'plan',
      summary: 'show what an apply would change, for every instance, before anything changes',
      readsMany: true,
      load: () => import('./plan-command.ts').then(({ plan }) => plan),
    },
    {
      name: 'apply',
      summary: 'apply files, or exactly the changes of a saved plan',
      writes: true,
      readsMany: true,
      load: () => import('./apply-command.ts').then(({ apply }) => apply),
    },
    {
      name: 'adopt',
      summary: 'let instances take over existing objects; first shows what would change',
      writes: true,
      readsMany: true,
      load: () => import('./adopt-command.ts').then(({ adopt }) => adopt),
    },
    {
      name: 'migrate',
      summary: 'move instances between direct mode and their controller, without a write to their objects',
      writes: true,
      load: () => import('./migrate-command.ts').then(({ migrate }) => migrate),
    },
    {
      name: 'snapshot',
      summary: 'write the cluster objects that plans need into one file',
      readsMany: true,
      load: () => import('./snapshot-command.ts').then(({ snapshot }) => snapshot),
    },
  ]),
  ...under('Share definitions', [
    {
      name: 'push',
      summary: 'write definitions into an OCI registry, as a package',
      load: () => import('./push-command.ts').then(({ push }) => push),
    },
    {
      name: 'pull',
      summary: 'write the files of a package into a folder',
      load: () => import('./pull-command.ts').then(({ pull }) => pull),
    },
    {
      name: 'inspect',
      summary: 'show what a package provides, needs and may do',
      load: () => import('./inspect-command.ts').then(({ inspect }) => inspect),
    },
  ]),
  ...under('Operate', [
    {
      name: 'dashboard',
      summary: 'serve a page with the graphs and states of a cluster on this machine',
      load: () => import('./dashboard-command.ts').then(({ dashboard }) => dashboard),
    },
    {
      name: 'why',
      summary: 'explain why an instance waits, down to the one object that it waits for',
      load: () => import('./instance/why-command.ts').then(({ why }) => why),
    },
    {
      name: 'tree',
      summary: 'show the nodes of an instance and their objects',
      load: () => import('./instance/tree-command.ts').then(({ tree }) => tree),
    },
    {
      name: 'diff',
      summary: 'show differences between the objects of an instance and its graph',
      load: () => import('./instance/diff-command.ts').then(({ diff }) => diff),
    },
    {
      name: 'status',
      summary: 'show the conditions and fields of an instance, and the nodes that are not ready',
      load: () => import('./instance/status-command.ts').then(({ status }) => status),
    },
    {
      name: 'wait',
      summary: 'wait until an instance is ACTIVE, is deleted, or has a condition',
      load: () => import('./instance/wait-command.ts').then(({ wait }) => wait),
    },
    {
      name: 'events',
      summary: 'show the events of an instance, its objects and their pods',
      load: () => import('./instance/events-command.ts').then(({ events }) => events),
    },
    {
      name: 'logs',
      summary: 'print the logs of the pods behind an instance or one of its nodes',
      load: () => import('./instance/logs-command.ts').then(({ logs }) => logs),
    },
    {
      name: 'suspend',
      summary: 'let the controller write nothing for an instance',
      writes: true,
      load: () => import('./instance/suspend-command.ts').then(({ suspend }) => suspend),
    },
    {
      name: 'resume',
      summary: 'let the controller work on a suspended instance again',
      writes: true,
      load: () => import('./instance/suspend-command.ts').then(({ resume }) => resume),
    },
    {
      name: 'reconcile',
      summary: 'ask the controller for a pass over an instance or a definition now',
      writes: true,
      load: () => import('./instance/reconcile-command.ts').then(({ reconcile }) => reconcile),
    },
    {
      name: 'revisions',
      summary: 'list the revisions of a definition',
      load: () => import('./instance/revisions-command.ts').then(({ revisions }) => revisions),
    },
    {
      name: 'pin',
      summary: 'let an instance stay with one revision of its definition',
      writes: true,
      load: () => import('./instance/pin-command.ts').then(({ pin }) => pin),
    },
    {
      name: 'rollback',
      summary: 'restore an earlier revision of a definition',
      writes: true,
      load: () => import('./instance/rollback-command.ts').then(({ rollback }) => rollback),
    },
    {
      name: 'delete',
      summary: 'delete an instance; its controller deletes its objects first',
      writes: true,
      load: () => import('./instance/delete-command.ts').then(({ deleteInstance }) => deleteInstance),
    },
  ]),
  ...under('Set up a cluster', [
    {
      name: 'install',
      summary: 'install a package from a registry, or the CRDs that a controller outside the cluster needs',
      writes: true,
      readsMany: true,
      load: () => import('./install-command.ts').then(({ install }) => install),
    },
    {
      name: 'uninstall',
      summary: 'delete the definitions and rights of an installed package that nothing uses',
      writes: true,
      load: () => import('./uninstall-command.ts').then(({ uninstall }) => uninstall),
    },
    {
      name: 'bootstrap',
      summary: 'install the controller and its CRDs in a cluster, or upgrade them',
      writes: true,
      load: () => import('./bootstrap-command.ts').then(({ bootstrap }) => bootstrap),
    },
    {
      name: 'upgrade',
      summary: 'upgrade an installed package, or check how the controller of this version treats all definitions',
      writes: true,
      readsMany: true,
      load: () => import('./upgrade-command.ts').then(({ upgrade }) => upgrade),
    },
    {
      name: 'doctor',
      summary: 'check a cluster and its controller, and say what is wrong and what to do',
      readsMany: true,
      load: () => import('./doctor-command.ts').then(({ doctor }) => doctor),
    },
    {
      name: 'hand-back',
      summary: "stop the controller, so that kro's controller continues with the same objects",
      writes: true,
      load: () => import('./hand-back-command.ts').then(({ handBack }) => handBack),
    },
    {
      name: 'controller',
      summary: 'run the controller against a cluster',
      load: () => import('./controller-command.ts').then(({ controller }) => controller),
    },
    {
      name: 'rbac',
      summary: 'print the rights that definitions and Graphs need',
      load: () => import('./rbac-command.ts').then(({ rbac }) => rbac),
    },
    {
      name: 'gitops',
      summary: 'write a folder for Kustomize, Flux and Argo CD',
      load: () => import('./gitops-command.ts').then(({ gitops }) => gitops),
    },
    {
      name: 'mcp',
      summary: 'serve the read-only commands to editors and assistants (Model Context Protocol)',
      load: () => import('./mcp-command.ts').then(({ mcp }) => mcp),
    },
    {
      name: 'completion',
      summary: 'print a script that completes commands in a shell',
      load: () => import('./completion-command.ts').then(({ completion }) => completion(commands)),
    },
  ]),
];

/** The commands below one heading of the help text. */
function under(group: string, entries: readonly Omit<CommandEntry, 'group'>[]): CommandEntry[] {
  return entries.map((entry) => ({ ...entry, group }));
}
