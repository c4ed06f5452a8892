import type { MutationRow } from './mutate.ts';

export const SCHEMA: readonly MutationRow[] = [
  {
    name: 'null passes where the schema is not nullable',
    file: 'src/schema/validate-scalars.ts',
    find: 'if (types.length > 0 && nullable !== true) fail',
    replace: 'if (types.length > 0 && nullable === false) fail',
    tests: [
      'src/schema/objects.test.ts',
      'test/conformance/custom-resource-validation.test.ts',
      'test/conformance/crd-errors.test.ts',
    ],
  },
  {
    name: 'a length equal to the maximum is too long',
    file: 'src/schema/validate-scalars.ts',
    find: 'if (maxLength !== undefined && length > maxLength)',
    replace: 'if (maxLength !== undefined && length >= maxLength)',
    tests: [
      'src/schema/objects.test.ts',
      'test/conformance/custom-resource-validation.test.ts',
      'test/conformance/crd-errors.test.ts',
    ],
  },
  {
    name: 'the length of a text counts UTF-16 units',
    file: 'src/schema/validate-scalars.ts',
    find: ' === 0xdc00) index += 1;',
    replace: ' === 0xdc00) index += 0;',
    tests: [
      'src/schema/objects.test.ts',
      'test/conformance/custom-resource-validation.test.ts',
      'test/conformance/crd-errors.test.ts',
    ],
  },
  {
    name: 'a value equal to an exclusive minimum passes',
    file: 'src/schema/validate-scalars.ts',
    find: 'if (value < limit || (exclusiveMinimum === true && sameNumber(value, limit))) {',
    replace: 'if (value < limit) {',
    tests: [
      'src/schema/objects.test.ts',
      'test/conformance/custom-resource-validation.test.ts',
      'test/conformance/crd-errors.test.ts',
    ],
  },
  {
    name: 'an int32 accepts numbers beyond 32 bits',
    file: 'src/schema/validate-scalars.ts',
    find: "const limit = format === 'int32' ? 2n ** 31n : 2n ** 63n;",
    replace: "const limit = format === 'int32' ? 2n ** 32n : 2n ** 63n;",
    tests: [
      'src/schema/objects.test.ts',
      'test/conformance/custom-resource-validation.test.ts',
      'test/conformance/crd-errors.test.ts',
    ],
  },
  {
    name: 'a member named like one of the prototype is taken as declared',
    file: 'src/schema/prune.ts',
    find: 'if (properties !== undefined && Object.hasOwn(properties, name)) return properties[name];',
    replace: 'if (properties !== undefined && name in properties) return properties[name];',
    tests: [
      'src/schema/objects.test.ts',
      'test/conformance/custom-resource-validation.test.ts',
      'test/conformance/crd-errors.test.ts',
    ],
  },
  {
    name: 'fields inside declared members of an open object are kept',
    file: 'src/schema/prune.ts',
    find: 'const kept = keep(child, member, false);',
    replace: 'const kept = keep(child, member, false, open);',
    tests: [
      'src/schema/objects.test.ts',
      'test/conformance/custom-resource-validation.test.ts',
      'test/conformance/crd-errors.test.ts',
    ],
  },
  {
    name: 'a null that is not allowed does not take its default',
    file: 'src/schema/defaults.ts',
    find: '    if (value === null && !nullable(child)) {',
    replace: '    if (value === null && !nullable(child) && child.default === undefined) {',
    tests: [
      'src/schema/objects.test.ts',
      'test/conformance/custom-resource-validation.test.ts',
      'test/conformance/crd-errors.test.ts',
    ],
  },
  {
    name: 'defaults inside a default are not filled in',
    file: 'src/schema/defaults.ts',
    find: '    setOwn(change(), name, fill(child, clone(child.default), depth + 1));\n  }',
    replace: '    setOwn(change(), name, clone(child.default));\n  }',
    tests: [
      'src/schema/objects.test.ts',
      'test/conformance/custom-resource-validation.test.ts',
      'test/conformance/crd-errors.test.ts',
    ],
  },
  {
    name: 'errors of parts that an update does not change are reported',
    file: 'src/schema/validate-containers.ts',
    find: 'if (old !== undefined && context.errors.length > before && jsonEquals(value, old)) context.errors.length = before;',
    replace: '',
    tests: [
      'src/schema/objects.test.ts',
      'test/conformance/custom-resource-validation.test.ts',
      'test/conformance/crd-errors.test.ts',
    ],
  },
  {
    name: 'elements of a map list are matched by position',
    file: 'src/schema/correlate.ts',
    find: 'return isJsonObject(element) ? stored.get(goJson(mapKeysOf(schema, element))) : undefined;',
    replace: 'return isJsonObject(element) ? (old[index] as JsonValue | undefined) : undefined;',
    tests: [
      'src/schema/objects.test.ts',
      'test/conformance/custom-resource-validation.test.ts',
      'test/conformance/crd-errors.test.ts',
    ],
  },
  {
    name: 'a backslash in quotes does not escape',
    file: 'src/schema/simple-lexer.ts',
    find: "else if (inQuotes) escaped = character === '\\\\';",
    replace: '',
    tests: [
      'src/schema/simple-schema.test.ts',
      'src/schema/simple-lexer.test.ts',
      'test/conformance/simpleschema.test.ts',
    ],
  },
  {
    name: 'a marker with an unclosed bracket is accepted',
    file: 'src/schema/simple-lexer.ts',
    find: "  if (depth > 0) return fail('unclosed bracket/brace', text.length);",
    replace: '',
    tests: [
      'src/schema/simple-schema.test.ts',
      'src/schema/simple-lexer.test.ts',
      'test/conformance/simpleschema.test.ts',
    ],
  },
  {
    name: 'a removed served version counts as compatible',
    file: 'src/schema/compare-crds.ts',
    find: "if (oldVersion['served'] === true && newVersion['served'] !== true) {",
    replace: "if (oldVersion['served'] !== true && newVersion['served'] === true) {",
    tests: ['src/schema/compare-schemas.test.ts', 'test/conformance/crd-compatibility.test.ts'],
  },
  {
    name: 'list map keys may repeat',
    file: 'src/schema/structural-lists.ts',
    find: "      if (seen.has(key)) yield invalid(keysField, names, 'must not contain duplicate entries');",
    replace: '',
    tests: ['src/schema/structural.test.ts', 'test/conformance/crd-errors.test.ts'],
  },
  {
    name: 'only the first use of a custom type gets its printer column',
    file: 'src/schema/simple-schema.ts',
    find: 'columns.push({ ...column, steps: [name, ...column.steps] });',
    replace: 'if (columns.length === 0) columns.push({ ...column, steps: [name, ...column.steps] });',
    tests: ['src/graph/print-column.test.ts'],
  },
];
