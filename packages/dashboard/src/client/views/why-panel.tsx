import type { JSX } from 'preact';
import type { InstanceNode, WhyCause, WhyChain, WhyPath } from '@typekro/controller/inspect';
import { instanceRef } from '@typekro/controller/inspect';
import type { Remote } from '../data/remote.ts';
import { isUnready, plural } from '../graph/picture.ts';
import { toneOf } from '../graph/states.ts';
import { StateIcon } from '../shared/icons.tsx';
import { Panel } from '../shared/panel.tsx';
import { Command, Line, Link, Notices, ReadNotice, Remedy } from '../shared/parts.tsx';
import { type ObjectRef, namespacedName, objectName } from '@typekro/kit/core';
import { getCommand } from '../text/kubectl.ts';
import { unreadyText } from './node-panel.tsx';

/** Shows why an instance is not ready, and what the user can do about it. */
export function WhyPanel(props: {
  readonly read: Remote<WhyPath>;
  readonly nodes: readonly InstanceNode[];
  /** Opens a node or, with `object`, one of the node's objects. `object` is the `instanceRef` of this object. */
  readonly onNode: (id: string, object?: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { value: why } = props.read;
  return (
    <Panel title="Why path" subtitle={why === undefined ? undefined : subtitleOf(why)} onClose={props.onClose}>
      <ReadNotice read={props.read} what="the path" />
      {why?.suspended === true ? (
        <p class="notice">The instance is suspended. Nothing is written before it is resumed.</p>
      ) : null}
      {why?.blocked.map(({ reason, remedy }) => (
        <Advice key={reason} reason={reason} remedy={remedy} />
      ))}
      {why?.refusals.map(({ condition, message, remedy }) => (
        <Advice key={condition} reason={`${condition}: ${message}`} remedy={remedy} />
      ))}
      <Notices texts={why?.limits ?? []} />
      {why?.causes.map((cause, index) => (
        <CausePart
          key={cause.node}
          cause={cause}
          chain={why.chains[index]}
          compared={why}
          node={props.nodes.find(({ id, retired }) => id === cause.node && retired === cause.retired)}
          onNode={props.onNode}
        />
      ))}
    </Panel>
  );
}

function subtitleOf({ causes, blocked, refusals, ready, nodes }: WhyPath): string {
  const reasons = causes.length + blocked.length + refusals.length;
  if (reasons === 0) return ready === nodes ? 'Everything is ready.' : 'No cause is found.';
  return `${ready} of ${plural(nodes, 'node')} ready. ${reasons === 1 ? 'Everything waits for this:' : `${reasons} causes:`}`;
}

function Advice({ reason, remedy }: { readonly reason: string; readonly remedy: string }): JSX.Element {
  return (
    <section class="cause">
      <p>{reason}</p>
      <Remedy text={remedy} />
    </section>
  );
}

function CausePart(props: {
  readonly cause: WhyCause;
  readonly chain: WhyChain | undefined;
  readonly compared: Compared;
  readonly node: InstanceNode | undefined;
  readonly onNode: (id: string, object?: string) => void;
}): JSX.Element {
  const { cause, chain, node } = props;
  const object = chain?.object ?? cause.objects[0];
  const look = cause.look ?? (object && getCommand(object));
  return (
    <section class="cause">
      <h3>
        <StateIcon tone={toneOf(cause.state)} />
        <button type="button" class="link" onClick={() => props.onNode(cause.node)}>
          {cause.node}
        </button>
        <span class="soft"> {cause.state}</span>
      </h3>
      <CauseObjects cause={cause} object={object} node={node} onNode={props.onNode} />
      <p>{cause.reason}</p>
      {cause.found.map((fact) => (
        <p key={fact}>{fact}</p>
      ))}
      {cause.troubles.map(({ object: place, message, log }) => (
        <div key={`${objectName(place)} ${message}`} class="trouble">
          <p>
            <strong>{objectName(place)}</strong> {message}
          </p>
          {log === undefined || log.length === 0 ? null : <pre tabIndex={0}>{log.join('\n')}</pre>}
        </div>
      ))}
      <Line text={cause.dryRun} />
      {cause.unread.map((text) => (
        <p key={text} class="soft">
          {text}
        </p>
      ))}
      <Remedy text={cause.remedy} />
      {look === undefined ? null : <Command command={look} />}
      {cause.waiting.length === 0 ? null : (
        <>
          <h4>{plural(cause.waiting.length, 'node')} behind it</h4>
          <p class="links">
            {cause.waiting.slice(0, MAX_LISTED).map((id) => (
              <button key={id} type="button" class="chip" onClick={() => props.onNode(id)}>
                {id}
              </button>
            ))}
            {cause.waiting.length > MAX_LISTED ? (
              <span class="soft">and {cause.waiting.length - MAX_LISTED} more</span>
            ) : null}
          </p>
        </>
      )}
      {chain === undefined ? null : <Others chain={chain} compared={props.compared} />}
    </section>
  );
}

type Compared = Pick<WhyPath, 'othersWaiting' | 'othersCompared'>;

/**
 * The other instances with the same cause. When only some of the instances were compared, the number shown is a lower
 * bound.
 */
function Others(props: { readonly chain: WhyChain; readonly compared: Compared }): JSX.Element {
  const { othersTotal, others } = props.chain;
  const { othersWaiting, othersCompared } = props.compared;
  const isExact = othersCompared >= othersWaiting;
  const listed = others.slice(0, MAX_LISTED);
  return (
    <>
      {othersTotal === 0 ? null : (
        <>
          <h4>
            {isExact ? '' : 'At least '}
            {plural(othersTotal, 'other instance')} with the same cause
          </h4>
          <ul class="rows">
            {listed.map((instance) => (
              <li key={instance.ref}>
                <Link to={{ view: 'instance', ref: instance.ref, why: true }}>{namespacedName(instance)}</Link>
              </li>
            ))}
          </ul>
          {othersTotal > listed.length ? (
            <p class="soft">and {(othersTotal - listed.length).toLocaleString('en')} more</p>
          ) : null}
        </>
      )}
      {isExact ? null : (
        <p class="soft">
          {othersCompared.toLocaleString('en')} of {plural(othersWaiting, 'other waiting instance')} were compared
          {othersTotal === 0 ? ': none has this cause.' : '.'}
        </p>
      )}
    </>
  );
}

/**
 * Shows the object that blocks the instance. For a collection, also shows how many of its objects are not ready, with
 * links to at most `MAX_LISTED` of the other unready objects.
 */
function CauseObjects(props: {
  readonly cause: WhyCause;
  readonly object: ObjectRef | undefined;
  readonly node: InstanceNode | undefined;
  readonly onNode: (id: string, object?: string) => void;
}): JSX.Element | null {
  const { cause, object, node } = props;
  const own = node?.objects ?? [];
  const unready = own.length < 2 ? [] : own.filter(isUnready).map((each) => each.object);
  const isOwn = (ref: ObjectRef): boolean => own.some((each) => instanceRef(each.object) === instanceRef(ref));
  if (object === undefined && unready.length === 0) return null;
  const others = unready.filter((ref) => object === undefined || instanceRef(ref) !== instanceRef(object));
  return (
    <>
      <p class="soft">
        {object === undefined ? null : isOwn(object) ? (
          <button type="button" class="link" onClick={() => props.onNode(cause.node, instanceRef(object))}>
            {objectName(object)}
          </button>
        ) : (
          objectName(object)
        )}
        {node === undefined || unready.length === 0 ? null : (
          <>
            {object === undefined ? '' : ' · '}
            {unreadyText(node)}
          </>
        )}
      </p>
      {others.length === 0 ? null : (
        <p class="links">
          {others.slice(0, MAX_LISTED).map((ref) => (
            <button
              key={instanceRef(ref)}
              type="button"
              class="chip"
              onClick={() => props.onNode(cause.node, instanceRef(ref))}
            >
              {ref.name}
            </button>
          ))}
          {others.length > MAX_LISTED ? <span class="soft">and {others.length - MAX_LISTED} more</span> : null}
        </p>
      )}
    </>
  );
}

const MAX_LISTED = 12;
