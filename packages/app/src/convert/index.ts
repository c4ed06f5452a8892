/** Objects and definitions as compositions, and objects as definitions. Pure. */
export { objectCode, printCode, stringCode, textCode } from './composition/code.ts';
export { renamedTo } from './composition/expression-code.ts';
export { type DefinitionGraph, toComposition } from './composition/to-composition.ts';
export { parseLifts } from './lift.ts';
export { applicableObject, withoutLiveFields } from './live-fields.ts';
export { kindOfName, toDefinition } from './to-definition.ts';
