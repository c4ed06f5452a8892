/**
 * Kubernetes' small vocabularies, as apimachinery has them: quantities, names, labels and selectors, field errors,
 * conditions and owners of objects. Pure functions.
 *
 * @packageDocumentation
 */
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
