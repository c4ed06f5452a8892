import type { JSX } from 'preact';
import { LazyView } from '../shared/lazy-view.tsx';

const load = () => import('./plan-view.tsx').then(({ PlanView }) => PlanView);

/**
 * The plan. Few visits of the page need the script of the plan, so the script is loaded when the plan is shown for the
 * first time.
 */
export function LazyPlan(): JSX.Element {
  return <LazyView load={load} what="the plan" props={{}} />;
}
