import { expect, test } from 'vitest';
import { PLAYGROUND_EXAMPLES } from '../../playground/examples.ts';
import { areStart, keepTexts, keptTexts, withLanguage } from './texts.ts';

const [WEB] = PLAYGROUND_EXAMPLES;
const COMPOSITION = PLAYGROUND_EXAMPLES.find(({ language }) => language === 'typescript');

test('the texts of an example become those of an example in the chosen language', () => {
  for (const example of PLAYGROUND_EXAMPLES) {
    expect(withLanguage(example, 'typescript')).toBe(COMPOSITION);
    expect(withLanguage({ ...example }, 'yaml').language).toBe('yaml');
  }
  expect(withLanguage(WEB, 'yaml')).toBe(WEB);
});

test('texts that are not those of an example stay, and only their language changes', () => {
  for (const name of ['source', 'spec', 'observed'] as const) {
    const own = { ...WEB, [name]: `${WEB[name]}\n# own` };
    expect(withLanguage(own, 'typescript')).toEqual({ ...own, language: 'typescript' });
  }
});

test('the page begins with an example, and later with the texts that it showed last', () => {
  expect(areStart(keptTexts())).toBe(true);
  const own = { ...WEB, source: 'own' };
  keepTexts(own);
  expect(keptTexts()).toBe(own);
  expect(areStart(own)).toBe(false);
  keepTexts(WEB);
});
