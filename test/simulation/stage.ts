import type { ControllerOptions } from '../../src/controller/index.ts';
import type { KubeObject } from '../../src/core/index.ts';
import type { KubeClient } from '../../src/kube/index.ts';
import type { RuledGraph } from '../../src/testing/simulation/invariants.ts';
import type { KindOfPlural } from '../../src/testing/simulation/ledger.ts';
import { endState, restProblems } from './end-state.ts';
import { kindOfPlural, RIG_RULES } from './rig-rules.ts';
import { rigDefinition } from './rig.ts';

/** Where stories take place: the objects at the beginning, the rules, and what counts at the end. */
export interface Stage {
  readonly name: string;
  /** Creates the objects with which a run begins. `idle` waits until the cluster has no work. */
  prepare(admin: KubeClient, idle: () => Promise<void>): Promise<void>;
  readonly rules: RuledGraph;
  readonly kindOf: KindOfPlural;
  /** The flags of the controller in processes with an election. */
  readonly flags: readonly string[];
  /** The same options for one process. */
  readonly controller: Partial<ControllerOptions>;
  /** The objects whose content counts at the end, without times, versions and UIDs. */
  endState(admin: KubeClient): Promise<KubeObject[]>;
  /** Checks that hold for every state at rest. Returns the problems. */
  restProblems(admin: KubeClient): Promise<string[]>;
}

/** A definition and its instances. */
export const DEFINITION_STAGE: Stage = {
  name: 'definitions',
  prepare: async (admin) => void (await admin.create(rigDefinition('a'))),
  rules: RIG_RULES,
  kindOf: kindOfPlural,
  flags: ['--feature-gates=DeletionPolicy=true,PropagateWhen=true'],
  controller: { features: { deletionPolicy: true, propagateWhen: true } },
  endState,
  restProblems,
};
