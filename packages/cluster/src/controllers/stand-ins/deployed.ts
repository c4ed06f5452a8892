import type { StoreEvent } from '../../store/store.ts';
import { concerns } from '../controller.ts';
import type { ControllerClient, ResourceName } from '../controller-client.ts';

/** The annotation that marks the Deployment of a controller that this cluster simulates. */
export const STAND_IN = 'typekro.dev/stand-in';

const DEPLOYMENTS: ResourceName = { group: 'apps', plural: 'deployments' };

/** Does a marked Deployment with the name of the controller have a ready pod? */
export function isDeployed(client: ControllerClient, controller: string): boolean {
  return client
    .list(DEPLOYMENTS, '')
    .some(
      ({ metadata, status }) =>
        metadata.name === controller &&
        metadata.annotations?.[STAND_IN] === 'true' &&
        Number(status?.['readyReplicas'] ?? 0) > 0,
    );
}

/** Is the event about a Deployment with the name of the controller? */
export function concernsDeployment(event: StoreEvent, controller: string): boolean {
  return concerns(event, 'apps', 'deployments') && event.stored.object.metadata.name === controller;
}
