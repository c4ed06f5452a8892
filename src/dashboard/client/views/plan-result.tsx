import type { JSX } from 'preact';
import { formatRef, objectName, stringifyJson } from '../../../core/index.ts';
import type { DefinitionPlan, InstancePlan, ObjectPlan, Plan, PlanAction, ValueLine } from '../../../inspect/index.ts';
import { plural } from '../graph/picture.ts';
import { summaryParts, worstFirst } from './plan-summary.ts';
import { Line } from '../shared/parts.tsx';

/** The maximum number of changed instances that are drawn. */
const MAX_INSTANCES = 200;

/** A plan: its numbers, the definitions with their breaking changes, and each changed instance with its writes. */
export function PlanResult({ plan }: { readonly plan: Plan }): JSX.Element {
  const instances = worstFirst(plan.instances);
  const changed = instances.filter(({ state }) => state !== 'unchanged');
  const unchanged = instances.length - changed.length;
  return (
    <>
      <ul class="numbers">
        {summaryParts(plan.summary).map(({ label, count, tone }) => (
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
        {plan.objects.map((write) => (
          <Write key={formatRef(write.object)} write={write} />
        ))}
      </ul>
      {instances.length === 0 ? null : (
        <h2>
          {plural(instances.length, 'instance')}
          {unchanged === 0 ? '' : `, ${unchanged.toLocaleString('en')} without a change`}
        </h2>
      )}
      {changed.slice(0, MAX_INSTANCES).map((instance) => (
        <InstancePart key={formatRef(instance.instance)} plan={instance} />
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
        <Sign action={action} /> {kind} <span class="soft">{name}</span>
        {revision.from === revision.to ? null : (
          <span class="tag">
            revision {revision.from} → {revision.to}
          </span>
        )}
      </h2>
      <Line kind="refusal" text={refusal} />
      <Line kind="remedy" text={remedy} />
      {canary === undefined ? null : (
        <p>
          {plural(canary.instances.length, 'instance')} of {canary.of} get the revision first:{' '}
          {canary.instances.join(', ')}
        </p>
      )}
      <ul class="rows">
        {[...breaking, ...schema.filter((line) => !line.breaking)].map((line) => (
          <li key={`${line.field} ${line.description}`}>
            <p>
              <span class={`tag${line.breaking ? ' bad' : ''}`}>{line.breaking ? 'breaking' : line.change}</span>{' '}
              <code>{line.field}</code> {line.description}
            </p>
            {line.setBy.length === 0 ? null : (
              <p class="soft">
                set by {line.setBy.slice(0, 8).join(', ')}
                {line.setBy.length > 8 ? ` and ${line.setBy.length - 8} more` : ''}
              </p>
            )}
          </li>
        ))}
        {nodes.map((node) => (
          <li key={node.id}>
            <p>
              <span class="tag">{node.change}</span> node <strong>{node.id}</strong>{' '}
              <span class="soft">{node.kind}</span>
            </p>
            <Fields fields={node.fields} />
          </li>
        ))}
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

function InstancePart({ plan }: { readonly plan: InstancePlan }): JSX.Element {
  const { instance, state, because, remedy, writes, later, blocked, fields } = plan;
  return (
    <details class={`plan-part${state === 'blocked' ? ' bad' : ''}`} open={state === 'blocked'}>
      <summary>
        <strong>{objectName(instance)}</strong> <span class={`tag${state === 'blocked' ? ' bad' : ''}`}>{state}</span>
        <span class="soft">{plural(writes.length, 'write')}</span>
      </summary>
      <Line text={because} />
      <Line kind="remedy" text={remedy} />
      <Fields fields={fields} />
      <ul class="rows">
        {writes.map((write) => (
          <Write key={`${write.action} ${formatRef(write.object)}`} write={write} />
        ))}
        {blocked.map((node) => (
          <li key={node.node}>
            <p>
              <span class="tag bad">blocked</span> <strong>{node.node}</strong> {node.reason}
            </p>
            <Line kind="remedy" text={node.remedy} />
          </li>
        ))}
        {later.map((node) => (
          <li key={node.node}>
            <span class="tag">later</span> <strong>{node.node}</strong> {node.reason}
          </li>
        ))}
      </ul>
    </details>
  );
}

function Write({ write }: { readonly write: ObjectPlan }): JSX.Element {
  return (
    <li>
      <p>
        <Sign action={write.action} /> <strong>{objectName(write.object)}</strong>{' '}
        <span class="soft">{write.node}</span>
      </p>
      <Line kind="refusal" text={write.refusal} />
      <Line kind="remedy" text={write.remedy} />
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
      {fields.map(({ path, from, to, secret, immutable }) => (
        <li key={path} class="flow">
          <code>{path}</code>
          {from === undefined ? null : (
            <span class="is-removed">{secret === true ? '(secret)' : stringifyJson(from)}</span>
          )}
          {to === undefined ? null : <span class="is-added">{secret === true ? '(secret)' : stringifyJson(to)}</span>}
          {immutable === true ? <span class="tag bad">immutable</span> : null}
        </li>
      ))}
    </ul>
  );
}
