import type { ClusterFacts, Conversion } from '../cluster-facts.ts';
import { type CheckResult, type Finding, checkReading, joinResults } from '../finding.ts';
import { conditionWith, targetProblem } from './webhook-target.ts';

const REMOVAL = 'set spec.conversion.strategy to None if all versions have the same fields';

/** Checks whether the conversion webhooks of the kinds that the controller reads or writes respond. */
export function checkConversions(facts: ClusterFacts): CheckResult {
  const { conversions, kindsLimit } = facts;
  const limit = kindsLimit === undefined ? [] : [kindsLimit];
  const unread = [...limit, ...('value' in conversions ? conversions.value.flatMap(unreadTarget) : [])];
  return joinResults(
    checkReading(conversions, (all) => all.flatMap((each) => conversionFindings(each, facts))),
    { findings: [], unread, isEmpty: true },
  );
}

const unreadTarget = ({ crd, target }: Conversion): string[] =>
  'state' in target && 'unread' in target.state
    ? [`endpoints of the conversion of ${crd}: ${target.state.unread}`]
    : [];

function conversionFindings(conversion: Conversion, facts: ClusterFacts): Finding[] {
  const { crd, version, storedVersions, servedVersions, target } = conversion;
  const group = crd.slice(crd.indexOf('.') + 1);
  const failure = conditionWith(`conversion webhook for ${group}/`, facts);
  const problem = targetProblem(target, { name: 'its conversion webhook', removal: REMOVAL }, failure);
  if (problem === undefined) return [];
  const others = storedVersions.filter((each) => each !== version);
  const isOnly = servedVersions.every((each) => each === version);
  const readers = isOnly ? '' : ', and clients of other versions read nothing';
  const why =
    others.length > 0
      ? `objects may be stored in ${others.join(', ')}, and the API server cannot list the kind in ${version} without their conversion`
      : `all objects are stored in ${version}, but the API server refuses an apply of objects whose managedFields name another version${readers}`;
  // If no object is stored in another version, the controller's reads need no conversion, so the problem is less
  // severe.
  const severity = problem.severity === 'error' && others.length === 0 ? 'warning' : problem.severity;
  return [{ ...problem, severity, where: `CustomResourceDefinition ${crd}`, why }];
}
