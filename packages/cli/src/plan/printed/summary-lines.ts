import { count } from '@typekro/kit/core';
import { printableLine } from '@typekro/app/text';
import { allWrites } from '@typekro/app/plan';
import type { Plan, ObjectPlan } from '@typekro/controller/inspect';
import type { PlanView } from './object-lines.ts';

/** Returns the lines with the totals of a plan, the checks of its writes, and its limits. */
export function summaryLines(plan: Plan, { paint }: PlanView): string[] {
  const { summary, limits, source } = plan;
  const { secrets } = summary;
  const where = source.kind === 'cluster' ? `cluster ${source.name}` : `snapshot ${source.name}`;
  const version = source.version === undefined ? '' : ` (${source.version})`;
  return [
    `${paint.strong('Plan:')} ${totals(plan)}`,
    ...(plan.objects.some(isReplaced)
      ? ['  Replace: typekro apply deletes an object of the files and creates it again.']
      : []),
    ...(plan.instances.flatMap(allWrites).some(isReplaced)
      ? [
          '  Replace: typekro apply deletes an object of an instance once the new revision is served, and the controller creates it again.',
        ]
      : []),
    `  ${checkedText(summary)}${secrets === 0 ? '' : ` ${count(secrets, 'value')} of Secrets hidden.`}`,
    `  From ${where}${version}, read at ${source.readAt}.`,
    ...(source.controller === undefined
      ? []
      : [`  Decided by the rules of kro ${source.controller.kroCompatibility} (${source.controller.from}).`]),
    ...limits.map((limit) => `  ${paint.alarm('Not seen:')} ${printableLine(limit)}`),
  ];
}

const isReplaced = ({ action, refusal }: ObjectPlan): boolean => action === 'replace' && refusal === undefined;

/** Formats the totals: `3 to create, 2 to change, 0 to prune, 1 deferred.` */
export function totals({ summary, operation, definitions }: Plan): string {
  const { create, change, replace, prune, labels, refused, later, instances } = summary;
  const parts = [
    ...(operation === 'delete' ? [] : [`${create} to create`, `${change} to change`]),
    ...(replace > 0 ? [`${replace} to replace`] : []),
    ...(prune > 0 || operation === 'apply' ? [`${prune} to prune`] : []),
    ...(summary.delete > 0 || operation === 'delete' ? [`${summary.delete} to delete`] : []),
    ...(summary.orphan > 0 ? [`${summary.orphan} to leave behind`] : []),
    ...(refused > 0 ? [`${refused} refused`] : []),
    ...(instances.deferred > 0 ? [`${instances.deferred} deferred`] : []),
    ...(instances.blocked > 0 ? [`${instances.blocked} blocked`] : []),
    ...(later > 0 ? [`${count(later, 'node')} known later`] : []),
    ...(labels > 0 ? [`${labels} with new labels only`] : []),
    ...definitions.flatMap(({ name, refusal }) => (refusal === undefined ? [] : [`definition ${name} refused`])),
  ];
  return `${parts.join(', ')}.`;
}

function checkedText({ checked, prune, delete: deleted }: Plan['summary']): string {
  const deletions = prune + deleted;
  const untried = deletions === 0 ? '' : `Without a check: ${count(deletions, 'deletion')}.`;
  return [writesText(checked, untried === ''), untried].filter((text) => text !== '').join(' ');
}

function writesText({ server, rules, none }: Plan['summary']['checked'], isAll: boolean): string {
  const all = server + rules + none;
  if (all === 0) return isAll ? 'No write to check.' : '';
  if (server === all) return `Checked by dry runs of the API server: ${count(all, 'write')}.`;
  const parts = [
    ...(server > 0 ? [`${server} checked by dry runs of the API server`] : []),
    ...(rules > 0 ? [`${rules} checked by the rules of Kubernetes (not by webhooks, policies and quotas)`] : []),
    ...(none > 0 ? [`${none} not checked`] : []),
  ];
  return `Of ${count(all, 'write')}: ${parts.join(', ')}.`;
}
