/** Text for people: terminal layout, escapes for each reader, short values, and YAML as the commands print it. Pure. */
export { shellWord, workflowCommand, xmlText } from './escapes.ts';
export { type OutputForm, outputText, printableInColour, printableLine } from './output-text.ts';
export { withShortValues } from './short-values.ts';
export { padded, tableLines, widthOf, wrappedLines } from './text-layout.ts';
export { printedYaml, yamlOf, yamlText } from './yaml-text.ts';
