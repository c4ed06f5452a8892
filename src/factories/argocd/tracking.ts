import { Cel, defineFactory, requireKnown } from '../../compose/index.ts';

/** How Argo CD marks the objects of an application: its setting `application.resourceTrackingMethod`. */
export type TrackingMethod = 'annotation' | 'label' | 'both';

/** Options of `argocdTracking`. */
export interface TrackingOptions {
  /** Default `annotation`, as in Argo CD. */
  readonly by?: TrackingMethod;
  /** Make the instance an owner, so that Argo CD shows the objects below it. Default false. */
  readonly owner?: { readonly apiVersion: string; readonly kind: string };
}

/** Metadata to spread into a resource. */
export interface TrackingMetadata {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly blockOwnerDeletion: boolean;
    readonly controller: boolean;
  }[];
}

const ANNOTATION = 'argocd.argoproj.io/tracking-id';
const LABEL = 'app.kubernetes.io/instance';

/**
 * Metadata by which Argo CD tracks the objects of an instance as parts of the instance's application: copies of the
 * marks that Argo CD wrote on the instance. An instance without it gets empty texts, which Argo CD takes as untracked.
 *
 * @example configMap({ metadata: { name: spec.name, ...argocdTracking({ by: 'both' }) }, data: {} })
 */
export const argocdTracking = defineFactory((options: TrackingOptions = {}): TrackingMetadata => {
  requireKnown('argocdTracking', 'by', options.by);
  requireKnown('argocdTracking', 'owner', options.owner);
  const { by = 'annotation', owner } = options;
  const copied = (part: 'annotations' | 'labels', key: string): string =>
    Cel.expr<string>(`schema.metadata.?${part}[${JSON.stringify(key)}].orValue("")`);
  return {
    ...(by === 'label' ? {} : { annotations: { [ANNOTATION]: copied('annotations', ANNOTATION) } }),
    ...(by === 'annotation' ? {} : { labels: { [LABEL]: copied('labels', LABEL) } }),
    ...(owner === undefined ? {} : { ownerReferences: [reference(owner)] }),
  };
});

function reference(owner: { readonly apiVersion: string; readonly kind: string }) {
  return {
    ...owner,
    name: Cel.expr<string>('schema.metadata.name'),
    uid: Cel.expr<string>('schema.metadata.uid'),
    blockOwnerDeletion: true,
    controller: false,
  };
}
