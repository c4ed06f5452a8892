import type { CommandContext, CommandInput } from '../command.ts';
import { listClusters, showStatus, start, stop } from './life-verbs.ts';

/** A verb of `typekro cluster`. */
export interface ClusterVerb {
  readonly summary: string;
  /** The arguments in the notation of the help. */
  readonly form: string;
  readonly minArguments: number;
  readonly maxArguments: number;
  /** The options of the verb, without `output`. */
  readonly options: readonly string[];
  run(context: CommandContext, input: CommandInput, names: readonly string[]): Promise<number>;
}

/**
 * Loads the module of the verbs that read or replace the content of a cluster. The verbs `start` and `stop` do not need
 * this module.
 */
const content = () => import('./content-verbs.ts');

/** Loads the module of the verbs that disturb clients: faults, clock and restart. */
const disturbing = () => import('./disturb-verbs.ts');

const CONTEXT_OPTIONS = ['add-context', 'use-context', 'kubeconfig'];

/** The verbs by name, in the order of help. */
export const CLUSTER_VERBS: Readonly<Record<string, ClusterVerb>> = {
  start: {
    summary: 'start it; if it already runs, write its kubeconfig, and refuse other settings',
    form: '[NAME]',
    minArguments: 0,
    maxArguments: 1,
    options: [
      'data',
      'stand-in',
      'run-processes',
      'port',
      'kubernetes',
      'audit-log',
      'audit-policy',
      ...CONTEXT_OPTIONS,
    ],
    run: start,
  },
  stop: { summary: 'end it', form: '[NAME]', minArguments: 0, maxArguments: 1, options: ['all', 'delete'], run: stop },
  list: {
    summary: 'all clusters of the user',
    form: '',
    minArguments: 0,
    maxArguments: 0,
    options: [],
    run: listClusters,
  },
  status: {
    summary: 'its state; after a crash also the end of its log',
    form: '[NAME]',
    minArguments: 0,
    maxArguments: 1,
    options: [],
    run: showStatus,
  },
  kubeconfig: {
    summary: 'print its kubeconfig',
    form: '[NAME]',
    minArguments: 0,
    maxArguments: 1,
    options: CONTEXT_OPTIONS,
    run: async (...words) => (await content()).printKubeconfig(...words),
  },
  load: {
    summary: 'apply the objects of files; namespaces and CRDs come first',
    form: 'NAME FILE…',
    minArguments: 2,
    maxArguments: Number.POSITIVE_INFINITY,
    options: [],
    run: async (...words) => (await content()).loadContent(...words),
  },
  snapshot: {
    summary: 'write all its objects into a file',
    form: 'NAME FILE',
    minArguments: 2,
    maxArguments: 2,
    options: [],
    run: async (...words) => (await content()).snapshot(...words),
  },
  restore: {
    summary: 'replace all its objects by those of a snapshot',
    form: 'NAME FILE',
    minArguments: 2,
    maxArguments: 2,
    options: [],
    run: async (...words) => (await content()).restore(...words),
  },
  reset: {
    summary: 'remove all objects that a new cluster does not have',
    form: 'NAME',
    minArguments: 1,
    maxArguments: 1,
    options: [],
    run: async (...words) => (await content()).reset(...words),
  },
  faults: {
    summary: 'list, add or remove faults for its clients',
    form: 'NAME [add FILE… | remove RULE… | clear]',
    minArguments: 1,
    maxArguments: Number.POSITIVE_INFINITY,
    options: [],
    run: async (...words) => (await disturbing()).faults(...words),
  },
  clock: {
    summary: 'show its time, or move it forward',
    form: 'NAME [DURATION]',
    minArguments: 1,
    maxArguments: 2,
    options: [],
    run: async (...words) => (await disturbing()).clock(...words),
  },
  restart: {
    summary: 'cut all connections and serve again at the same address',
    form: 'NAME',
    minArguments: 1,
    maxArguments: 1,
    options: ['pause'],
    run: async (...words) => (await disturbing()).restart(...words),
  },
};
