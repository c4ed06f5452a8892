import { describe, expect, test } from 'vitest';
import { builtinSource } from '../../schema/index.ts';
import { resolveKind } from './resolve-kind.ts';

const LABEL_RULE =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?') (must be a valid DNS-1035 label when lowercased)";

describe("a kind that cannot be resolved is reported with kro's message and Go's quoting", () => {
  test.each([
    [
      'v1',
      'Nope',
      'failed to get schema for resource r: cannot resolve group version kind "/v1, Kind=Nope": schema not found',
    ],
    [
      'acme.test/v1',
      'Boat',
      'failed to get schema for resource r: cannot resolve group version "acme.test/v1": schema not found',
    ],
    [
      '${"v1"}',
      'Boat',
      'failed to get schema for resource r: cannot resolve group version "${\\"v1\\"}": schema not found',
    ],
    [
      'a/b/"c"',
      'Boat',
      'failed to extract GVK from resource r: invalid apiVersion format "a/b/\\"c\\"": unexpected GroupVersion string: a/b/"c"',
    ],
    ['v1', '${"Pod"}', `failed to extract GVK from resource r: invalid kind "\${\\"Pod\\"}": ${LABEL_RULE}`],
  ])('%s %s', (apiVersion, kind, kro) => {
    expect(resolveKind('r', apiVersion, kind, builtinSource())).toMatchObject({ ok: false, kro });
  });
});
