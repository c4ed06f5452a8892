import { TypeKroError, nearestName } from '@typekro/kit/core';
import type { CommandContext } from '../command.ts';
import { clusterNames, findCluster } from './cluster-folder.ts';
import { askState } from './control-client.ts';
import { type RunningCluster, isRunning } from './start-cluster.ts';

/**
 * The error for a name that no cluster has. Its hint suggests the cluster with the most similar name, or lists all
 * clusters.
 */
export function absentCluster(env: CommandContext['env'], name: string): TypeKroError {
  const names = clusterNames(env);
  const near = nearestName(name, names);

  return new TypeKroError(`there is no cluster named "${name}"`, {
    code: 'cli/no-cluster',
    remedy:
      names.length === 0
        ? `start it: typekro cluster start ${name}`
        : `${near === undefined ? `known clusters: ${names.join(', ')}` : `did you mean ${near}?`}; typekro cluster start ${name} starts a new one`,
  });
}

/**
 * Finds a cluster that is running and responds.
 *
 * @throws TypeKroError `cli/no-cluster`, `cluster/not-running`, `cluster/no-answer` after a few seconds.
 */
export async function answeringCluster(
  context: Pick<CommandContext, 'env' | 'signal'>,
  name: string,
): Promise<RunningCluster> {
  const found = runningCluster(context, name);
  await askState(found.record, context.signal);
  return found;
}

/**
 * Finds a cluster that is running.
 *
 * @throws TypeKroError `cli/no-cluster`, `cluster/not-running`.
 */
export function runningCluster({ env }: Pick<CommandContext, 'env'>, name: string): RunningCluster {
  const found = findCluster(env, name);
  if (isRunning(found)) return found;
  if (found.state === 'absent') throw absentCluster(env, name);
  const state = { stopped: 'is stopped', starting: 'is starting or ending', crashed: 'has crashed', running: '' };
  throw new TypeKroError(`the cluster "${name}" ${state[found.state]}`, {
    code: 'cluster/not-running',
    remedy: `start it first: typekro cluster start ${name}; typekro cluster status ${name} shows more`,
  });
}
