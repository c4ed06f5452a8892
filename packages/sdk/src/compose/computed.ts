import { setOwn } from '@typekro/kit/core';
import { defineFactory } from './value/native-functions.ts';
import { currentTrace, interpreter } from './trace/current-trace.ts';

/** Maps the name of a value to the function that computes it from the input. */
export type AliasDefinitions<Input> = Readonly<Record<string, (input: Input) => unknown>>;

/** Maps the names in `AliasDefinitions` to the computed values. */
export type Aliases<Definitions extends AliasDefinitions<never>> = {
  readonly [Name in keyof Definitions]: ReturnType<Definitions[Name]>;
};

/**
 * Computes a value from resources, for libraries that provide ready-made status values. The result equals a direct call
 * of the function. The function may contain everything that a composition may contain.
 *
 * @example computed({ web }, ({ web }) => web.status.availableReplicas >= web.spec.replicas)
 */
export const computed = defineFactory(
  <Value, Resources>(resources: Resources, expression: (resources: Resources) => Value): Value =>
    evaluated(expression, resources) as Value,
);

/**
 * Computes named values from one resource.
 *
 * @example const web = alias(deployment, { ready: (d) => d.status.readyReplicas >= d.spec.replicas });
 */
export const alias = defineFactory(
  <Input, Definitions extends AliasDefinitions<Input>>(resource: Input, definitions: Definitions) =>
    aliasesOf(resource, definitions),
);

/**
 * Computes named values from several resources.
 *
 * @example aliases({ web, db }, { ready: ({ web, db }) => web.status.readyReplicas > 0 && db.status.readyReplicas > 0 })
 */
export const aliases = defineFactory(
  <Input, Definitions extends AliasDefinitions<Input>>(resources: Input, definitions: Definitions) =>
    aliasesOf(resources, definitions),
);

function aliasesOf<Input, Definitions extends AliasDefinitions<Input>>(
  input: Input,
  definitions: Definitions,
): Aliases<Definitions> {
  const values: Record<string, unknown> = {};
  for (const [name, expression] of Object.entries(definitions)) setOwn(values, name, evaluated(expression, input));
  return values as Aliases<Definitions>;
}

/** Calls the function through the interpreter of the running trace; outside a trace, calls it directly. */
function evaluated<Input>(expression: (input: Input) => unknown, input: Input): unknown {
  return currentTrace() === undefined
    ? expression(input)
    : interpreter.call(expression, undefined, [input], 'the expression');
}
