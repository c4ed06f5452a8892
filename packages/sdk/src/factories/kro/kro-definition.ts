import { resourceFactory } from '../../compose/index.ts';
import type { ApiextensionsV1, Body } from '../kubernetes/index.ts';

/** A CustomResourceDefinition, as a resource of a graph. Ready when condition `Established` is True. */
export const kroCustomResourceDefinition = resourceFactory<Body<ApiextensionsV1.CustomResourceDefinition>>(
  'apiextensions.k8s.io/v1',
  'CustomResourceDefinition',
  {
    readyWhen: 'self.?status.?conditions.orValue([]).exists(c, c.type == "Established" && c.status == "True")',
  },
);
