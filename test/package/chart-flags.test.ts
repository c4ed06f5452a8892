import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { isJsonObject } from '@typekro/kit/core';
import { CONTROLLER_FLAGS } from '@typekro/controller/controller';

const read = (name: string): string => readFileSync(new URL(`../../charts/typekro/${name}`, import.meta.url), 'utf8');

/**
 * The flags in the template of the chart. `value` is the path of the chart's value that sets the flag. It is undefined
 * if several values determine the flag.
 */
const listed = [...read('templates/_helpers.tpl').matchAll(/^ {2}\(list "([a-z-]+)" (?:\$c\.([\w.]+))?/gm)].map(
  ([, flag = '', value]) => ({ flag, value }),
);

/** The flags that the chart does not set. They are for debugging and for the format of the log. */
const WITHOUT_VALUE = ['pprof-bind-address', 'zap-stacktrace-level', 'zap-time-encoding'];

test('the chart passes every flag of the controller except three, and no other flags', () => {
  const flags = CONTROLLER_FLAGS.map(({ name }) => name).filter((name) => !WITHOUT_VALUE.includes(name));
  expect(listed.map(({ flag }) => flag).sort()).toEqual(flags.sort());
});

test('the container of the chart does not run as root, and has a read-only file system and no capabilities', () => {
  const { securityContext } = (parse(read('values.yaml')) as { deployment: JsonObject }).deployment;
  expect(securityContext).toMatchObject({
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
  });
  expect(read('templates/deployment.yaml')).toMatch(
    /^ {10}\{\{- with \.Values\.deployment\.securityContext \}\}\n {10}securityContext:/m,
  );
});

test('each flag comes from a documented value of the chart', () => {
  const values = (parse(read('values.yaml')) as { config: JsonObject }).config;
  const hasValue = (path: string): boolean => {
    const steps = path.split('.');
    const parent = steps.slice(0, -1).reduce<JsonValue | undefined>((at, step) => {
      return isJsonObject(at) ? at[step] : undefined;
    }, values);
    return isJsonObject(parent) && Object.hasOwn(parent, steps.at(-1) ?? '');
  };
  const named = listed.flatMap(({ value }) => value ?? []);
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((path) => !hasValue(path))).toEqual([]);
});
