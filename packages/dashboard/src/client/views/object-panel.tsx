import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import {
  type JsonObject,
  type JsonValue,
  type ObjectRef,
  isJsonObject,
  objectName,
  stringifyJson,
} from '@typekro/kit/core';
import { type FieldDrift, type ObjectDetail, inspectPaths } from '@typekro/controller/inspect';
import { ofInstance } from '../data/concerns.ts';
import { useRemote } from '../data/use-remote.ts';
import { plural } from '../graph/picture.ts';
import { ageOf } from '../shared/page-clock.ts';
import { StateIcon } from '../shared/icons.tsx';
import { Line, ReadNotice } from '../shared/parts.tsx';
import { diffLines, sideBySide } from '../text/diff-lines.ts';
import { toYaml } from '../text/to-yaml.ts';

/** One object, as the graph wants it and as it is, with the fields that other programs changed. */
export function ObjectPanel({
  instance,
  object,
}: {
  readonly instance: string;
  readonly object: ObjectRef;
}): JSX.Element {
  const read = useRemote<ObjectDetail>(inspectPaths.object(instance, object), ofInstance(instance));
  const [isWhole, setWhole] = useState(false);
  const { value } = read;
  if (value === undefined) return <ReadNotice read={read} what="the object" />;
  const { desired, live, differences, managers } = value;
  return (
    <>
      <ReadNotice read={read} what="the object" />
      <Line kind="notice" text={value.unread} />
      {differences.length === 0 ? (
        <p class="soft">
          {desired !== undefined && live !== undefined ? 'The live object has all desired values.' : ''}
        </p>
      ) : (
        <>
          <h3>Differences</h3>
          <ul class="rows">
            {differences.map((drift) => (
              <Drift key={drift.path} drift={drift} />
            ))}
          </ul>
        </>
      )}
      {value.masked.length === 0 ? null : <p class="soft">Masked: {value.masked.join(', ')}</p>}
      <label class="pick">
        <input type="checkbox" checked={isWhole} onChange={() => setWhole(!isWhole)} /> Fields that the graph does not
        set
      </label>
      <Sides desired={desired} live={live} isWhole={isWhole} />
      {managers.length === 0 ? null : (
        <>
          <h3>Field managers</h3>
          <ul class="rows">
            {managers.map(({ manager, operation, subresource, time, fields }) => (
              <li key={`${manager} ${operation} ${subresource ?? ''}`}>
                <strong>{manager}</strong>{' '}
                <span class="soft">
                  {operation}
                  {subresource === undefined ? '' : ` of ${subresource}`}, {fields} fields
                  {time === undefined ? '' : `, ${ageOf(time)} ago`}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** The objects that an object owns, such as its ReplicaSets and pods. Draws nothing for an object without any. */
export function OwnedObjects({ instance, object }: Parameters<typeof ObjectPanel>[0]): JSX.Element | null {
  const read = useRemote<ObjectDetail>(inspectPaths.object(instance, object), ofInstance(instance));
  const { owned = [], podsUnread } = read.value ?? {};
  if (owned.length === 0) return <Line kind="soft" text={podsUnread} />;
  return (
    <>
      <h3>Owned by {objectName(object)}</h3>
      <ul class="rows">
        {owned.map(({ object: each, state, message, value, restarts, log }) => (
          <li key={objectName(each)}>
            <p>
              <StateIcon tone={state} /> {each.kind} {each.name}{' '}
              <span class="soft">
                {[value, restarts === undefined ? undefined : plural(restarts, 'restart')].filter(Boolean).join(', ')}
              </span>
            </p>
            <Line text={message} />
            {log === undefined ? null : <pre tabIndex={0}>{log}</pre>}
          </li>
        ))}
      </ul>
    </>
  );
}

function Drift({ drift }: { readonly drift: FieldDrift }): JSX.Element {
  const by = drift.managers.join(', ');
  return (
    <li class="drift">
      <p>
        <code>{drift.path}</code>
        {by === '' ? null : (
          <span class="soft">
            {' '}
            {drift.taken === true ? 'changed by' : 'owned by'} {by}
            {drift.at === undefined ? '' : `, ${ageOf(drift.at)} ago`}
          </span>
        )}
      </p>
      <p class="flow">
        <span class="is-removed">{shown(drift.wanted, drift.secret)}</span>
        <span class="soft" aria-label="is now">
          →
        </span>
        <span class="is-added">{shown(drift.found, drift.secret)}</span>
      </p>
    </li>
  );
}

function shown(value: JsonValue | undefined, secret: true | undefined): string {
  if (secret === true) return '(secret)';
  return value === undefined ? '(absent)' : stringifyJson(value);
}

/** The desired object and the live one, side by side. */
function Sides(props: {
  readonly desired: JsonValue | undefined;
  readonly live: JsonValue | undefined;
  readonly isWhole: boolean;
}): JSX.Element {
  const { desired, live, isWhole } = props;
  const rows = useMemo(() => {
    const wanted = desired === undefined ? '' : toYaml(desired);
    const found =
      live === undefined ? '' : toYaml(desired === undefined || isWhole ? live : likeDesired(live, desired));
    return sideBySide(diffLines(wanted, found));
  }, [desired, live, isWhole]);
  return (
    <div class="sides-frame" tabIndex={0} role="region" aria-label="Desired and live">
      <table class="sides">
        <thead>
          <tr>
            <th scope="col">Desired</th>
            <th scope="col">Live</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ left, right }, index) => (
            <tr key={index} class={left?.kind === 'equal' ? undefined : 'is-changed'}>
              <td>{left?.text}</td>
              <td>{right?.text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/**
 * The parts of a live value that the desired value also has, in the order of the desired value. A view can then show
 * both side by side. Items of two lists are matched by their name or a similar field, otherwise by their position. A
 * longer live list keeps its additional items.
 */
export function likeDesired(live: JsonValue, desired: JsonValue): JsonValue {
  if (isJsonObject(live) && isJsonObject(desired)) {
    const entries = Object.entries(desired).flatMap(([key, wanted]): [string, JsonValue][] => {
      const found = Object.hasOwn(live, key) ? live[key] : undefined;
      return found === undefined || wanted === undefined ? [] : [[key, likeDesired(found, wanted)]];
    });
    return Object.fromEntries(entries);
  }
  if (!Array.isArray(live) || !Array.isArray(desired)) return live;
  const rest = [...live];
  const paired = desired.flatMap((wanted: JsonValue): JsonValue[] => {
    const at = placeOf(rest, wanted);
    return at < 0 ? [] : rest.splice(at, 1).map((found) => likeDesired(found, wanted));
  });
  return [...paired, ...rest];
}

function placeOf(items: readonly JsonValue[], wanted: JsonValue): number {
  if (!isJsonObject(wanted)) return items.length === 0 ? -1 : 0;
  const name = nameOf(wanted);
  return name === undefined
    ? items.length === 0
      ? -1
      : 0
    : items.findIndex((item) => isJsonObject(item) && nameOf(item) === name);
}

function nameOf(item: JsonObject): JsonValue | undefined {
  return item['name'] ?? item['containerPort'] ?? item['port'] ?? item['mountPath'] ?? item['key'];
}
