import { error, withConfigMap, withData, withResources, withSchema } from './codes-example.ts';
import type { CodeInfo } from '../core/index.ts';

/** Problems of expressions: their text, names, types and places. */
export const expressionCodes: readonly CodeInfo[] = [
  error(
    'graph/unclosed-expression',
    'A ${ has no end. kro 0.9 takes it as text: a warning at the compatibility level 0.9, and an error there when strict.',
    withData("text: '${schema.spec.name'"),
    'Add the }. kro 0.9 recognises only double quotes, so it counts braces and quotes inside single quotes, too.',
  ),
  error(
    'cel/syntax',
    'The text of an expression is not CEL.',
    withData('text: ${schema.spec.name +}'),
    'Correct the expression at the reported position.',
  ),
  error(
    'cel/unknown-field',
    'An expression reads a field that the object does not have.',
    withData('text: ${schema.spec.nam}'),
    'Read a field that the kind or the schema has; `kubectl explain` lists those of a kind. Fields of objects without a schema are read from dyn values.',
  ),
  error(
    'cel/unknown-name',
    'An expression calls a method that does not exist on the value.',
    withData('text: ${schema.spec.name.shout()}'),
    'Use a function that CEL or kro has; functions of other languages have other names there.',
  ),
  error(
    'cel/no-overload',
    'An operator or function does not take values of these types.',
    withData('text: port-${schema.spec.count}'),
    'Convert one of the values: string(…), int(…), double(…), or .orValue(…) for an optional.',
  ),
  error(
    'cel/invalid',
    'A check of the language that has no code of its own refuses an expression.',
    withData('text: ${"%d".format(["x"])}'),
    'Divide the expression, and try each part alone; values of the instance are read as schema.spec.NAME, those of a resource by its id.',
  ),
  error(
    'graph/unknown-identifier',
    'An expression reads a name that is not defined at its place.',
    withData('text: ${shcema.spec.name}'),
    'Templates see schema, the ids of other resources and their own forEach names; readyWhen sees its own id, or each for a collection.',
  ),
  error(
    'graph/unknown-function',
    'An expression calls a function that does not exist.',
    withData('text: ${shout(schema.spec.name)}'),
    'Use a function that CEL or kro has; functions of other languages have other names there.',
  ),
  error(
    'graph/omit',
    'omit() is used where it is not available: without its feature, outside templates, or in a field that must have a value.',
    withData('text: ${omit()}'),
    'Turn the feature on, use it in templates only, or build the parent object without the field.',
  ),
  error(
    'graph/runtime-elsewhere',
    'runtime is used outside status.conditions.',
    withData('text: ${runtime.condition(schema, "Ready").status}'),
    'Move the expression to status.conditions.',
  ),
  error(
    'graph/self-reference',
    'A resource reads itself to be created, or to be included.',
    withData('text: ${config.metadata.uid}'),
    'Read the value from its source, or move the check to readyWhen.',
  ),
  error(
    'graph/cycle',
    'Resources wait for each other.',
    withResources(
      '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${b.metadata.name}"}}\n- id: b\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${a.metadata.name}"}}',
    ),
    'Take the value from schema in one of them, or compute it in both.',
  ),
  error(
    'graph/dependent-iterators',
    'The list of a forEach dimension reads another iterator.',
    withConfigMap('forEach:\n  - x: ${schema.spec.tags}\n  - z: ${[x]}'),
    'Dimensions are independent. Use one dimension with a list of the combinations.',
  ),
  error(
    'graph/identity',
    'Several items of a collection would be the same object, because the name does not depend on an iterator.',
    withConfigMap('forEach:\n  - tag: ${schema.spec.tags}'),
    'Use every iterator in metadata.name, or in metadata.namespace.',
  ),
  error(
    'graph/not-a-list',
    'The value of a forEach dimension is not a list.',
    withConfigMap('forEach:\n  - tag: ${schema.spec.name}'),
    'Give a list: split a text, iterate over the keys of a map, take the value out of an optional.',
  ),
  error(
    'graph/type-mismatch',
    'The type of an expression does not fit its field.',
    withData('count: ${schema.spec.count}'),
    'Convert the value with string(…), int(…) or .orValue(…), or wrap it in dyn(…) if the value has the right type at run time.',
  ),
  error(
    'graph/condition-type',
    'An entry of readyWhen or includeWhen is not a boolean.',
    withConfigMap('includeWhen:\n  - ${schema.spec.count}'),
    'Compare the value: ${schema.spec.count > 0}.',
  ),
  error(
    'graph/condition-literal',
    'A literal in runtime.newCondition is not allowed: an empty type, or a status that is not True, False or Unknown.',
    withSchema('status:\n  conditions:\n    - \'${runtime.newCondition({type: "Fine", status: "yes"})}\''),
    'The status of a condition is "True", "False" or "Unknown"; its type is not empty.',
  ),
  error(
    'graph/duplicate-condition',
    'Two entries of status.conditions declare the same type.',
    withSchema(
      'status:\n  conditions:\n    - \'${runtime.newCondition({type: "A", status: "True"})}\'\n    - \'${runtime.newCondition({type: "A", status: "False"})}\'',
    ),
    'Declare each type in one entry.',
  ),
  error(
    'graph/condition-read',
    'A condition of the author reads a condition of the instance that kro does not write itself.',
    withSchema(
      'status:\n  conditions:\n    - \'${runtime.newCondition({type: "A", status: runtime.condition(schema, "B").status})}\'',
    ),
    'Only InstanceManaged, GraphResolved, ResourcesReady and Ready can be read from schema.',
  ),
  error(
    'graph/condition-result',
    'The value of an entry of status.conditions is neither a condition nor a list of conditions.',
    withSchema('status:\n  conditions:\n    - ${app.metadata.name}'),
    'Build the value with runtime.newCondition.',
  ),
];
