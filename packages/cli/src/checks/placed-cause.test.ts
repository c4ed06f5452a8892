import { describe, expect, test } from 'vitest';
import { RefusalText, RefusedPlace, valueAtSteps } from '@typekro/engine/schema';
import { placedCause } from './placed-cause.ts';

describe('the field is found when the refusal does not name it', () => {
  const decoding = (kind: string, part: string) =>
    `Thing in version "v1" cannot be handled as a Thing: json: cannot unmarshal ${kind} into Go struct field ObjectMeta.${part} of type string`;
  test.each([
    [
      'a number as an annotation',
      { metadata: { annotations: { a: 'x', 'example.com/b': 2 } } },
      decoding('number', 'annotations'),
      'metadata.annotations[example.com/b]',
      '2 is written where a string is expected',
      'write it in quotes: "2"',
    ],
    [
      'a boolean as a label',
      { metadata: { labels: { on: true } } },
      decoding('bool', 'labels'),
      'metadata.labels[on]',
      'true is written where a string is expected',
      'write it in quotes: "true"',
    ],
    [
      'an invalid quantity',
      { spec: { limits: { cpu: '1 core' } } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      'spec.limits.cpu',
      'Invalid value: "1 core": this is not a quantity',
      'write a quantity such as 500m, 2, 128Mi or 1Gi, here perhaps 1',
    ],
  ])('%s', (_name, root, message, field, text, hint) => {
    const cause = placedCause(root, { field: '', message });
    expect(cause.field).toBe(field);
    expect(
      RefusalText.of(cause.message, valueAtSteps(root, RefusedPlace.stepsIn(root, cause.field)), cause.field),
    ).toEqual({ message: text, hint });
  });

  test('another message stays unchanged and has no hint', () => {
    const cause = { field: '', message: 'the server said something else' };
    expect(placedCause({}, cause)).toBe(cause);
    expect(RefusalText.of(cause.message, undefined, '')).toEqual({ message: cause.message });
    expect(RefusalText.of(cause.message, undefined, '<nil>')).toEqual({ message: cause.message });
  });
});
