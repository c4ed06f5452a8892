import { createResource } from '../../compose/index.ts';
import type { CommonConfig } from './common.ts';
import { given, idOf, metadataOf, simpleFactory } from './common.ts';
import type { IngressResource } from './kinds.ts';

/** The backend of a path. */
export interface IngressBackend {
  readonly service?: { readonly name: string; readonly port?: { readonly number?: number; readonly name?: string } };
  readonly resource?: object;
}

/** A rule of an Ingress. */
export interface IngressRule {
  readonly host?: string | undefined;
  readonly http?: {
    readonly paths: readonly {
      readonly path?: string;
      readonly pathType: 'Prefix' | 'Exact' | 'ImplementationSpecific';
      readonly backend: IngressBackend;
    }[];
  };
}

/** Arguments of `Ingress`. */
export interface IngressConfig extends CommonConfig {
  readonly ingressClassName?: string | undefined;
  readonly rules?: readonly IngressRule[];
  readonly tls?: readonly { readonly hosts?: readonly string[]; readonly secretName?: string }[];
  readonly defaultBackend?: IngressBackend;
}

/** An Ingress. */
export const Ingress = simpleFactory('Ingress.networking.k8s.io', (config: IngressConfig): IngressResource => {
  const { ingressClassName, rules, tls, defaultBackend } = config;
  return createResource(
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: metadataOf(config),
      spec: given({ ingressClassName, rules, tls, defaultBackend }),
    },
    idOf(config),
  ) as IngressResource;
});
