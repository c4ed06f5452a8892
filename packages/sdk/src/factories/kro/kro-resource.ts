import type { Resource } from '../../compose/index.ts';
import { createResource, defineResourceFactory, requireKnown, resourceFactory } from '../../compose/index.ts';
import type { ApiextensionsV1, Body } from '../kubernetes/index.ts';

/** A CustomResourceDefinition, as a resource of a graph. Ready when condition `Established` is True. */
export const kroCustomResourceDefinition = resourceFactory<Body<ApiextensionsV1.CustomResourceDefinition>>(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  { readyWhen: 'self.?status.?conditions.orValue([]).exists(c, c.type == "Established" && c.status == "True")' },
);

/** The fields that kro writes into the status of every instance, in addition to the fields that the graph defines. */
export interface KroStatusFields {
  readonly state: 'IN_PROGRESS' | 'ACTIVE' | 'DELETING' | 'FAILED' | 'ERROR';
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message: string;
    readonly lastTransitionTime: string;
    readonly observedGeneration: number;
  }[];
}

/** The status that a graph defines, with kro's own fields. */
export type WithKroStatusFields<Status extends object> = Status & KroStatusFields;

/** An instance of a graph that is defined elsewhere. */
export interface KroCustomResourceInput<Spec extends object> {
  readonly id?: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
    readonly annotations?: Readonly<Record<string, string>> | undefined;
  };
  readonly spec: Spec;
  /** Resources that read this instance wait until it is ACTIVE. Default false. */
  readonly waitForReady?: boolean;
}

/**
 * An instance of another graph, as a resource of this one. The status of the instance has the fields that the other
 * graph defines, and kro's own fields.
 */
export const kroCustomResource = defineResourceFactory(
  <Spec extends object, Status extends object = Record<string, unknown>>(
    input: KroCustomResourceInput<Spec>,
  ): Resource<{ readonly spec: Spec; readonly status: WithKroStatusFields<Status> }> => {
    const { id, waitForReady, ...object } = input;
    requireKnown(input.kind, 'id', id);
    requireKnown(input.kind, 'waitForReady', waitForReady);
    const made = createResource<{ readonly spec: Spec; readonly status: WithKroStatusFields<Status> }>(
      object,
      id === undefined ? {} : { id },
    );
    return waitForReady === true ? made.withReadyWhen((self) => self.status.state === 'ACTIVE') : made;
  },
);
