import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { objectName } from '@typekro/kit/core';
import type { ActionAnswer, ActionRequest, InspectAction, InstanceDetail } from '@typekro/controller/inspect';
import { inspectPaths } from '@typekro/controller/inspect';
import { ApiError } from '../data/api-client.ts';
import { currentApi, meta } from '../data/session.ts';
import { reasonTone } from '../graph/states.ts';
import { ageOf } from '../shared/page-clock.ts';
import { CopyCommand, Dot, Line, Link, StateBadge, announce } from '../shared/parts.tsx';
import { getCommand, whyCommand } from '../text/kubectl.ts';

/** The name, the state and the actions of an instance. */
export function InstanceHead(props: {
  readonly detail: InstanceDetail;
  readonly isGone: boolean;
  readonly onChanged: () => void;
}): JSX.Element {
  const { instance, nodes, past } = props.detail;
  const taking = nodes.filter(({ state }) => state !== 'skipped');
  const ready = taking.filter(({ state }) => state === 'ready').length;
  return (
    <header class="head">
      <div class="head-title">
        <p class="crumbs">
          <Link to={{ view: 'instances' }}>Instances</Link>
          <span aria-hidden="true"> / </span>
          <Link to={{ view: 'definition', name: instance.definition }}>{instance.kind}</Link>
        </p>
        <h1>
          <span>
            {instance.namespace === undefined ? null : <span class="soft">{instance.namespace}/</span>}
            {instance.name}
          </span>
          <StateBadge state={instance.state} />
          {instance.suspended === true ? <span class="tag">suspended</span> : null}
        </h1>
        <p class="soft">
          <span>
            {ready} of {taking.length} nodes ready
          </span>
          {instance.revision === undefined ? null : (
            <>
              <Dot />
              <span>revision {instance.revision}</span>
            </>
          )}
          <Dot />
          <span>{ageOf(instance.createdAt)} old</span>
          {instance.deletedAt === undefined ? null : (
            <>
              <Dot />
              <span>deletion requested {ageOf(instance.deletedAt)} ago</span>
            </>
          )}
        </p>
        {past === undefined ? null : (
          <p class="soft">
            not ready for {ageOf(past.since)}
            {past.after === undefined
              ? null
              : `, after ${past.after.manager} changed ${objectName(past.after.object)} ${ageOf(past.after.time)} ago`}
          </p>
        )}
        <Line kind={`waiting-for tone-${reasonTone(instance.state)}`} text={instance.waitingFor} />
      </div>
      <div class="head-actions">
        {props.isGone ? null : <Actions detail={props.detail} onChanged={props.onChanged} />}
        <CopyCommand command={whyCommand(instance)} label="why" />
        <CopyCommand command={getCommand(instance)} label="get" />
      </div>
    </header>
  );
}

const LABELS: Readonly<Record<InspectAction, string>> = {
  suspend: 'Suspend',
  resume: 'Resume',
  reconcile: 'Reconcile',
};

/** The actions that the server allows. */
function Actions({
  detail,
  onChanged,
}: {
  readonly detail: InstanceDetail;
  readonly onChanged: () => void;
}): JSX.Element {
  const [isBusy, setBusy] = useState(false);
  const isSuspended = detail.instance.suspended === true;
  const actions = (meta.value?.actions ?? []).filter((action) => action !== (isSuspended ? 'suspend' : 'resume'));
  const act = async (action: InspectAction): Promise<void> => {
    setBusy(true);
    try {
      const request: ActionRequest = { action };
      const { message } = await currentApi().post<ActionAnswer>(inspectPaths.actions(detail.instance.ref), {
        ...request,
      });
      announce(message);
      onChanged();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      announce(error.message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {actions.map((action) => (
        <button key={action} type="button" class="button" disabled={isBusy} onClick={() => void act(action)}>
          {LABELS[action]}
        </button>
      ))}
    </>
  );
}
