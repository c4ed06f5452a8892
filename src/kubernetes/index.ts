/**
 * Kubernetes' small vocabularies, as apimachinery has them: quantities, names, labels and selectors, field errors,
 * conditions and owners of objects. Pure functions.
 *
 * @packageDocumentation
 */
export type { LabelSelectorProblem } from './label-selector.ts';
export { labelSelectorProblems } from './label-selector.ts';
export {
  configMapKey,
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  domainPath,
  envVarName,
  labelValue,
  MAX_LABEL_BYTES,
  pathSegment,
  portName,
  qualifiedName,
  wildcardSubdomain,
} from './names.ts';
export type { Quantity, QuantityFormat } from './quantity.ts';
export {
  addQuantities,
  compareQuantities,
  formatQuantity,
  isMultipleOf,
  isWholeQuantity,
  parseQuantity,
  quantityOf,
  quantityOfInteger,
  quantityToFloat,
  quantityToInteger,
  subtractQuantities,
} from './quantity.ts';
