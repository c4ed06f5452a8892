import { Cel, defineFactory, requireKnown } from '../../compose/index.ts';

/**
 * How Argo CD marks the objects of an application. The values correspond to its setting
 * `application.resourceTrackingMethod`; `both` stands for `annotation+label`.
 */
export type TrackingMethod = 'annotation' | 'label' | 'both';

/** Options of `argocdTracking`. */
export interface TrackingOptions {
  /** The tracking method of the Argo CD installation. Default `annotation`, as in Argo CD. */
  readonly by?: TrackingMethod;
  /**
   * The kind of the instance. The instance becomes an owner of the object, so that Argo CD shows the object below the
   * instance. Default: no owner.
   */
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
 * Metadata by which Argo CD tracks the objects of an instance as parts of the instance's application. It copies the
 * tracking label or annotation that Argo CD wrote on the instance. When the instance has none, the copies are empty
 * strings, and Argo CD does not track the objects.
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
