import { objectName } from '@typekro/kit/core';
import { xmlText } from '@typekro/app/text';
import type { InstancePlan, Plan } from '@typekro/controller/inspect';

/**
 * Formats the plan as JUnit XML. Each definition is a suite with a case for the definition and one for each instance.
 * The other objects of the files are one more suite. The case of a refused definition or object, or of a blocked
 * instance, fails. The case of a deferred instance is skipped.
 */
export function junitText({ definitions, instances, objects }: Plan): string {
  const names = [
    ...new Set([...definitions.map(({ name }) => name), ...instances.map(({ definition }) => definition)]),
  ];
  const suites = names.flatMap((name) => {
    const refusal = definitions.find((each) => each.name === name)?.refusal;
    const own = instances.filter(({ definition }) => definition === name);
    const failed = own.filter(({ state }) => state === 'blocked').length + (refusal === undefined ? 0 : 1);
    const skipped = own.filter(({ state }) => state === 'deferred').length;
    const cases = own.map((each) => testCase(name, objectName(each.instance), bodyOf(each)));
    const definition = testCase(name, 'definition', refusal === undefined ? '' : failure(refusal));
    const attributes = `name="${xmlText(name)}" tests="${own.length + 1}" failures="${failed}" skipped="${skipped}"`;
    return [`  <testsuite ${attributes}>`, definition, ...cases, '  </testsuite>'];
  });
  const refused = objects.filter(({ refusal }) => refusal !== undefined).length;
  if (objects.length > 0) {
    suites.push(`  <testsuite name="objects" tests="${objects.length}" failures="${refused}" skipped="0">`);
    for (const { object, refusal } of objects)
      suites.push(testCase('objects', objectName(object), refusal === undefined ? '' : failure(refusal)));
    suites.push('  </testsuite>');
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="typekro plan">',
    ...suites,
    '</testsuites>',
  ].join('\n');
}

function bodyOf({ state, because, meanwhile, blocked }: InstancePlan): string {
  if (state === 'deferred') return `<skipped message="${xmlText(because ?? '')}"/>`;
  if (state !== 'blocked') return '';
  // During a canary, a node can be blocked in the present revision, in the new revision, or in both.
  const nodes = [...(meanwhile?.blocked ?? []), ...blocked].map(({ node, reason }) => `${node}: ${reason}`);
  return failure([...new Set([...(because === undefined ? [] : [because]), ...nodes])].join('; '));
}

const failure = (message: string): string => `<failure message="${xmlText(message)}"/>`;

function testCase(suite: string, name: string, body: string): string {
  const head = `    <testcase classname="${xmlText(suite)}" name="${xmlText(name)}"`;
  return body === '' ? `${head}/>` : `${head}>${body}</testcase>`;
}
