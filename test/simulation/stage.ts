import type { ControllerOptions } from '@typekro/controller/controller';
import type { KubeObject } from '@typekro/kit/core';
import type { KubeClient } from '@typekro/kube';
import type { RuledGraph } from '../../packages/testing/src/simulation/invariants.ts';
import type { KindOfPlural } from '../../packages/testing/src/simulation/ledger.ts';
import { endState, restProblems } from './end-state.ts';
import { kindOfPlural, RIG_RULES } from './rig-rules.ts';
import { rigDefinition } from './rig.ts';

/** The environment of stories: the objects at the beginning, the rules, and the checks at the end. */
export interface Stage {
  readonly name: string;
  /** Creates the objects that exist at the beginning of a run. `idle` waits until the cluster has no work left. */
  prepare(admin: KubeClient, idle: () => Promise<void>): Promise<void>;
  readonly rules: RuledGraph;
  readonly kindOf: KindOfPlural;
  /** The flags of the controller, for a run in which several processes elect a leader. */
  readonly flags: readonly string[];
  /** The options of the controller that correspond to `flags`, for a run with one process. */
  readonly controller: Partial<ControllerOptions>;
  /** The objects that are compared at the end, without times, versions and UIDs. */
  endState(admin: KubeClient): Promise<KubeObject[]>;
  /** Checks the conditions that must be true whenever no work remains. Returns the problems. */
  restProblems(admin: KubeClient): Promise<string[]>;
}

/** A stage with a definition and its instances. */
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
