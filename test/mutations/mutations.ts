import { seededChoices } from '../support/choices.ts';
import type { MutationRow } from './mutate.ts';
import { CEL } from './cel.ts';
import { CLI } from './cli.ts';
import { CLUSTER } from './cluster.ts';
import { CLUSTER_KINDS } from './cluster-kinds.ts';
import { CLUSTER_LIVES } from './cluster-lives.ts';
import { CLUSTER_STREAMS } from './cluster-streams.ts';
import { COMMANDS } from './commands.ts';
import { COMPOSE } from './compose.ts';
import { CONTROLLER } from './controller.ts';
import { CONTROLLER_DEFINITIONS } from './controller-definitions.ts';
import { CORE } from './core.ts';
import { DASHBOARD, DASHBOARD_SERVER } from './dashboard.ts';
import { DEPLOY } from './deploy.ts';
import { EXECUTE } from './execute.ts';
import { FACTORIES } from './factories.ts';
import { GOLANG } from './golang.ts';
import { GRAPH } from './graph.ts';
import { INSPECT } from './inspect.ts';
import { JAVASCRIPT } from './javascript.ts';
import { KUBE } from './kube.ts';
import { KUBERNETES } from './kubernetes.ts';
import { READINESS } from './readiness.ts';
import { RUNTIME } from './runtime.ts';
import { SCHEDULING } from './scheduling.ts';
import { SCHEMA } from './schema.ts';
import { TESTING } from './testing.ts';
import { TRANSFORM } from './transform.ts';

export interface Mutation extends MutationRow {
  readonly room: string;
}

const ROOMS: Readonly<Record<string, readonly MutationRow[]>> = {
  core: CORE,
  golang: GOLANG,
  javascript: JAVASCRIPT,
  kubernetes: KUBERNETES,
  cel: CEL,
  schema: SCHEMA,
  graph: GRAPH,
  runtime: RUNTIME,
  readiness: READINESS,
  kube: KUBE,
  inspect: INSPECT,
  execute: EXECUTE,
  controller: [...CONTROLLER, ...CONTROLLER_DEFINITIONS],
  cluster: [...CLUSTER, ...CLUSTER_KINDS, ...CLUSTER_LIVES, ...CLUSTER_STREAMS, ...SCHEDULING],
  compose: COMPOSE,
  transform: TRANSFORM,
  factories: FACTORIES,
  deploy: DEPLOY,
  testing: TESTING,
  dashboard: DASHBOARD,
  cli: [...CLI, ...COMMANDS, ...DASHBOARD_SERVER],
};

/** All mutations, room by room. Tests apply them to a copy of the source. */
export const MUTATIONS: readonly Mutation[] = Object.entries(ROOMS).flatMap(([room, rows]) =>
  rows.map((row) => ({ ...row, room })),
);

/**
 * Chooses a sample of `count` mutations by a seed. Takes one mutation of each room before it takes a second mutation of
 * a room.
 */
export function sample(seed: number, count: number): readonly Mutation[] {
  const choices = seededChoices(seed);
  const shuffled = <T>(list: readonly T[]): T[] => {
    const left = [...list];
    return list.flatMap(() => left.splice(choices.below(left.length), 1));
  };
  const rooms = shuffled(Object.keys(ROOMS)).map((room) => shuffled(MUTATIONS.filter((one) => one.room === room)));
  const rounds = Math.max(...rooms.map((rows) => rows.length));
  const inTurn = Array.from({ length: rounds }, (_, round) => rooms.flatMap((rows) => rows[round] ?? [])).flat();
  return inTurn.slice(0, count);
}
