/**
 * Language-server features for definitions, Graphs and instances: completions, explanations, navigation, renames,
 * symbols, hints and quick fixes. One incremental model contains the open files. Each feature is a pure function of the
 * model and a position, and uses the compiler's parser, checker and schemas. The results have the types of the Language
 * Server Protocol. The transport is in the folder `cli`.
 *
 * @packageDocumentation
 */
export { completionsAt, MAX_COMPLETIONS } from './completion/index.ts';
export { type DiagnosticData, DIAGNOSTIC_SOURCE, toProtocol } from './protocol-diagnostics.ts';
export { EditorDocument, MAX_EDITED_LENGTH, openDocument } from './editor-document.ts';
export { fixesFor } from './fixes.ts';
export { hoverAt } from './hover.ts';
export { functionsNamed } from './known-functions.ts';
export { type CompiledOutline, inlayHintsOf, LENS_COMMANDS, lensesOf, outlinesOf } from './inlays.ts';
export { definitionAt, referencesAt, renameableAt, renameAt } from './navigation.ts';
export { type ObjectField, objectFieldAt } from './object-field.ts';
export { foldingRangesOf, symbolsOf, workspaceSymbols } from './document-symbols.ts';
export { signatureAt } from './signature-help.ts';
export { EditorText } from './editor-text.ts';
export { TOKENS_LEGEND, tokensOf } from './semantic-tokens.ts';
export { Workspace } from './workspace.ts';
