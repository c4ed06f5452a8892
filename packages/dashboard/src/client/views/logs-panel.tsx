import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ObjectRef } from '@typekro/kit/core';
import { type ObjectDetail, type PodLog, inspectPaths } from '@typekro/controller/inspect';
import { ofInstance, ofReports } from '../data/concerns.ts';
import { useRemote } from '../data/use-remote.ts';
import { CopyCommand, Empty, ReadNotice } from '../shared/parts.tsx';
import { logsCommand } from '../text/kubectl.ts';

const TAIL_LINES = 500;

/** The logs of the pods of an object. */
export function LogsPanel({
  instance,
  object,
}: {
  readonly instance: string;
  readonly object: ObjectRef;
}): JSX.Element {
  const read = useRemote<ObjectDetail>(inspectPaths.object(instance, object), ofInstance(instance));
  const [chosen, choose] = useState('');
  const { value } = read;
  if (value === undefined) return <ReadNotice read={read} what="the pods" />;
  const choices = value.pods.flatMap(({ pod, containers }) =>
    containers.map((container) => ({ key: `${pod.name} ${container}`, pod, container })),
  );
  const choice = choices.find(({ key }) => key === chosen) ?? choices[0];
  if (choice === undefined) return <Empty title="The object has no pods whose logs can be read." />;
  return (
    <>
      <ReadNotice read={read} what="the pods" />
      <div class="toolbar">
        <label class="object-choice">
          <span>Container</span>
          <select value={choice.key} onChange={(event) => choose(event.currentTarget.value)}>
            {choices.map(({ key, pod, container }) => (
              <option key={key} value={key}>
                {pod.name} · {container}
              </option>
            ))}
          </select>
        </label>
        <CopyCommand command={logsCommand(choice.pod, choice.container)} />
      </div>
      <Log key={choice.key} instance={instance} pod={choice.pod} container={choice.container} />
    </>
  );
}

function Log(props: { readonly instance: string; readonly pod: ObjectRef; readonly container: string }): JSX.Element {
  const [isPrevious, setPrevious] = useState(false);
  const { pod, container } = props;
  const path = inspectPaths.logs(props.instance, { pod, container, previous: isPrevious, tail: TAIL_LINES });
  const read = useRemote<PodLog>(path, ofReports(props.instance));
  const { value, refresh } = read;
  return (
    <>
      <div class="toolbar">
        <label class="pick">
          <input type="checkbox" checked={isPrevious} onChange={() => setPrevious(!isPrevious)} /> Previous run
        </label>
        <button type="button" class="button" onClick={refresh}>
          Read again
        </button>
      </div>
      <ReadNotice read={read} what="the log" />
      {value === undefined ? null : value.lines.length === 0 ? (
        <Empty title="The log is empty." />
      ) : (
        <>
          {value.truncated ? <p class="soft">The last {value.lines.length} lines:</p> : null}
          <pre class="log" tabIndex={0}>
            {value.lines.join('\n')}
          </pre>
        </>
      )}
    </>
  );
}
