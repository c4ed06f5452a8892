import type { JSX } from 'preact';
import { formatRef, objectName, stringifyJson, listed } from '@typekro/kit/core';
import type {
  DefinitionPlan,
  InstancePlan,
  Meanwhile,
  ObjectPlan,
  Plan,
  PlanAction,
  ValueLine,
} from '@typekro/controller/inspect';
import { parentText, recreatedText, UNREAD, writeNotes } from '@typekro/controller/inspect';
import { plural } from '../graph/picture.ts';
import { summaryParts, worstFirst, writeCounts } from './plan-summary.ts';
import { Details, FirstItems } from '../shared/details.tsx';
import { Line, Remedy } from '../shared/parts.tsx';

/**
 * The maximum numbers of drawn items: changed instances, objects of no instance, writes of one instance (or nodes of
 * one definition), fields of one object, and names of instances in one line.
 */
const MAX_INSTANCES = 200;
const MAX_OBJECTS = 200;
const MAX_WRITES = 100;
const MAX_FIELDS = 50;
const MAX_NAMES = 8;

/** The maximum number of blocked instances whose details are open at first. */
const MAX_OPEN = 5;

/** A plan: its numbers, the definitions with their breaking changes, and each changed instance with its writes. */
export function PlanResult({ plan }: { readonly plan: Plan }): JSX.Element {
  const instances = worstFirst(plan.instances);
  const changed = instances.filter(({ state }) => state !== 'unchanged');
  const unchanged = instances.length - changed.length;
  return (
    <>
      <ul class="numbers">
        {summaryParts(plan).map(({ label, count, tone }) => (
          <li key={label} class={`tone-${tone}`}>
            <strong>{count.toLocaleString('en')}</strong> {label}
          </li>
        ))}
      </ul>
      {plan.limits.map((limit) => (
        <p key={limit} class="notice">
          {limit}
        </p>
      ))}
      {plan.definitions.map((definition) => (
        <DefinitionPart key={definition.name} definition={definition} />
      ))}
      {plan.objects.length === 0 ? null : <h2>Objects</h2>}
      <ul class="rows">
        <FirstItems
          items={plan.objects}
          max={MAX_OBJECTS}
          what="objects"
          draw={(write) => <Write key={formatRef(write.object)} write={write} />}
        />
      </ul>
      {instances.length === 0 ? null : (
        <h2>
          {plural(instances.length, 'instance')}
          {unchanged === 0 ? '' : `, ${unchanged.toLocaleString('en')} without a change`}
        </h2>
      )}
      {changed.slice(0, MAX_INSTANCES).map((instance, index) => (
        <InstancePart
          key={formatRef(instance.instance)}
          plan={instance}
          isOpen={instance.state === 'blocked' && index < MAX_OPEN}
        />
      ))}
      {changed.length > MAX_INSTANCES ? (
        <p class="soft">{plural(changed.length - MAX_INSTANCES, 'more changed instance')} not shown.</p>
      ) : null}
    </>
  );
}

function DefinitionPart({ definition }: { readonly definition: DefinitionPlan }): JSX.Element {
  const { name, kind, action, revision, schema, nodes, other, refusal, remedy, canary } = definition;
  const breaking = schema.filter((line) => line.breaking);
  return (
    <section class={`plan-part${refusal !== undefined || breaking.length > 0 ? ' bad' : ''}`}>
      <h2>
        <Sign action={action} /> {kind} <span class="soft">{name}</span>{' '}
        {revision.from === revision.to ? null : (
          <span class="tag">
            revision {revision.from} → {revision.to}
          </span>
        )}
      </h2>
      <Line kind="refusal" text={refusal} />
      <Remedy text={remedy} />
      {canary === undefined ? null : (
        <p>
          {canary.phase === 'held'
            ? 'Held back. Only these instances have the revision'
            : 'These instances get the revision first'}{' '}
          ({canary.instances.length} of {canary.of}): {canary.instances.join(', ')}
        </p>
      )}
      <ul class="rows">
        {[...breaking, ...schema.filter((line) => !line.breaking)].map((line) => (
          <li key={`${line.field} ${line.description}`}>
            <p>
              <span class={`tag${line.breaking ? ' bad' : ''}`}>{line.breaking ? 'breaking' : line.change}</span>{' '}
              <code>{line.field}</code> {line.description}
            </p>
            <Instances what="set by" names={line.setBy} />
            <Instances what="missing in" names={line.lackedBy ?? []} />
          </li>
        ))}
        <FirstItems
          items={nodes}
          max={MAX_WRITES}
          what="nodes"
          draw={(node) => (
            <li key={node.id}>
              <p>
                <span class="tag">{node.change}</span> node <strong>{node.id}</strong>{' '}
                <span class="soft">{node.kind}</span>
              </p>
              <Fields fields={node.fields} />
            </li>
          )}
        />
      </ul>
      <Fields fields={other} />
      {definition.notes.map((note) => (
        <p key={note} class="soft">
          {note}
        </p>
      ))}
    </section>
  );
}

/** The instances that a change of the schema concerns; nothing if there are none. */
function Instances({ what, names }: { readonly what: string; readonly names: readonly string[] }): JSX.Element | null {
  if (names.length === 0) return null;
  return (
    <p class="soft">
      {what} {listed(names, MAX_NAMES)}
    </p>
  );
}

function InstancePart({ plan, isOpen }: { readonly plan: InstancePlan; readonly isOpen: boolean }): JSX.Element {
  const { instance, state } = plan;
  return (
    <Details
      class={`plan-part${state === 'blocked' ? ' bad' : ''}`}
      isOpen={isOpen}
      summary={
        <>
          <strong>{objectName(instance)}</strong> <span class={`tag${state === 'blocked' ? ' bad' : ''}`}>{state}</span>
          {writeCounts(plan).map(({ label, count, tone }) => (
            <span key={label} class={tone === 'failed' ? 'tag bad' : 'soft'}>
              {count} {label}
            </span>
          ))}
        </>
      }
      content={() => <InstanceChanges plan={plan} />}
    />
  );
}

/** What changes for an instance. */
export function InstanceChanges({ plan }: { readonly plan: InstancePlan }): JSX.Element {
  const { because, remedy, action, fields, meanwhile, recreated = [], rollout } = plan;
  return (
    <>
      <Line kind="soft" text={parentText(plan)} />
      <Line text={because} />
      <Remedy text={remedy} />
      {action === 'none' && fields.length > 0 ? <p>The instance loses fields that the schema no longer has.</p> : null}
      <Line kind="soft" text={plan.unread === undefined ? undefined : `The instance ${UNREAD}`} />
      <Fields fields={fields} />
      {meanwhile === undefined ? null : (
        <>
          <p class="soft">At once, with its present revision</p>
          <Writes {...meanwhile} />
        </>
      )}
      <Line
        kind="soft"
        text={rollout === 'first' ? 'Goes first: canary' : rollout === 'later' ? 'After the canary' : undefined}
      />
      <Writes {...plan} />
      <ul class="rows">
        <FirstItems
          items={recreated}
          max={MAX_WRITES}
          what="objects"
          draw={(object) => (
            <li key={formatRef(object)}>
              <span class="tag bad">replace</span> <strong>{objectName(object)}</strong> {recreatedText(plan)}
            </li>
          )}
        />
      </ul>
    </>
  );
}

/** The writes of one revision, and the nodes whose writes are not known yet or not possible. */
function Writes({ writes, later, blocked }: Meanwhile): JSX.Element {
  return (
    <ul class="rows">
      <FirstItems
        items={writes}
        max={MAX_WRITES}
        what="writes"
        draw={(write) => <Write key={`${write.action} ${formatRef(write.object)}`} write={write} />}
      />
      <FirstItems
        items={blocked}
        max={MAX_WRITES}
        what="blocked nodes"
        draw={(node) => (
          <li key={node.node}>
            <p>
              <span class="tag bad">blocked</span> <strong>{node.node}</strong> {node.reason}
            </p>
            <Remedy text={node.remedy} />
          </li>
        )}
      />
      <FirstItems
        items={later}
        max={MAX_WRITES}
        what="nodes"
        draw={(node) => (
          <li key={node.node}>
            <span class="tag">later</span> <strong>{node.node}</strong> {node.reason}
          </li>
        )}
      />
    </ul>
  );
}

function Write({ write }: { readonly write: ObjectPlan }): JSX.Element {
  return (
    <li>
      <p>
        <Sign action={write.action} /> <strong>{objectName(write.object)}</strong>{' '}
        <span class="soft">{[write.node, ...writeNotes(write)].filter((text) => text !== '').join('; ')}</span>
      </p>
      <Line kind="refusal" text={write.refusal} />
      <Remedy text={write.remedy} />
      <Fields fields={write.fields} />
    </li>
  );
}

const BAD: ReadonlySet<PlanAction | 'none'> = new Set(['replace', 'prune', 'delete']);

function Sign({ action }: { readonly action: PlanAction | 'none' }): JSX.Element {
  return <span class={`tag${BAD.has(action) ? ' bad' : ''}`}>{action === 'none' ? 'no change' : action}</span>;
}

function Fields({ fields }: { readonly fields: readonly ValueLine[] }): JSX.Element | null {
  if (fields.length === 0) return null;
  return (
    <ul class="fields">
      <FirstItems
        items={fields}
        max={MAX_FIELDS}
        what="fields"
        draw={(field) => <Field key={field.path} {...field} />}
      />
    </ul>
  );
}

function Field({ path, from, to, secret, immutable }: ValueLine): JSX.Element {
  return (
    <li class="flow">
      <code>{path}</code>
      {from === undefined ? null : (
        <>
          {to === undefined ? <span class="tag bad">removed</span> : null}
          <span class="is-removed">{secret === true ? '(secret)' : stringifyJson(from)}</span>
        </>
      )}
      {to === undefined ? null : (
        <>
          {from === undefined ? <span class="tag">added</span> : '→'}
          <span class="is-added">{secret === true ? '(secret)' : stringifyJson(to)}</span>
        </>
      )}
      {immutable === true ? <span class="tag bad">immutable</span> : null}
    </li>
  );
}
