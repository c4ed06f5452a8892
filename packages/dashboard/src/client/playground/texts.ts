import { PLAYGROUND_EXAMPLES } from '../../playground/examples.ts';
import type { PlaygroundInput, PlaygroundLanguage } from '../../playground/input.ts';

const [START] = PLAYGROUND_EXAMPLES;

/**
 * The texts (the source, the spec and the observed objects) that the playground showed last in this page. They stay
 * while the page shows another view.
 */
let kept: PlaygroundInput = START;

/** The texts that the playground begins with: those that it showed last, or an example. */
export const keptTexts = (): PlaygroundInput => kept;

/** Keeps the texts until the page is closed. */
export function keepTexts(texts: PlaygroundInput): void {
  kept = texts;
}

/** Are these the texts that a new page begins with? The page does not write such texts into its address. */
export const areStart = (texts: PlaygroundInput): boolean => texts === START;

/**
 * The texts after a choice of the language. The texts of an example become those of an example in that language. Other
 * texts stay.
 */
export function withLanguage(texts: PlaygroundInput, language: PlaygroundLanguage): PlaygroundInput {
  if (texts.language === language) return texts;
  const isExample = PLAYGROUND_EXAMPLES.some(
    ({ source, spec, observed }) => source === texts.source && spec === texts.spec && observed === texts.observed,
  );
  const other = PLAYGROUND_EXAMPLES.find((example) => example.language === language);
  return isExample && other !== undefined ? other : { ...texts, language };
}
