import { type JsonObject, type KubeObject, parseApiVersion, TypeKroError } from '@typekro/kit/core';

/** The place from which Argo CD reads the folder, and the namespaces of the objects. */
export interface ArgoOptions {
  /** URL of the Git repository: `https://…`, `ssh://…`, or `git@HOST:PATH`. */
  readonly repoURL: string;
  /** Path of the folder in the repository. Default `.`. */
  readonly path?: string;
  /** Branch, tag or commit. Default `HEAD`. */
  readonly targetRevision?: string;
  /** Namespace of Argo CD. Default `argocd`. */
  readonly namespace?: string;
  readonly project?: string;
  /** Namespace for objects without one. Default `default`. */
  readonly destinationNamespace?: string;
}

const REPOSITORY = /^(?:[a-z][a-z+]*:\/\/|[\w.-]+@[\w.-]+:)\S+$/;

/**
 * The Application (argoproj.io/v1alpha1).
 *
 * @throws TypeKroError `gitops/repository` for a repository that is not a URL.
 */
export function argoApplication(name: string, options: ArgoOptions): JsonObject {
  const { repoURL, path = '.', targetRevision = 'HEAD', namespace = 'argocd', project = 'default' } = options;
  if (!REPOSITORY.test(repoURL)) {
    throw new TypeKroError(`"${repoURL}" is not a URL of a Git repository, so Argo CD could not fetch the folder`, {
      code: 'gitops/repository',
      remedy: 'write e.g. https://git.example.com/infra.git or git@git.example.com:infra.git',
    });
  }
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace },
    spec: {
      project,
      source: { repoURL, path, targetRevision },
      destination: { server: 'https://kubernetes.default.svc', namespace: options.destinationNamespace ?? 'default' },
      syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['ServerSideApply=true'] },
    },
  };
}

/** The text of a health check in Lua, which Argo CD runs with the object as `obj`. */
function health(progressing: string, healthy: string, failed: string): string {
  return [
    `local hs = { status = "Progressing", message = "${progressing}" }`,
    'if obj.status ~= nil then',
    `  if obj.status.state == "${healthy}" then hs = { status = "Healthy", message = "${healthy}" } end`,
    '  for _, c in ipairs(obj.status.conditions or {}) do',
    `    if c.type == "Ready" and c.status == "False" and c.message ~= nil then hs.message = c.message end`,
    '  end',
    `  if obj.status.state == "${failed}" then hs.status = "Degraded" end`,
    'end',
    'return hs',
    '',
  ].join('\n');
}

/**
 * The part of the ConfigMap `argocd-cm` that defines the health of definitions and instances for Argo CD. Without these
 * health checks, definitions and instances count as healthy as soon as they exist, and a sync wave of Argo CD would not
 * wait for them. `instances` are those whose definitions are in the folder. The user merges this part into the existing
 * ConfigMap.
 */
export function argoHealth(options: ArgoOptions, instances: readonly KubeObject[]): JsonObject {
  const kinds = new Set(instances.map(({ apiVersion, kind }) => `${parseApiVersion(apiVersion).group}_${kind}`));
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'argocd-cm',
      namespace: options.namespace ?? 'argocd',
      labels: { 'app.kubernetes.io/name': 'argocd-cm', 'app.kubernetes.io/part-of': 'argocd' },
    },
    data: {
      'resource.customizations.health.kro.run_ResourceGraphDefinition': health(
        'waiting for the controller',
        'Active',
        'Inactive',
      ),
      ...Object.fromEntries(
        [...kinds].map((key) => [
          `resource.customizations.health.${key}`,
          health('waiting for its resources', 'ACTIVE', 'ERROR'),
        ]),
      ),
    },
  };
}
