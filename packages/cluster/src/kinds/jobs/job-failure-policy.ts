import { goQuote } from '@typekro/kit/golang';
import { qualifiedName } from '@typekro/kit/kubernetes';
import { type Field, repeatedFields } from '../../errors/field-problems.ts';

const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const STATES = ['False', 'True', 'Unknown'];
const OPERATORS = ['In', 'NotIn'];
const MAX_RULES = 20;
const MAX_CONDITIONS = 20;
const MAX_EXIT_CODES = 255;

/** Checks the failure policy of a Job. `pod` is the specification of its pods. */
export function validateFailurePolicy(policy: Field, pod: Field): void {
  const restart = pod.text('restartPolicy');
  if (restart.value === 'OnFailure') restart.invalid('only "Never" is supported when podFailurePolicy is specified');
  policy.list('rules').hasTooMany(MAX_RULES);
  for (const rule of policy.objects('rules')) validateRule(rule, pod);
}

/** Checks a required choice. The message for a missing value lists the valid values as Go prints them. */
function checkChoice(choice: Field<string>, known: readonly string[]) {
  choice.notEmpty(`valid values: [${known.map(goQuote).join(' ')}]`);
  choice.oneOfIfSet(known);
}

function validateRule(rule: Field, pod: Field) {
  checkChoice(rule.text('action'), ACTIONS);
  const codes = rule.optional('onExitCodes');
  const conditions = rule.objects('onPodConditions');
  if (codes !== undefined) validateExitCodes(codes, pod);
  rule.list('onPodConditions').hasTooMany(MAX_CONDITIONS);
  for (const condition of conditions) {
    condition.text('type').matches(qualifiedName);
    condition.text('status').oneOf(STATES);
  }
  const { path, problems } = rule;
  if (codes !== undefined && conditions.length > 0)
    problems.invalidWithoutValue(path, 'specifying both OnExitCodes and OnPodConditions is not supported');
  if (codes === undefined && conditions.length === 0)
    problems.invalidWithoutValue(path, 'specifying one of OnExitCodes and OnPodConditions is required');
}

function validateExitCodes(codes: Field, pod: Field) {
  const [operator, name, list] = [codes.text('operator'), codes.text('containerName'), codes.list('values')];
  checkChoice(operator, OPERATORS);
  const names = ['containers', 'initContainers'].flatMap((key) =>
    pod.objects(key).map((container) => container.text('name').value),
  );
  if (name.value !== '' && !names.includes(name.value))
    name.invalid('must be one of the container or initContainer names in the pod template');
  if (list.value.length === 0) list.invalid('at least one value is required');
  list.hasTooMany(MAX_EXIT_CODES);
  const values = codes.entries('values');
  const repeated = repeatedFields(values);
  for (const value of values) {
    if (value.value === 0 && operator.value === 'In') value.invalid('must not be 0 for the In operator');
    if (repeated.has(value.path)) value.duplicate();
  }
  if (list.value.some((value, index) => index > 0 && Number(value) < Number(list.value[index - 1])))
    list.invalid('must be ordered');
}
