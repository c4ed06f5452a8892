import { useEffect, useMemo, useState } from 'preact/hooks';
import type { JsonObject } from '@typekro/kit/core';
import type { InstanceCheck, InstanceProblem } from '../../playground/model.ts';
import type { RunState } from '../playground/runner.ts';
import { browserHost, createRunner } from '../playground/runner.ts';

/**
 * The violations of the schema by an instance. The engine in the worker of the playground checks the rules of the
 * schema, including CEL rules. `key` is equal for equal instances.
 */
export function useCheck(
  schema: JsonObject | undefined,
  instance: JsonObject,
  key: string,
): RunState<readonly InstanceProblem[]> {
  const [state, setState] = useState<RunState<readonly InstanceProblem[]>>({ is: 'running' });
  const runner = useMemo(() => createRunner<InstanceCheck, readonly InstanceProblem[]>(browserHost(), setState), []);
  useEffect(() => runner.close, [runner]);
  useEffect(() => {
    if (schema !== undefined) runner.run({ schema, instance });
  }, [schema, key]);
  return state;
}
