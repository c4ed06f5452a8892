import { kroEnvironment, STRING, type Environment } from '../../dist/cel/index.js';
import { builtinSource, CelTypes, type Schema } from '../../dist/schema/index.js';
import { retainedBytes } from './measure.ts';

const text: Schema = { type: 'string' };
const object = (properties: Readonly<Record<string, Schema>>): Schema => ({ type: 'object', properties });

/** The schemas of the instance and of the list in the benchmark's data. `typedEnvironment` adds the Deployment. */
const RESOURCES: Parameters<typeof CelTypes.of>[0] = {
  schema: {
    schema: object({
      spec: object({ name: text, host: text, path: text, image: text, replicas: { type: 'integer' } }),
      metadata: object({ name: text, namespace: text }),
    }),
  },
  items: { listOf: object({ name: text, size: { type: 'integer' } }) },
};

function deploymentSchema(): Schema {
  const schema = builtinSource().schemaOf({ group: 'apps', version: 'v1', kind: 'Deployment' });
  if (schema === undefined) throw new Error('the built-in kinds have no Deployment');
  return schema;
}

/** An environment in which every variable has a type, as for the compilation of a graph. */
export function typedEnvironment(): Environment {
  const { variables, types } = CelTypes.of({ ...RESOURCES, deployment: { schema: deploymentSchema() } });
  return kroEnvironment({ variables: { ...variables, text: STRING }, types });
}

/** The bytes that each additional typed environment of a Deployment retains after it has checked one expression. */
export function deploymentEnvironmentBytes(): number {
  const schema = deploymentSchema();
  return retainedBytes(() => {
    const environment = kroEnvironment(CelTypes.of({ deployment: { schema } }));
    if (!environment.check('deployment.spec.template.spec.containers[0].image').ok) throw new Error('does not check');
    return environment;
  }, 200);
}
