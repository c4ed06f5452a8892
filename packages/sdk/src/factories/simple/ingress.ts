import { type ArgumentTable, createResource } from '../../compose/index.ts';
import { type CommonConfig, COMMON, definedOnly, idOf, metadataOf, simpleFactory } from './common.ts';
import type { IngressResource } from './kinds.ts';

/** The backend of a path. */
export interface IngressBackend {
  /** A Service of the namespace, and its port by number or name. */
  readonly service?:
    | {
        readonly name: string;
        readonly port?: { readonly number?: number | undefined; readonly name?: string | undefined } | undefined;
      }
    | undefined;
  /** Another object of the namespace that serves the path: `apiGroup`, `kind` and `name`. */
  readonly resource?: object | undefined;
}

/** A rule of an Ingress. */
export interface IngressRule {
  /**
   * Host name of the requests to which the rule applies, such as `app.example.com` or `*.example.com`; every host when
   * absent.
   */
  readonly host?: string | undefined;
  /** The paths of the host, each with its backend. */
  readonly http?:
    | {
        readonly paths: readonly {
          /** Path that begins with `/`; all paths when absent. */
          readonly path?: string | undefined;
          /** The way in which `path` is compared with the path of a request. */
          readonly pathType: 'Prefix' | 'Exact' | 'ImplementationSpecific';
          /** The backend of the path. */
          readonly backend: IngressBackend;
        }[];
      }
    | undefined;
}

/** Arguments of `Ingress`. */
export interface IngressConfig extends CommonConfig {
  /** Name of the IngressClass, which names the controller; the cluster's default class when absent. */
  readonly ingressClassName?: string | undefined;
  /** Rules that route hosts and paths to backends. */
  readonly rules?: readonly IngressRule[] | undefined;
  /** Host names with the Secret of their certificate. */
  readonly tls?:
    | readonly { readonly hosts?: readonly string[] | undefined; readonly secretName?: string | undefined }[]
    | undefined;
  /** The backend of requests to which no rule applies. */
  readonly defaultBackend?: IngressBackend | undefined;
}

const ARGUMENTS: ArgumentTable<IngressConfig> = {
  ...COMMON,
  ingressClassName: 'optional',
  rules: 'optional',
  tls: 'optional',
  defaultBackend: 'optional',
};

/** An Ingress. */
export const Ingress = simpleFactory(
  'Ingress.networking.k8s.io',
  ARGUMENTS,
  (config: IngressConfig): IngressResource => {
    const { ingressClassName, rules, tls, defaultBackend } = config;
    return createResource(
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: metadataOf(config),
        spec: definedOnly({ ingressClassName, rules, tls, defaultBackend }),
      },
      idOf(config),
    ) as IngressResource;
  },
);
