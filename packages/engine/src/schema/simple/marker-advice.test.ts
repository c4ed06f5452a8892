import { expect, test } from 'vitest';
import { markerAdvice } from './marker-advice.ts';

test.each<[string, string[]]>([
  ['string | minimum=3', ['write minLength=3']],
  ['string | minimum=-1', ['remove minimum']],
  ['string | minimum=5 maximum=3', ['write minLength=5', 'write maxLength=3']],
  ['integer | minimum=5 maximum=3', ['write minimum=3 maximum=5, or correct one of the two']],
  ["string | default='web'", ['write default="web"']],
  [`string | default='a"b"c'`, [String.raw`write default="a\"b\"c"`]],
  ['string | enum=["a","b"]', ['write enum="a,b"']],
])('markerAdvice returns the expected hints for %s', (text, hints) => {
  expect(markerAdvice(text).map(({ hint }) => hint)).toEqual(hints);
});
