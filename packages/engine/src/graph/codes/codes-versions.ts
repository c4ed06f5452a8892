import type { CodeInfo } from '@typekro/kit/core';
import { error, withSchema } from './codes-example.ts';

/** Problems of the versions of an API and of the conversions between them. */
export const versionCodes: readonly CodeInfo[] = [
  error(
    'graph/api-version',
    'An entry of versions has no name, a name that is not the name of a version, or the name of another version.',
    withSchema('versions:\n  - name: v1alpha1'),
    'Give each version a name of its own, such as v1beta1. The version of apiVersion is not listed: all others are converted to it.',
  ),
  error(
    'graph/conversion',
    'A rule of a conversion sets a field that the version does not have, or gives a value of another type; or a field has other types in both versions and no rule.',
    withSchema('versions:\n  - name: v1beta1\n    spec: {name: string, count: string, tags: "[]string"}'),
    'Write a rule with an expression over self whose value has the type of the field.',
  ),
  error(
    'graph/conversion-required',
    'A field is required in one version, and an object of the other version may have no value for it.',
    withSchema(
      'versions:\n  - name: v1beta1\n    spec: {name: string, count: integer | default=1, tags: "[]string", owner: string | required=true}\n    lossy: [spec.owner]',
    ),
    'Add a rule for the field, or a default.',
  ),
  error(
    'graph/conversion-loss',
    'One version has a field that the other one cannot hold, and no rule reads it.',
    withSchema('versions:\n  - name: v1beta1\n    spec: {name: string, count: integer | default=1}'),
    'Read the field in a rule, or name it in lossy. A lossy field is kept in an annotation of the object, and restored on the way back.',
  ),
  error(
    'graph/conversion-fault',
    'A generated object does not come back as it was from a conversion to another version, is invalid there, or cannot be converted.',
    withSchema(
      'versions:\n  - name: v1beta1\n    spec: {name: string, count: integer | default=1, tags: "[]string"}\n    convertFrom:\n      spec.count: "${self.spec.count > 5 ? 5 : self.spec.count}"',
    ),
    'Correct the rule. Give both versions the same bounds, or name the field in lossy.',
  ),
  {
    code: 'graph/conversion-untried',
    severity: 'warning',
    summary: 'Too few valid objects could be generated to try a conversion, because a rule or a pattern is rarely met.',
    example: withSchema(
      `versions:
  - name: v1beta1
    spec:
      name: string
      count: integer | default=1 validation="self == 123456"
      tags: "[]string"`,
    ),
    remedy: 'Test the conversion with an object of your own.',
  },
];
