import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { JsonObject } from '@typekro/kit/core';
import type { InstanceDetail } from '@typekro/controller/inspect';
import { reasonTone } from '../graph/states.ts';
import { ageOf } from '../shared/page-clock.ts';
import { StateIcon } from '../shared/icons.tsx';
import { Empty, Line } from '../shared/parts.tsx';
import { toYaml } from '../text/to-yaml.ts';

/** The content of an instance's object: its conditions, its spec, its labels and annotations, and its status. */
export function InstanceParts({ detail }: { readonly detail: InstanceDetail }): JSX.Element {
  const { conditions, instance, object } = detail;
  const { labels, annotations } = object.metadata;
  const { conditions: _, ...status } = object['status'] ?? {};
  return (
    <>
      <h3>Conditions</h3>
      {conditions.length === 0 ? <Empty title="No controller has written a condition yet." /> : null}
      <ul class="rows">
        {conditions.map(({ type, status: holds, reason, message, lastTransitionTime }) => (
          <li key={type}>
            <p>
              <StateIcon
                tone={holds === 'True' ? 'ready' : holds === 'False' ? reasonTone(instance.state) : 'waiting'}
              />{' '}
              <strong>{type}</strong> {holds}{' '}
              <span class="soft">
                {reason}
                {lastTransitionTime === undefined ? '' : `, since ${ageOf(lastTransitionTime)}`}
              </span>
            </p>
            <Line text={message === '' ? undefined : message} />
          </li>
        ))}
      </ul>
      <Yaml title="Spec" value={object['spec'] ?? {}} />
      <Yaml title="Labels" value={labels ?? {}} />
      <Yaml title="Annotations" value={annotations ?? {}} />
      <Yaml title="Status" value={status} />
    </>
  );
}

/** A part of the object as YAML; nothing for an empty one. */
function Yaml({ title, value }: { readonly title: string; readonly value: JsonObject }): JSX.Element | null {
  const text = useMemo(() => toYaml(value), [value]);
  if (Object.keys(value).length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <pre tabIndex={0} role="region" aria-label={title}>
        {text}
      </pre>
    </>
  );
}
