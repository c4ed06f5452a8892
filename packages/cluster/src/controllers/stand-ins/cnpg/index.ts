import type { StandIn } from '../../../stand-in.ts';
import { shippedDefinitions } from '../shipped-definitions.ts';
import { backups, scheduledBackups } from './backups.ts';
import { clusters } from './clusters.ts';
import { databases, poolers } from './dependents.ts';
import { GROUP } from './names.ts';

/**
 * Simulates CloudNativePG. A cluster has the same Secrets, Services, claims and pods as with the operator. No
 * PostgreSQL runs: no client can connect, and a backup has no content.
 */
export const cnpgStandIn: StandIn = {
  name: 'cnpg',
  definitions: () => shippedDefinitions(GROUP),
  kinds: [clusters, poolers, databases, backups, scheduledBackups],
};
