/**
 * The small formats and rules of apimachinery: API paths, quantities, times, names, label selectors, field errors,
 * object fields and conditions, and classes of failed requests. All functions are pure.
 *
 * @packageDocumentation
 */
export { age, duration, firstObserved, lastObserved } from './age.ts';
export { type FailureClass, classify, isBusy, passes } from './failure-class.ts';
export { type FieldError, fieldErrors } from './field-errors.ts';
export * from './kubernetes-version.ts';
export { labelMapMatcher, labelSelectorMatcher, labelSelectorProblems, requirementText } from './label-selector.ts';
export * from './names.ts';
export { type LabelMatcher, labelMatcher, parseSelector } from './parse-selector.ts';
export type { StatusCondition } from './object-fields.ts';
export {
  asList,
  asObject,
  asObjects,
  asText,
  asTexts,
  conditionIn,
  conditionOf,
  countAt,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  optionalAt,
  statusCondition,
  textAt,
  transitionTimeOf,
  valueAt,
  LAST_APPLIED_ANNOTATION,
  withoutServerFields,
} from './object-fields.ts';
export * from './quantity.ts';
export { ruleAllows } from './rbac-rule.ts';
export { formatMicroTime, formatTime, parseMicroTime, parseTime } from './kubernetes-time.ts';
export { webhookClientErrors } from './webhook-client-errors.ts';
export { isLaterVersion, mayBeLaterVersion, wentBack } from './resource-version.ts';
