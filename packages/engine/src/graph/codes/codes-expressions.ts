import { error, withConfigMap, withData, withResources, withSchema } from './codes-example.ts';
import type { CodeInfo } from '@typekro/kit/core';

/** Problems of expressions: syntax, names, types and positions. */
export const expressionCodes: readonly CodeInfo[] = [
  error(
    'graph/unclosed-expression',
    'A ${ has no }. kro 0.9 treats the ${ as literal text, so this is only a warning at the compatibility level 0.9. With the option strict, it is an error at this level, too.',
    withData("text: '${schema.spec.name'"),
    'Add the }. kro 0.9 recognises only strings in double quotes: it also counts braces and double quotes inside single quotes.',
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
    'Read a field that the kind or the schema has; `kubectl explain` lists the fields of a kind.',
  ),
  error(
    'cel/unknown-name',
    'An expression calls a method that does not exist.',
    withData('text: ${schema.spec.name.shout()}'),
    'Use a method that CEL or kro has. CEL often has another name for a method of JavaScript or Go: lowerAscii(), not toLowerCase().',
  ),
  error(
    'cel/no-overload',
    'An operator or function does not take values of these types.',
    withData('text: port-${schema.spec.count}'),
    'Convert one of the values: string(…), int(…), double(…), or .orValue(…) for an optional.',
  ),
  error(
    'cel/invalid',
    'CEL refuses an expression for a reason that has no separate code. The message states the reason.',
    withData('text: ${"%d".format(["x"])}'),
    'Divide the expression, and try each part alone. Read values of the instance as schema.spec.NAME, and values of a resource as ID.FIELD.',
  ),
  error(
    'graph/unknown-identifier',
    'An expression reads a name that is not defined at its place.',
    withData('text: ${shcema.spec.name}'),
    'A template can read schema, the ids of other resources, and the names in its own forEach. readyWhen can read only the id of its own resource; in a collection, only the variable `each`, which is one object.',
  ),
  error(
    'graph/unknown-function',
    'An expression calls a function that does not exist.',
    withData('text: ${shout(schema.spec.name)}'),
    'Use a function that CEL or kro has. CEL often has another name for a function of JavaScript or Go: size(x), not len(x).',
  ),
  error(
    'graph/omit',
    'omit() is used without its feature gate, outside of templates, or in a field that must have a value.',
    withData('text: ${omit()}'),
    'Turn the feature gate on, use omit() in templates only, or build the parent object without the field.',
  ),
  error(
    'graph/runtime-elsewhere',
    'An expression outside of status.conditions uses the variable runtime.',
    withData('text: ${runtime.condition(schema, "Ready").status}'),
    'Move the expression to status.conditions.',
  ),
  error(
    'graph/self-reference',
    'The template, forEach or includeWhen of a resource reads the resource itself, which does not exist yet.',
    withData('text: ${config.metadata.uid}'),
    'Read the value from its source, or move the check to readyWhen.',
  ),
  error(
    'graph/cycle',
    'Resources wait for each other.',
    withResources(
      '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${b.metadata.name}"}}\n- id: b\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "${a.metadata.name}"}}',
    ),
    'Take the value from schema in one of them; in the example, write metadata: {name: "${schema.spec.name}-a"} in the resource a. Or compute it from schema in both, so that neither reads the other one.',
  ),
  error(
    'graph/dependent-iterators',
    'The list of a forEach dimension reads another iterator.',
    withConfigMap('forEach:\n  - x: ${schema.spec.tags}\n  - z: ${[x]}'),
    'A dimension cannot read the iterator of another dimension. Use one dimension with a list of the combinations.',
  ),
  error(
    'graph/identity',
    'Several items of a collection would be the same object, because one of the iterators is read neither in the name nor in the namespace.',
    withConfigMap('forEach:\n  - tag: ${schema.spec.tags}'),
    'Use each iterator in metadata.name or, for a namespaced kind, in metadata.namespace.',
  ),
  error(
    'graph/not-a-list',
    'The value of a forEach dimension is not a list.',
    withConfigMap('forEach:\n  - tag: ${schema.spec.name}'),
    'Return a list: text.split(…) for a string, map.map(key, key) for the keys of a map, lists.range(n) for the numbers below n, optional.orValue([]) for an optional.',
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
    'A literal in runtime.newCondition has a wrong value: the type is empty, or the status is not True, False or Unknown.',
    withSchema('status:\n  conditions:\n    - \'${runtime.newCondition({type: "Fine", status: "yes"})}\''),
    'Write "True", "False" or "Unknown" as the status, and a name as the type.',
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
    'An entry of status.conditions reads, with runtime.condition(schema, …), a condition that kro itself does not write.',
    withSchema(
      'status:\n  conditions:\n    - \'${runtime.newCondition({type: "A", status: runtime.condition(schema, "B").status})}\'',
    ),
    'Read InstanceManaged, GraphResolved, ResourcesReady or Ready, or compute the value from the resources.',
  ),
  error(
    'graph/condition-result',
    'The value of an entry of status.conditions is neither a condition nor a list of conditions.',
    withSchema('status:\n  conditions:\n    - ${app.metadata.name}'),
    'Build the value with runtime.newCondition.',
  ),
];
