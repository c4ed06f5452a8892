/**
 * The support for editors of definitions, Graphs and instances: completions, explanations, places, names, symbols,
 * hints and quick fixes. One incremental model holds the open files; each answer is a pure function of the model and a
 * position. The parser, the checker and the schemas are those of the compiler. The answers have the types of the
 * Language Server Protocol. The transport is in the folder `cli`.
 *
 * @packageDocumentation
 */
export { completionsAt } from './completion/index.ts';
export type { DiagnosticData } from './diagnostics.ts';
export { DIAGNOSTIC_SOURCE, toProtocol } from './diagnostics.ts';
export { EditorDocument, MAX_EDITED_LENGTH, openDocument } from './document.ts';
export { fixesFor } from './fixes.ts';
export { hoverAt } from './hover.ts';
export type { CompiledOutline } from './inlays.ts';
export { inlayHintsOf, LENS_COMMANDS, lensesOf, outlinesOf } from './inlays.ts';
export { definitionAt, referencesAt, renameableAt, renameAt } from './navigation.ts';
export type { ObjectField } from './object-field.ts';
export { objectFieldAt } from './object-field.ts';
export { foldingRangesOf, symbolsOf } from './outline.ts';
export { EditorText } from './text.ts';
export { TOKENS_LEGEND, tokensOf } from './tokens.ts';
export { Workspace } from './workspace.ts';
